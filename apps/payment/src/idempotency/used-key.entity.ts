import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Order } from '../orders/order.entity';

/** An Idempotency-Key and what was asked for by it. Deleted with its order only. */
@Entity({ schema: 'payment', name: 'used_keys' })
export class UsedKey {
  @PrimaryColumn('uuid', { name: 'order_id', primaryKeyConstraintName: 'used_keys_pkey' })
  @ForeignKey(() => Order, { name: 'used_keys_order', onDelete: 'CASCADE' })
  orderId: string;

  @PrimaryColumn('text', { name: 'idempotency_key', primaryKeyConstraintName: 'used_keys_pkey' })
  idempotencyKey: string;

  /** SHA-256 of the whole request, in hexadecimal digits. */
  @Column('text', { name: 'request_hash' })
  requestHash: string;

  @Column('timestamptz', { name: 'used_at' })
  usedAt: Date;
}
