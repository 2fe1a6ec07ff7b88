import type { ShippingAddress } from '@biz/merchant';
import type { Attempt } from '../attempts/attempt.entity';
import type { OrderState } from '../orders/order-status';
import type { Order } from '../orders/order.entity';
import type { Subscription } from '../subscriptions/subscription.entity';

/** What a shop is told about an order, whatever happened to it. */
export function orderFacts(order: Order, state: OrderState = order.state): Record<string, unknown> {
  return {
    partnerOrderId: order.id,
    orderSheetId: order.sheetId,
    appUserId: order.appUserId,
    state,
    itemName: order.itemName,
    quantity: order.quantity,
    totalAmount: order.totalAmount,
    taxFreeAmount: order.taxFreeAmount,
    vatAmount: order.vatAmount,
    refundedAmount: order.refundedAmount,
    ...(order.subscriptionId !== null && { subscriptionId: order.subscriptionId, period: order.period }),
  };
}

/** What a shop is told about a subscription beside the order of one of its charges. */
export function subscriptionFacts({ id, nextChargeOn, nextAmount }: Subscription): Record<string, unknown> {
  return { id, ...(nextChargeOn !== null && { nextChargeOn, nextAmount }) };
}

/** What a shop is told about the payment itself. */
export function paymentFacts(attempt: Attempt, address?: ShippingAddress): Record<string, unknown> {
  return {
    ...(attempt.tid !== null && { tid: attempt.tid }),
    ...(attempt.chargedAmount !== null && { chargedAmount: attempt.chargedAmount }),
    ...(attempt.aid !== null && { aid: attempt.aid }),
    ...(attempt.method !== null && { method: attempt.method }),
    ...(attempt.approvedAt !== null && { approvedAt: attempt.approvedAt.toISOString() }),
    ...(address && { shippingAddress: address }),
  };
}
