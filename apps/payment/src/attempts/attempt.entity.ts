import type { Card } from '@biz/kakaopay';
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { Order } from '../orders/order.entity';
import type { AttemptState } from './attempt-status';

/** One try to pay an order, by a tid or by the SID of a subscription. Deleted with its order only. */
@Entity({ schema: 'payment', name: 'attempts' })
@Unique('attempts_tid_of_merchant', ['merchant', 'tid'])
@Index('attempts_of_order', ['orderId', 'id'])
@Index('attempts_to_look_at', ['merchant', 'lookAt'], { where: `state IN ('waiting', 'approving')` })
@Index('attempts_to_compare', ['merchant', 'compareAt'], { where: 'compare_at IS NOT NULL' })
@Index('attempts_in_review', ['orderId'], { where: `state = 'review'` })
@Index('attempts_charged_by_day', ['approvedAt'], { where: 'charged_amount > 0' })
@Check(
  'attempts_state',
  `state IN ('waiting', 'approving', 'paid', 'surplus', 'refunded', 'failed', 'expired', 'review')`,
)
@Check('attempts_charged_is_known_when_paid', `state NOT IN ('paid', 'surplus') OR charged_amount IS NOT NULL`)
export class Attempt {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'attempts_pkey' })
  id: string;

  @Column('uuid', { name: 'order_id' })
  @ForeignKey(() => Order, { name: 'attempts_order', onDelete: 'CASCADE' })
  orderId: string;

  @Column('text')
  merchant: string;

  @Column('text')
  cid: string;

  /** KakaoPay gives the later charge of a subscription its tid with the answer. */
  @Column('text', { nullable: true })
  tid: string | null;

  @Column('text')
  state: AttemptState;

  /** No approve is sent from then on: superseded by a newer tid, or the order was given up. Watched until the tid expires. */
  @Column('timestamptz', { name: 'closed_at', nullable: true })
  closedAt: Date | null;

  /** T1 did not know the address, and the shop has not said yet what the order costs there: no approve is decided on. */
  @Column('boolean', { default: false })
  unpriced: boolean;

  /** Won; what the order cost when T2 came, and what KakaoPay's answers are compared with. */
  @Column('integer', { name: 'total_amount' })
  totalAmount: number;

  @Column('integer', { name: 'tax_free_amount' })
  taxFreeAmount: number;

  @Column('integer', { name: 'vat_amount' })
  vatAmount: number;

  /** Won; what KakaoPay says it took. */
  @Column('integer', { name: 'charged_amount', nullable: true })
  chargedAmount: number | null;

  @Column('integer', { name: 'charged_tax_free', nullable: true })
  chargedTaxFree: number | null;

  @Column('integer', { name: 'charged_vat', nullable: true })
  chargedVat: number | null;

  /** KakaoPay's number of the approval. */
  @Column('text', { nullable: true })
  aid: string | null;

  /** CARD or MONEY. */
  @Column('text', { nullable: true })
  method: string | null;

  @Column('jsonb', { nullable: true })
  card: Card | null;

  @Column('timestamptz', { name: 'approved_at', nullable: true })
  approvedAt: Date | null;

  /** How often approve was called. */
  @Column('integer', { default: 0 })
  calls: number;

  /** An approve call may be on its way until then. */
  @Column('timestamptz', { name: 'calling_until', nullable: true })
  callingUntil: Date | null;

  /** KakaoPay's last approval of the SID before this charge; a later one is this charge. */
  @Column('timestamptz', { name: 'approved_before', nullable: true })
  approvedBefore: Date | null;

  /** When KakaoPay is asked about it next, while it is not final; never for one that has no tid to ask about. */
  @Column('timestamptz', { name: 'look_at', nullable: true })
  lookAt: Date | null;

  /** How often KakaoPay was asked about it. */
  @Column('integer', { default: 0 })
  looks: number;

  /** When KakaoPay is asked once more about it, after it ended without money. */
  @Column('timestamptz', { name: 'compare_at', nullable: true })
  compareAt: Date | null;

  /** How often KakaoPay was asked so, and did not tell. */
  @Column('integer', { default: 0 })
  compares: number;

  @Column('integer', { name: 'failure_code', nullable: true })
  failureCode: number | null;

  @Column('text', { name: 'failure_message', nullable: true })
  failureMessage: string | null;

  /** When the tid dies (about 15 minutes). */
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt: Date;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt: Date;
}

/** @throws Error for a charge by SID that KakaoPay has not answered */
export function tidOf({ id, tid }: Pick<Attempt, 'id' | 'tid'>): string {
  if (tid === null) throw new Error(`the tid of attempt ${id} is not known`);
  return tid;
}
