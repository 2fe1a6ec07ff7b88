import { Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { Order } from '../orders/order.entity';

/** A pg_token that T3 brought; the same one twice is one row. */
@Entity({ schema: 'payment', name: 'callbacks' })
@Index('callbacks_by_age', ['receivedAt'])
@Unique('callbacks_once', ['orderId', 'tokenFingerprint'])
export class Callback {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'callbacks_pkey' })
  id: string;

  @Column('uuid', { name: 'order_id' })
  @ForeignKey(() => Order, { name: 'callbacks_order', onDelete: 'CASCADE' })
  orderId: string;

  @Column('text', { name: 'token_sealed' })
  tokenSealed: string;

  @Column('text', { name: 'token_fingerprint' })
  tokenFingerprint: string;

  /** The attempt that is, or was, approved with it. T3 does not say which tid a token belongs to. */
  @Column('uuid', { name: 'attempt_id', nullable: true })
  attemptId: string | null;

  /** The attempt KakaoPay refused it for (−708). */
  @Column('uuid', { name: 'refused_for', nullable: true })
  refusedFor: string | null;

  @Column('timestamptz', { name: 'received_at' })
  receivedAt: Date;
}
