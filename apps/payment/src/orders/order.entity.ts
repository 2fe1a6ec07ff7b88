import type { OrderAgreement, OrderLine, SubscriptionPlan } from '@biz/merchant';
import type { StockLine } from '@biz/commerce';
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import type { OrderState } from './order-status';

/** What T1 showed the buyer beside the amounts; kept so that T1 can show it again. */
export interface SheetTerms {
  lines: OrderLine[];
  /** Won of the total that are shipping, where the sheet says so. */
  shippingAmount?: number;
  agreements?: OrderAgreement[];
  productUrls?: string[];
  subscription?: SubscriptionPlan;
}

/** One purchase of one user; its payments are its attempts. Deleted without money after a while, else after five years. */
@Entity({ schema: 'payment', name: 'orders' })
@Unique('orders_one_per_sheet_and_user', ['merchant', 'sheetId', 'appUserId', 'turn'])
@Index('orders_by_state', ['state', 'id'])
@Index('orders_by_relay', ['relayId', 'id'], { where: 'relay_id IS NOT NULL' })
@Index('orders_one_per_period', ['subscriptionId', 'period'], { unique: true, where: 'subscription_id IS NOT NULL' })
// A statement that counts what is open says `expires_at > '-infinity'`: these two are for no other.
@Index('orders_open_of_user', ['merchant', 'appUserId', 'expiresAt'], {
  where: `state IN ('open', 'pending') AND expires_at > '-infinity'`,
})
@Index('orders_open_of_merchant', ['merchant', 'expiresAt'], {
  where: `state IN ('open', 'pending') AND expires_at > '-infinity'`,
})
@Index('orders_unpaid_by_age', ['createdAt'], { where: `state IN ('open', 'failed', 'cancelled')` })
@Index('orders_paid_by_age', ['createdAt'], { where: `state = 'paid'` })
@Check(
  'orders_state',
  `state IN ('open', 'pending', 'approving', 'fulfilling', 'paid', 'failed', 'cancelled', 'review')`,
)
@Check(
  'orders_amounts',
  `quantity > 0 AND total_amount >= 0 AND tax_free_amount >= 0 AND vat_amount >= 0 AND tax_free_amount + vat_amount <= total_amount`,
)
@Check('orders_turn', 'turn >= 0')
@Check('orders_period', '(subscription_id IS NULL) = (period IS NULL)')
@Check('orders_refunded_amount', 'refunded_amount >= 0')
@Check('orders_review_has_a_reason', `state <> 'review' OR review_reason IS NOT NULL`)
export class Order {
  /** Also KakaoPay's and Kakao's partner_order_id. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'orders_pkey' })
  id: string;

  @Column('text')
  merchant: string;

  /** Kakao's ordersheet_id. */
  @Column('text', { name: 'sheet_id' })
  sheetId: string;

  /** Also KakaoPay's partner_user_id. */
  @Column('text', { name: 'app_user_id' })
  appUserId: string;

  /** 0: the order of its sheet and user. One that another followed, of a repeatable sheet, has a number of its own. */
  @Column('integer', { default: 0 })
  turn: number;

  @Column('text')
  state: OrderState;

  @Column('text', { name: 'relay_id', nullable: true })
  relayId: string | null;

  /** The draft of the option plugin it pays. */
  @Column('uuid', { name: 'draft_id', nullable: true })
  draftId: string | null;

  /** Set when it is a later charge of a subscription. */
  @Column('uuid', { name: 'subscription_id', nullable: true })
  @ForeignKey('Subscription', { name: 'orders_subscription' })
  subscriptionId: string | null;

  /** Which period of the subscription it pays; the first payment, whose order this never is, is 1. */
  @Column('integer', { nullable: true })
  period: number | null;

  @Column('text', { name: 'item_name' })
  itemName: string;

  @Column('text', { name: 'item_code', nullable: true })
  itemCode: string | null;

  @Column('integer')
  quantity: number;

  @Column('integer', { name: 'total_amount' })
  totalAmount: number;

  @Column('integer', { name: 'tax_free_amount' })
  taxFreeAmount: number;

  @Column('integer', { name: 'vat_amount' })
  vatAmount: number;

  @Column('integer', { name: 'refunded_amount', default: 0 })
  refundedAmount: number;

  @Column('boolean', { name: 'use_shipping' })
  useShipping: boolean;

  /** The postal code the amounts were made for. */
  @Column('text', { name: 'zip_code', nullable: true })
  zipCode: string | null;

  @Column('jsonb')
  terms: SheetTerms;

  @Column('jsonb', { name: 'stock_lines' })
  stockLines: StockLine[];

  /** The newest attempt: the only one that may pay the order. */
  @Column('uuid', { name: 'attempt_id', nullable: true })
  attemptId: string | null;

  @Column('text', { name: 'address_sealed', nullable: true })
  addressSealed: string | null;

  /** Cancelled by the buyer, by `cancel_url` before paying: the next T1 opens it again. */
  @Column('boolean', { name: 'left_by_buyer', default: false })
  leftByBuyer: boolean;

  /** Why it failed, in Korean, for the buyer. */
  @Column('text', { name: 'failure_message', nullable: true })
  failureMessage: string | null;

  /** Why a person must look, in English, for the operator. */
  @Column('text', { name: 'review_reason', nullable: true })
  reviewReason: string | null;

  /** T2 is taken until then. */
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt: Date;

  @Column('timestamptz', { name: 'paid_at', nullable: true })
  paidAt: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt: Date;
}
