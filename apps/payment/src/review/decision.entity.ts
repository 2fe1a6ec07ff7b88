import { Check, Column, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';
import { Order } from '../orders/order.entity';

/** The two buttons of an operator. */
export type DecisionKind = 'accept' | 'refund';

/** What an operator decided on an order in review; the same key again is the same decision. */
@Entity({ schema: 'payment', name: 'decisions' })
@Unique('decisions_once_per_key', ['orderId', 'idempotencyKey'])
@Check('decisions_decision', `decision IN ('accept', 'refund')`)
export class Decision {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'decisions_pkey' })
  id: string;

  @Column('uuid', { name: 'order_id' })
  @ForeignKey(() => Order, { name: 'decisions_order', onDelete: 'CASCADE' })
  orderId: string;

  @Column('text', { name: 'idempotency_key' })
  idempotencyKey: string;

  @Column('text')
  decision: DecisionKind;

  /** In the operator's words. */
  @Column('text')
  reason: string;

  @Column('timestamptz', { name: 'made_at' })
  madeAt: Date;
}
