import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Problem } from '@biz/platform';

/** A selection that could not be ordered: what was wrong with it, and nothing that the customer wrote. */
@Entity({ schema: 'commerce', name: 'refusals' })
@Index('refusals_by_age', ['createdAt'])
export class RefusalRow {
  @PrimaryColumn('text', { name: 'merchant_id', primaryKeyConstraintName: 'refusals_pkey' })
  merchantId: string;

  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'refusals_pkey' })
  id: string;

  @Column('text', { name: 'product_id' })
  productId: string;

  @Column('text', { name: 'relay_id', nullable: true })
  relayId: string | null;

  /** Paths and texts of the catalogue. */
  @Column('jsonb')
  problems: Problem[];

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;
}
