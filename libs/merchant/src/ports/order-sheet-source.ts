import type { BillingPeriod } from './billing-cycle';
import type { Relay } from '../relay/relay';

/** Who asks for an order sheet. */
export interface Buyer {
  /** Kakao's app user id, digits. */
  appUserId: string;
  /** Of the address the buyer chose, for extra shipping fees (도서산간 배송비). */
  zipCode?: string;
  relayId?: string;
  /** What the relay id is, with the shop's own reference: `relay?.reference`. */
  relay?: Relay;
}

/** One kind of goods on an order sheet. */
export interface OrderLine {
  name: string;
  quantity: number;
  /** When the goods are in the commerce tables: stock is reserved with the order. */
  productId?: string;
  /** The SKU of a product with options. */
  sku?: string;
}

/** A coming charge of a subscription. */
export interface ScheduledCharge {
  /** KST day, YYYY-MM-DD. */
  date: string;
  /** Won. */
  amount: number;
  /** The part of it that is tax-free; 0 unless said. */
  taxFreeAmount?: number;
}

/** 정기결제: what is charged after the first payment. */
export interface SubscriptionPlan {
  /** Shown to the buyer: 첫달만 무료 */
  message: string;
  /** As the buyer is shown it (billing_cycle): 월, 3개월, 분기, 2주, 격주, 매년 … */
  billingCycle: string;
  /** The same for programs; needed when `billingCycle` is in words of the shop's own (매월 25일), and never another period. */
  every?: BillingPeriod;
  /**
   * The first payment included, as the buyer is shown it (automatic_payment.details): the first is the total of the sheet,
   * and each falls on a later day than the one before it.
   */
  details: ScheduledCharge[];
  /**
   * Until when charges fall due; `never`: after `details` it goes on at their last amount. When it is left out, a plan that lists
   * coming charges ends with them, for the buyer was shown no other; one that lists the first payment only goes on.
   */
  ends?: PlanEnd;
}

/**
 * With the last of `details`, on a KST day after which no charge falls due (YYYY-MM-DD), or never by itself. A charge that
 * fell due until then and failed, or was missed, is still tried after it.
 */
export type PlanEnd = 'after-details' | 'never' | `${number}-${number}-${number}`;

/** Until when charges of a plan fall due, also when it does not say so. */
export function endOfPlan({ details, ends }: Pick<SubscriptionPlan, 'details' | 'ends'>): PlanEnd {
  return ends ?? (details.length > 1 ? 'after-details' : 'never');
}

export interface OrderAgreement {
  /** 제공회사 */
  company: string;
  /** 약관제목 */
  title: string;
  url?: string;
}

/** The goods and amounts behind an order sheet id, in won. */
export interface OrderSheet {
  /** In the order the buyer sees; several make `첫 상품 외 N`. */
  lines: OrderLine[];
  /** Shipping included. */
  totalAmount: number;
  /** The part of the total that is shipping; told back with `payment.paid`. */
  shippingAmount?: number;
  /** 0 unless said. */
  taxFreeAmount?: number;
  /** (total − tax free) / 11 rounded half up, unless said. */
  vatAmount?: number;
  itemCode?: string;
  /** The buyer must give an address. */
  needsShipping: boolean;
  agreements?: OrderAgreement[];
  productUrls?: string[];
  subscription?: SubscriptionPlan;
  /**
   * The same buyer may pay it again once the last order is over, that is paid or cancelled: a menu, a ticket, a donation
   * behind a fixed button. Of a subscription: once that has ended. Without it a paid sheet is 300 for good.
   */
  repeatable?: boolean;
}

/** Where a shop's order sheets come from. Without it, the draft orders of the option plugin are the only ones. */
export abstract class OrderSheetSource {
  /**
   * The goods and amounts behind an order sheet or cart id, in won.
   *
   * Called again whenever the buyer changes the address, so it must be repeatable.
   * @returns `undefined` when there is no such sheet: Kakao is told 300.
   */
  abstract load(orderSheetId: string, buyer: Buyer): Promise<OrderSheet | undefined>;
}
