import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { Order } from '../orders/order.entity';
import { Refund } from '../refunds/refund.entity';
import type { Operation, Outcome } from './evidence';

/** One call to KakaoPay about a payment, and what came of it. Deleted with its order only. */
@Entity({ schema: 'payment', name: 'evidence' })
@Index('evidence_of_attempt', ['attemptId', 'id'])
@Index('evidence_of_order', ['orderId'])
@Index('evidence_of_refund', ['refundId', 'id'], { where: 'refund_id IS NOT NULL' })
@Check('evidence_operation', `operation IN ('approve', 'charge', 'cancel', 'order', 'status')`)
@Check('evidence_outcome', `outcome IN ('answered', 'refused', 'not-sent', 'unknown')`)
@Check('evidence_said', `(outcome = 'answered') = (said IS NOT NULL) AND (outcome = 'refused') = (code IS NOT NULL)`)
export class EvidenceRow {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'evidence_pkey' })
  id: string;

  @Column('uuid', { name: 'order_id' })
  @ForeignKey(() => Order, { name: 'evidence_order', onDelete: 'CASCADE' })
  orderId: string;

  @Column('uuid', { name: 'attempt_id' })
  @ForeignKey(() => Attempt, { name: 'evidence_attempt', onDelete: 'CASCADE' })
  attemptId: string;

  /** The refund that the call is about, if it is. */
  @Column('uuid', { name: 'refund_id', nullable: true })
  @ForeignKey(() => Refund, { name: 'evidence_refund', onDelete: 'CASCADE' })
  refundId: string | null;

  @Column('text')
  operation: Operation;

  @Column('timestamptz', { name: 'sent_at' })
  sentAt: Date;

  /** KakaoPay may act on the call until then; a look never acts. */
  @Column('timestamptz', { name: 'may_act_until', nullable: true })
  mayActUntil: Date | null;

  /** Absent until the call has ended; for good when the process that made it died. */
  @Column('text', { nullable: true })
  outcome: Outcome['kind'] | null;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt: Date | null;

  /** KakaoPay's error code. */
  @Column('integer', { nullable: true })
  code: number | null;

  /** KakaoPay's sentence for the buyer, without numbers of people. */
  @Column('text', { nullable: true })
  message: string | null;

  /** What the answer named: ids, amounts in won, KakaoPay's times. */
  @Column('jsonb', { nullable: true })
  said: object | null;
}
