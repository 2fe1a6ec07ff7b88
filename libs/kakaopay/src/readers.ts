import type { Fields } from './wire';

/** In won. */
export interface Amounts {
  readonly total: number;
  readonly taxFree: number;
  readonly vat: number;
  readonly point: number;
  readonly discount: number;
}

export interface Card {
  readonly issuer?: string;
  readonly acquirer?: string;
  readonly type?: string;
  readonly installMonths?: number;
  readonly approvalNumber?: string;
}

export interface Approval {
  readonly aid: string;
  readonly tid: string;
  readonly cid: string;
  /** A subscription CID's first payment only. */
  readonly sid?: string;
  readonly partnerOrderId: string;
  readonly partnerUserId: string;
  /** CARD or MONEY; absent when nothing was charged. */
  readonly method?: string;
  readonly amount: Amounts;
  readonly card?: Card;
  readonly approvedAt?: Date;
}

export interface PaymentAction {
  readonly aid?: string;
  /** PAYMENT, CANCEL or ISSUED_SID. */
  readonly type?: string;
  readonly amount?: number;
  readonly at?: Date;
}

export interface PaymentOrder {
  readonly tid: string;
  readonly cid: string;
  /** As sent; see `meaningOf`. */
  readonly status: string;
  readonly partnerOrderId: string;
  readonly partnerUserId: string;
  readonly method?: string;
  readonly amount: Amounts;
  /** Won; absent when KakaoPay did not say it, which says nothing. */
  readonly cancelledAmount?: number;
  readonly availableAmount?: number;
  readonly approvedAt?: Date;
  /** Of the newest cancellation. */
  readonly cancelledAt?: Date;
  readonly card?: Card;
  /** In the order of their times, as far as KakaoPay names them. */
  readonly actions: readonly PaymentAction[];
  /** Present in some answers for a subscription CID. */
  readonly sid?: string;
}

export interface Cancellation {
  readonly aid: string;
  readonly tid: string;
  readonly status: string;
  /** What this request gave back. */
  readonly approvedCancelAmount?: number;
  /** What all requests together gave back. */
  readonly cancelledAmount: number;
  readonly availableAmount?: number;
  readonly cancelledAt?: Date;
}

/** Which SID an answer is about, where it says so. */
interface AboutSid {
  readonly cid?: string;
  readonly sid?: string;
}

export interface Inactivation extends AboutSid {
  readonly status: string;
  readonly inactivatedAt?: Date;
}

export interface SubscriptionStatus extends AboutSid {
  readonly available: boolean;
  /** ACTIVE or INACTIVE. */
  readonly status: string;
  readonly lastApprovedAt?: Date;
}

/** A SID, and the payment that it came with. */
export interface IssuedSid {
  readonly sid: string;
  readonly tid: string;
  readonly cid: string;
  readonly partnerOrderId: string;
  readonly partnerUserId: string;
}

/** @returns nothing when the answer names none, or not whose it is */
export function readIssuedSid(body: Fields): IssuedSid | undefined {
  const names = ['sid', 'tid', 'cid', 'partner_order_id', 'partner_user_id'];
  const [sid, tid, cid, partnerOrderId, partnerUserId] = names.map((name) => body.textIfAny(name));
  if (sid === undefined || tid === undefined || cid === undefined) return undefined;
  if (partnerOrderId === undefined || partnerUserId === undefined) return undefined;
  return { sid, tid, cid, partnerOrderId, partnerUserId };
}

export function readApproval(body: Fields): Approval {
  return {
    aid: body.text('aid'),
    tid: body.text('tid'),
    cid: body.text('cid'),
    ...optional('sid', body.textIfAny('sid')),
    partnerOrderId: body.text('partner_order_id'),
    partnerUserId: body.text('partner_user_id'),
    ...optional('method', body.textIfAny('payment_method_type')),
    amount: readAmounts(body.object('amount')),
    ...optional('card', readCard(body.objectIfAny('card_info'))),
    ...optional('approvedAt', body.dateIfAny('approved_at')),
  };
}

