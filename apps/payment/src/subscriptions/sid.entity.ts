import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { EvidenceRow } from '../evidence/evidence.entity';
import { Order } from '../orders/order.entity';

/**
 * `kept`: no subscription has begun with it yet · `used`: one has · `ending`: none will, KakaoPay is being told ·
 * `ended`: inactive at KakaoPay · `foreign`: the answer that named it was about another payment, so it is left alone.
 */
export type SidState = 'kept' | 'used' | 'ending' | 'ended' | 'foreign';

export const SID_STATES: readonly SidState[] = ['kept', 'used', 'ending', 'ended', 'foreign'];

/** The key (SID) that KakaoPay named for the first payment of a subscription. Deleted with its order only. */
@Entity({ schema: 'payment', name: 'sids' })
@Unique('sids_one_of_attempt', ['attemptId'])
@Index('sids_of_order', ['orderId'])
@Index('sids_kept', ['attemptId'], { where: `state = 'kept'` })
@Index('sids_ending', ['updatedAt'], { where: `state = 'ending'` })
@Check('sids_state', `state IN ('kept', 'used', 'ending', 'ended', 'foreign')`)
@Check('sids_failure', `failure IS NULL OR state = 'ending'`)
export class Sid {
  /** The answer that named it. */
  @PrimaryColumn('uuid', { name: 'evidence_id', primaryKeyConstraintName: 'sids_pkey' })
  @ForeignKey(() => EvidenceRow, { name: 'sids_evidence', onDelete: 'CASCADE' })
  evidenceId: string;

  @Column('uuid', { name: 'order_id' })
  @ForeignKey(() => Order, { name: 'sids_order', onDelete: 'CASCADE' })
  orderId: string;

  @Column('uuid', { name: 'attempt_id' })
  @ForeignKey(() => Attempt, { name: 'sids_attempt', onDelete: 'CASCADE' })
  attemptId: string;

  @Column('text')
  merchant: string;

  @Column('text')
  cid: string;

  @Column('text')
  sealed: string;

  @Column('text')
  state: SidState;

  /** Why KakaoPay could not be made to end it; a person looks. */
  @Column('text', { nullable: true })
  failure: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt: Date;
}
