import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { Order } from '../orders/order.entity';
import type { DifferenceKind } from './difference-kinds';

/** `open`: a person acts · `resolved`: KakaoPay and our records say the same · `given-up`: a person decided to leave it so. */
export type DifferenceState = 'open' | 'resolved' | 'given-up';

export const DIFFERENCE_STATES: readonly DifferenceState[] = ['open', 'resolved', 'given-up'];

/** What KakaoPay says about a payment, and our records do not. Deleted with its order only. */
@Entity({ schema: 'payment', name: 'differences' })
@Index('differences_open_of_attempt', ['attemptId'], { unique: true, where: `state = 'open'` })
@Index('differences_of_attempt', ['attemptId'])
@Index('differences_of_order', ['orderId', 'id'])
@Index('differences_by_state', ['state', 'id'])
@Check('differences_amount', 'amount >= 0')
@Check('differences_state', `state IN ('open', 'resolved', 'given-up')`)
@Check(
  'differences_decision',
  `(state = 'given-up') = (reason IS NOT NULL AND given_up_by IS NOT NULL AND given_up_at IS NOT NULL)
          AND (state = 'resolved') = (resolved_at IS NOT NULL)`,
)
export class Difference {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'differences_pkey' })
  id: string;

  @Column('uuid', { name: 'order_id' })
  @ForeignKey(() => Order, { name: 'differences_order', onDelete: 'CASCADE' })
  orderId: string;

  @Column('uuid', { name: 'attempt_id' })
  @ForeignKey(() => Attempt, { name: 'differences_attempt', onDelete: 'CASCADE' })
  attemptId: string;

  @Column('text')
  merchant: string;

  @Column('text', { array: true })
  kinds: DifferenceKind[];

  /** Won at stake. */
  @Column('integer')
  amount: number;

  /** For people; no secret, nothing personal. */
  @Column('text')
  line: string;

  @Column('text')
  state: DifferenceState;

  @Column('timestamptz', { name: 'found_at' })
  foundAt: Date;

  @Column('timestamptz', { name: 'last_seen_at' })
  lastSeenAt: Date;

  @Column('timestamptz', { name: 'resolved_at', nullable: true })
  resolvedAt: Date | null;

  /** Why it was given up, in the operator's words. */
  @Column('text', { nullable: true })
  reason: string | null;

  @Column('text', { name: 'given_up_by', nullable: true })
  givenUpBy: string | null;

  @Column('timestamptz', { name: 'given_up_at', nullable: true })
  givenUpAt: Date | null;
}

/** A day whose payments were handed to the comparison. */
@Entity({ schema: 'payment', name: 'compared_days' })
export class ComparedDay {
  /** In Korea. */
  @PrimaryColumn('date', { primaryKeyConstraintName: 'compared_days_pkey' })
  day: string;

  @Column('timestamptz', { name: 'handed_out_at' })
  handedOutAt: Date;
}
