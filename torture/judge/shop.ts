import { workOf } from '../world/shop';
import type { Evidence } from './evidence';
import { by, type Broken } from './verdict';

/** What the shop is owed it has, in order; nothing else; and its own work was done for whatever is sold. */
export function shop(evidence: Evidence): Broken[] {
  const { deliveries, received, orders, refunds, history, fulfilled, forged } = evidence;
  const broken: Broken[] = [];
  const complain = (order: string, what: string): void => void broken.push({ rule: 'shop', order, what });
  const arrived = new Map<string, number>();
  for (const [at, { id }] of received.entries()) if (!arrived.has(id)) arrived.set(id, at);

  for (const { id, type, subject, state } of deliveries) {
    if (state !== 'delivered') complain(subject, `${type} is ${state}`);
    else if (!arrived.has(id)) complain(subject, `${type} counts as delivered and never came`);
  }
  for (const [subject, owed] of by(deliveries, (each) => each.subject)) {
    const order = owed.map(({ id }) => arrived.get(id) ?? Infinity);
    if (order.some((at, index) => at < (order[index - 1] ?? -1))) {
      complain(
        subject,
        `came out of order: ${owed.map(({ type, id }) => `${type} ${arrived.get(id) ?? 'never'}`).join(', ')}`,
      );
    }
  }
  const known = new Set(deliveries.map(({ id }) => id));
  for (const { id, type, partnerOrderId } of received) {
    if (!known.has(id)) complain(partnerOrderId, `${type} came and is not known to us`);
  }
  if (forged > 0) broken.push({ rule: 'shop', what: `${forged} deliveries had a wrong signature` });

  const wasPaid = new Set(
    history.filter(({ subject, to }) => subject === 'order' && to === 'paid').map(({ order }) => order),
  );
  const of = by(received, ({ partnerOrderId }) => partnerOrderId);
  for (const { id, state, merchant, subscription, paidAt } of orders) {
    const type = subscription === null ? 'payment.paid' : 'subscription.charged';
    const told = new Set(
      of
        .get(id)
        ?.filter((event) => event.type === type)
        .map((event) => event.id),
    ).size;
    const due = wasPaid.has(id) ? 1 : 0;
    if (told !== due) complain(id, `${type} was told ${told} times, due ${due}`);
    if (state === 'failed' && subscription === null && !of.get(id)?.some((event) => event.type === 'payment.failed')) {
      complain(id, 'has failed, and payment.failed was never told');
    }
    const work = fulfilled.get(workOf(id, paidAt?.getTime() ?? 0));
    if (state === 'paid' && merchant === 'workshop' && work !== 'done') {
      complain(id, `is sold, and the shop's own work is ${work ?? 'not begun'}`);
    }
  }
  const refundsTold = new Set(received.map(({ data }) => (data.refund as { id?: string } | undefined)?.id));
  // Money of an order that failed is no news: the shop was told of an order without money.
  const surplus = new Set(history.filter(({ to }) => to === 'surplus').map(({ subjectId }) => subjectId));
  for (const { id, order, attempt, cause, state } of refunds) {
    if (cause === 'operator' && state === 'done' && !refundsTold.has(id) && !surplus.has(attempt))
      complain(order, 'a refund was never told');
  }
  return broken;
}
