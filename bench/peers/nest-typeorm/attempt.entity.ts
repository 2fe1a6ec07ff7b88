import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ schema: 'payment', name: 'attempts' })
export class Attempt {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid', { name: 'order_id' })
  orderId: string;

  @Column()
  merchant: string;

  @Column()
  cid: string;

  @Column()
  tid: string;

  @Column()
  state: string;

  @Column('integer', { name: 'total_amount' })
  totalAmount: number;

  @Column('integer', { name: 'tax_free_amount' })
  taxFreeAmount: number;

  @Column('integer', { name: 'vat_amount' })
  vatAmount: number;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt: Date;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt: Date;
}
