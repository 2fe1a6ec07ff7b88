import type { Evidence } from './evidence';
import type { Broken } from './verdict';

/** What began with an order ends with it, and KakaoPay can charge by no SID that no subscription uses. */
export function subscriptions(evidence: Evidence): Broken[] {
  return [...outliving(evidence), ...unusedSids(evidence)];
}

/** A subscription that goes on has a first order that is sold. */
function outliving({ subscriptions: all }: Evidence): Broken[] {
  return all
    .filter(({ state, first }) => state === 'active' && !['paid', 'fulfilling', 'review'].includes(first))
    .map(({ order, first }) => ({ rule: 'subscriptions', order, what: `goes on, and its first order is ${first}` }));
}

/** An answer named it, its payment began no subscription, and yet it is active at KakaoPay. */
function unusedSids({ booked, orders, attempts, sids, subscriptions: all }: Evidence): Broken[] {
  const orderOf = new Map(orders.map((order) => [order.id, order]));
  const attemptOf = new Map(attempts.map((attempt) => [attempt.tid, attempt]));
  const sidOf = new Map(sids.map((sid) => [sid.attempt, sid]));
  return booked.flatMap(({ tid, partnerOrderId, sid: status }): Broken[] => {
    const order = orderOf.get(partnerOrderId);
    const attempt = attemptOf.get(tid);
    if (status !== 'ACTIVE' || order?.subscription !== null || !attempt) return [];
    const sid = sidOf.get(attempt.id);
    // Not named to us, another payment's, or before a person.
    if (!sid || sid.state === 'foreign' || sid.failure !== null) return [];
    if (order.state === 'review' || attempt.state === 'review') return [];
    const isUsed =
      order.attempt === attempt.id && all.some(({ order: of, state }) => of === order.id && state !== 'ended');
    const what = `${tid}: its SID is active at KakaoPay, no subscription uses it, and it counts as ${sid.state}`;
    return isUsed ? [] : [{ rule: 'subscriptions', order: order.id, what }];
  });
}