export function readOrder(body: Fields): PaymentOrder {
  const actions = readActions(body);
  const timeOf = (type: string): Date | undefined => actions.findLast((action) => action.type === type)?.at;
  return {
    tid: body.text('tid'),
    cid: body.text('cid'),
    status: body.text('status'),
    partnerOrderId: body.text('partner_order_id'),
    partnerUserId: body.text('partner_user_id'),
    ...optional('method', body.textIfAny('payment_method_type')),
    amount: readAmounts(body.object('amount')),
    ...optional('cancelledAmount', body.objectIfAny('canceled_amount')?.won('total')),
    ...optional('availableAmount', body.objectIfAny('cancel_available_amount')?.wonIfAny('total')),
    ...optional('approvedAt', body.dateIfAny('approved_at') ?? timeOf('PAYMENT')),
    ...optional('cancelledAt', body.dateIfAny('canceled_at') ?? timeOf('CANCEL')),
    ...optional('card', readCard(body.objectIfAny('selected_card_info'))),
    actions,
    ...optional('sid', body.textIfAny('sid')),
  };
}

/** No document says in which order KakaoPay lists them. */
function readActions(body: Fields): PaymentAction[] {
  const actions = body.objects('payment_action_details').map((action): PaymentAction => ({
    ...optional('aid', action.textIfAny('aid')),
    ...optional('type', action.textIfAny('payment_action_type')),
    ...optional('amount', action.wonIfAny('amount')),
    ...optional('at', action.dateIfAny('approved_at')),
  }));
  if (actions.some(({ at }) => at === undefined)) return actions;
  return actions.toSorted((one, other) => (one.at?.getTime() ?? 0) - (other.at?.getTime() ?? 0));
}

export function readCancellation(body: Fields): Cancellation {
  return {
    aid: body.text('aid'),
    tid: body.text('tid'),
    status: body.text('status'),
    ...optional('approvedCancelAmount', body.objectIfAny('approved_cancel_amount')?.wonIfAny('total')),
    cancelledAmount: body.object('canceled_amount').won('total'),
    ...optional('availableAmount', body.objectIfAny('cancel_available_amount')?.wonIfAny('total')),
    ...optional('cancelledAt', body.dateIfAny('canceled_at')),
  };
}

export function readInactivation(body: Fields): Inactivation {
  return {
    ...aboutSid(body),
    status: body.text('status'),
    ...optional('inactivatedAt', body.dateIfAny('inactivated_at')),
  };
}

export function readSubscriptionStatus(body: Fields): SubscriptionStatus {
  return {
    ...aboutSid(body),
    available: body.flag('available'),
    status: body.text('status'),
    ...optional('lastApprovedAt', body.dateIfAny('last_approved_at')),
  };
}

const aboutSid = (body: Fields): AboutSid => ({
  ...optional('cid', body.textIfAny('cid')),
  ...optional('sid', body.textIfAny('sid')),
});

function readAmounts(amount: Fields): Amounts {
  return {
    total: amount.won('total'),
    taxFree: amount.won('tax_free'),
    vat: amount.won('vat'),
    point: amount.wonIfAny('point') ?? 0,
    discount: amount.wonIfAny('discount') ?? 0,
  };
}

/** The card's fields are named differently by each generation, and by `approve` and `order`. */
function readCard(card: Fields | undefined): Card | undefined {
  if (!card) return undefined;
  return {
    ...optional(
      'issuer',
      card.textIfAny('kakaopay_issuer_corp') ?? card.textIfAny('issuer_corp') ?? card.textIfAny('card_corp_name'),
    ),
    ...optional('acquirer', card.textIfAny('kakaopay_purchase_corp') ?? card.textIfAny('purchase_corp')),
    ...optional('type', card.textIfAny('card_type')),
    ...optional('installMonths', card.wholeIfAny('install_month')),
    ...optional('approvalNumber', card.textIfAny('approved_id')),
  };
}

/** Absent instead of `undefined`, so that answers print and compare without holes. */
function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<K, V>>);
}
