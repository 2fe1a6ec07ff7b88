import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { Order } from '../orders/order.entity';
import type { RefundCause, RefundState } from './refund-status';

/** Money on its way back to the buyer. Deleted with its order only. */
@Entity({ schema: 'payment', name: 'refunds' })
@Unique('refunds_once_per_key', ['orderId', 'idempotencyKey'])
@Index('refunds_of_attempt', ['attemptId', 'id'])
@Index('refunds_one_at_a_time', ['attemptId'], { unique: true, where: `state = 'sending'` })
@Index('refunds_by_state', ['state', 'id'])
@Index('refunds_by_day', ['doneAt'], { where: `state = 'done'` })
@Index('refunds_of_surplus', ['attemptId'], { where: `cause = 'surplus'` })
@Check('refunds_state', `state IN ('requested', 'sending', 'done', 'failed', 'withdrawn')`)
@Check('refunds_cause', `cause IN ('operator', 'surplus', 'fulfilment-refused', 'at-kakaopay')`)
@Check(
  'refunds_amounts',
  `amount >= 0 AND tax_free_amount >= 0 AND vat_amount >= 0 AND tax_free_amount + vat_amount <= amount`,
)
export class Refund {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'refunds_pkey' })
  id: string;

  @Column('uuid', { name: 'order_id' })
  @ForeignKey(() => Order, { name: 'refunds_order', onDelete: 'CASCADE' })
  orderId: string;

  @Column('uuid', { name: 'attempt_id' })
  @ForeignKey(() => Attempt, { name: 'refunds_attempt', onDelete: 'CASCADE' })
  attemptId: string;

  @Column('text')
  merchant: string;

  @Column('text')
  state: RefundState;

  @Column('text')
  cause: RefundCause;

  /** In the words of whoever asked. */
  @Column('text')
  reason: string;

  /** The operator's, or one of ours for the platform's own refunds. */
  @Column('text', { name: 'idempotency_key' })
  idempotencyKey: string;

  @Column('integer')
  amount: number;

  @Column('integer', { name: 'tax_free_amount' })
  taxFreeAmount: number;

  @Column('integer', { name: 'vat_amount' })
  vatAmount: number;

  /** The goods go back on the shelf when the whole order is refunded. */
  @Column('boolean')
  restock: boolean;

  /** When it was asked for: first, or again after it had failed. */
  @Column('timestamptz', { name: 'asked_at' })
  askedAt: Date;

  /** KakaoPay's number of the cancellation. */
  @Column('text', { nullable: true })
  aid: string | null;

  @Column('integer', { name: 'failure_code', nullable: true })
  failureCode: number | null;

  @Column('text', { name: 'failure_message', nullable: true })
  failureMessage: string | null;

  @Column('timestamptz', { name: 'done_at', nullable: true })
  doneAt: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt: Date;
}
