import { seoulDateTime } from '../time/simulated-time';
import type { PayError } from './pay-error';
import { noAmount, type Payment, type PaymentAction, remaining, type Subscription } from '../payments/payment';
import type { Generation } from '../payments/payments';

/** KakaoPay's answers; the generations differ in errors and in the names of card fields. */
export function readyAnswer(payment: Payment, origin: string): Record<string, unknown> {
  const page = `${origin}/mockup/v1/${payment.tid}`;
  return {
    tid: payment.tid,
    tms_result: false,
    next_redirect_app_url: `${page}/aInfo`,
    next_redirect_mobile_url: `${page}/mInfo`,
    next_redirect_pc_url: `${page}/info`,
    android_app_scheme: `kakaotalk://kakaopay/pg?url=${encodeURIComponent(`${page}/order`)}`,
    ios_app_scheme: `kakaotalk://kakaopay/pg?url=${encodeURIComponent(`${page}/order`)}`,
    created_at: seoulDateTime(payment.createdAt),
  };
}

export function approveAnswer(
  payment: Payment,
  action: PaymentAction,
  generation: Generation,
): Record<string, unknown> {
  return {
    aid: action.aid,
    tid: payment.tid,
    cid: payment.cid,
    ...(payment.sid && { sid: payment.sid }),
    ...soldIn(payment),
    ...(payment.method === 'CARD' && { card_info: cardInfo(generation) }),
    created_at: seoulDateTime(payment.createdAt),
    approved_at: seoulDateTime(action.at),
    ...(action.payload && { payload: action.payload }),
  };
}

export function orderAnswer(payment: Payment, generation: Generation): Record<string, unknown> {
  return {
    tid: payment.tid,
    cid: payment.cid,
    status: payment.status,
    ...soldIn(payment),
    canceled_amount: payment.cancelled,
    cancel_available_amount: remaining(payment),
    created_at: seoulDateTime(payment.createdAt),
    ...(payment.approvedAt && { approved_at: seoulDateTime(payment.approvedAt) }),
    ...(payment.canceledAt && { canceled_at: seoulDateTime(payment.canceledAt) }),
    ...(payment.method === 'CARD' && payment.approvedAt && { selected_card_info: selectedCard(generation) }),
    payment_action_details: payment.actions.map((action) => ({
      aid: action.aid,
      approved_at: seoulDateTime(action.at),
      amount: action.amount,
      point_amount: 0,
      discount_amount: 0,
      payment_action_type: action.type,
      ...(action.payload && { payload: action.payload }),
    })),
  };
}

export function cancelAnswer(payment: Payment, action: PaymentAction): Record<string, unknown> {
  return {
    aid: action.aid,
    tid: payment.tid,
    cid: payment.cid,
    status: payment.status,
    ...soldIn(payment),
    approved_cancel_amount: {
      ...noAmount(),
      total: action.amount,
      tax_free: action.taxFree ?? 0,
      vat: action.vat ?? 0,
    },
    canceled_amount: payment.cancelled,
    cancel_available_amount: remaining(payment),
    created_at: seoulDateTime(payment.createdAt),
    ...(payment.approvedAt && { approved_at: seoulDateTime(payment.approvedAt) }),
    canceled_at: seoulDateTime(action.at),
    ...(action.payload && { payload: action.payload }),
  };
}

/** Who bought what, and how it is paid: the same in every answer about a payment. */
function soldIn(payment: Payment): Record<string, unknown> {
  return {
    partner_order_id: payment.partnerOrderId,
    partner_user_id: payment.partnerUserId,
    payment_method_type: payment.method,
    item_name: payment.itemName,
    ...(payment.itemCode && { item_code: payment.itemCode }),
    quantity: payment.quantity,
    amount: payment.amount,
  };
}

export function subscriptionAnswer(subscription: Subscription): Record<string, unknown> {
  return { available: subscription.status === 'ACTIVE', ...sidAnswer(subscription) };
}

/** The answer of `inactive`, which does not say whether the SID is available. */
export function sidAnswer(subscription: Subscription): Record<string, unknown> {
  return {
    cid: subscription.cid,
    sid: subscription.sid,
    status: subscription.status,
    payment_method_type: subscription.method,
    item_name: subscription.itemName,
    created_at: seoulDateTime(subscription.createdAt),
    last_approved_at: seoulDateTime(subscription.lastApprovedAt),
    ...(subscription.inactivatedAt && { inactivated_at: seoulDateTime(subscription.inactivatedAt) }),
  };
}

export function errorAnswer(error: PayError, generation: Generation): Record<string, unknown> {
  const extras = error.extras && Object.keys(error.extras).length > 0 ? { extras: error.extras } : {};
  return generation === 'legacy'
    ? { code: error.code, msg: error.message, ...extras }
    : { error_code: error.code, error_message: error.message, ...extras };
}

function cardInfo(generation: Generation): Record<string, unknown> {
  const shared = {
    bin: '621640',
    card_type: '체크',
    install_month: '00',
    approved_id: '12345678',
    card_mid: '123456789',
    interest_free_install: 'N',
  };
  return generation === 'legacy'
    ? {
        ...shared,
        purchase_corp: '비씨카드',
        purchase_corp_code: '01',
        issuer_corp: '카카오뱅크',
        issuer_corp_code: '15',
        card_item_code: '000000',
      }
    : {
        ...shared,
        kakaopay_purchase_corp: '비씨카드',
        kakaopay_purchase_corp_code: '104',
        kakaopay_issuer_corp: '카카오뱅크',
        kakaopay_issuer_corp_code: '15',
        installment_type: 'CARD_INSTALLMENT',
      };
}

function selectedCard(generation: Generation): Record<string, unknown> {
  const shared = { install_month: 0, interest_free_install: 'N' };
  return generation === 'legacy'
    ? { ...shared, card_bin: '621640', card_corp_name: '카카오뱅크' }
    : { ...shared, bin: '621640', installment_type: 'CARD_INSTALLMENT' };
}
