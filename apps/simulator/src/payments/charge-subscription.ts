import { randomBytes } from 'node:crypto';
import { PayError } from '../pay/pay-error';
import type { PayRequest } from '../pay/pay-request';
import { defaultVat, noAmount, type Payment, type PaymentAction } from './payment';
import type { Payments } from './payments';
import type { Subscriptions } from './subscriptions';

/** A later charge: a tid of its own, paid without the user. */
export function chargeSubscription(
  request: PayRequest,
  payments: Payments,
  subscriptions: Subscriptions,
): { payment: Payment; action: PaymentAction } {
  const subscription = subscriptions.chargeable(request);
  const partnerOrderId = request.text('partner_order_id', 100);
  payments.refuseOnOrder('pay.subscription', [subscription.sid, partnerOrderId]);
  const total = request.int('total_amount');
  const taxFree = request.int('tax_free_amount');
  const vat = request.optionalInt('vat_amount') ?? defaultVat(total, taxFree);
  if (total === 0 || taxFree + vat > total) throw new PayError(-722);
  const now = new Date();
  const payment: Payment = {
    tid: `T${randomBytes(10).toString('hex')}`.slice(0, 20),
    cid: subscription.cid,
    status: 'AUTH_PASSWORD',
    partnerOrderId,
    partnerUserId: subscription.partnerUserId,
    itemName: request.optionalText('item_name', 100) ?? subscription.itemName,
    quantity: request.int('quantity'),
    amount: { ...noAmount(), total, tax_free: taxFree, vat },
    cancelled: noAmount(),
    method: subscription.method,
    urls: { approval: '', cancel: '', fail: '' },
    sid: subscription.sid,
    createdAt: now,
    expiresAt: now,
    actions: [],
  };
  const action = payments.charge(payment, request.optionalText('payload', 200));
  payment.createdAt = action.at;
  subscriptions.charged(subscription, action.at);
  return { payment, action };
}
