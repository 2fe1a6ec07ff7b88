import type { SubscriptionPlan } from '@biz/merchant';
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Order } from '../orders/order.entity';
import type { SubscriptionState } from './subscription-status';

/** A buyer's standing consent to be charged (정기결제), made by its first payment. */
@Entity({ schema: 'payment', name: 'subscriptions' })
@Index('subscriptions_of_order', ['orderId'])
@Index('subscriptions_one_active_per_order', ['orderId'], { unique: true, where: `state = 'active'` })
@Index('subscriptions_due', ['chargeAt'], { where: `state = 'active'` })
@Index('subscriptions_to_check', ['checkedAt'], { where: `state = 'active'` })
@Index('subscriptions_by_age', ['endedAt'], { where: 'ended_at IS NOT NULL' })
@Index('subscriptions_ending', ['updatedAt'], { where: `state = 'ending'` })
@Check('subscriptions_end_failure', `end_failure IS NULL OR state = 'ending'`)
@Check('subscriptions_state', `state IN ('active', 'ending', 'ended')`)
export class Subscription {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'subscriptions_pkey' })
  id: string;

  /** The order of the first payment. */
  @Column('uuid', { name: 'order_id' })
  @ForeignKey(() => Order, { name: 'subscriptions_order' })
  orderId: string;

  @Column('text')
  merchant: string;

  @Column('text', { name: 'app_user_id' })
  appUserId: string;

  @Column('text', { name: 'relay_id', nullable: true })
  relayId: string | null;

  @Column('text')
  state: SubscriptionState;

  @Column('text')
  cid: string;

  @Column('text', { name: 'sid_sealed' })
  sidSealed: string;

  @Column('text', { name: 'item_name' })
  itemName: string;

  @Column('text', { name: 'item_code', nullable: true })
  itemCode: string | null;

  @Column('integer')
  quantity: number;

  @Column('jsonb')
  plan: SubscriptionPlan;

  /** Periods charged so far; the first payment is the first. */
  @Column('integer', { name: 'periods_charged' })
  periodsCharged: number;

  /** KST day of the next charge. */
  @Column('date', { name: 'next_charge_on', nullable: true })
  nextChargeOn: string | null;

  @Column('integer', { name: 'next_amount', nullable: true })
  nextAmount: number | null;

  /** When the next charge is handed out; while one is under way, when it would be handed out anew. */
  @Column('timestamptz', { name: 'charge_at', nullable: true })
  chargeAt: Date | null;

  /** Failed tries to charge the period that is due. */
  @Column('integer', { default: 0 })
  tries: number;

  /** When KakaoPay was last asked whether the SID is still active. */
  @Column('timestamptz', { name: 'checked_at' })
  checkedAt: Date;

  @Column('text', { name: 'end_reason', nullable: true })
  endReason: string | null;

  /** Why KakaoPay could not be made to end its SID; a person looks. */
  @Column('text', { name: 'end_failure', nullable: true })
  endFailure: string | null;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt: Date;
}
