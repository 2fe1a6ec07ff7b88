import type { Window } from '../disturbances';
import type { Evidence } from './evidence';
import type { Broken } from './verdict';

/**
 * What began with an order ends with it, KakaoPay can charge by no SID that no subscription uses, and each subscription
 * is charged by the SID of the payment that it began with.
 */
export function subscriptions(evidence: Evidence, windows: readonly Window[]): Broken[] {
  return [
    ...outliving(evidence),
    ...unusedSids(evidence),
    ...otherSids(evidence),
    ...unkeptSids(evidence),
    ...lostSids(evidence, windows),
  ];
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
  return booked.flatMap(({ tid, partnerOrderId, sid: issued }): Broken[] => {
    const order = orderOf.get(partnerOrderId);
    const attempt = attemptOf.get(tid);
    if (issued?.status !== 'ACTIVE' || order?.subscription !== null || !attempt) return [];
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

/** The buyer may pay an order again after the shop has refused it: each payment has a SID of its own. */
function otherSids({ booked, orders, attempts, subscriptions: all }: Evidence): Broken[] {
  const attemptOf = new Map(attempts.map((attempt) => [attempt.tid, attempt.id]));
  const ownSid = new Map(booked.map(({ tid, sid }) => [attemptOf.get(tid), sid?.sid]));
  const attemptOfOrder = new Map(orders.map(({ id, attempt }) => [id, attempt]));
  const seen = new Set<string>();
  return all.flatMap(({ order, state, sid }): Broken[] => {
    const complain = (what: string): Broken => ({ rule: 'subscriptions', order, what });
    const isShared = seen.has(sid);
    seen.add(sid);
    if (isShared) return [complain('two subscriptions are charged by one SID')];
    const isOwn = sid === ownSid.get(attemptOfOrder.get(order) ?? undefined);
    return state === 'active' && !isOwn ? [complain('is charged by the SID of another payment than its own')] : [];
  });
}

/** KakaoPay's answer to an approve named a SID, and it was not kept. */
function unkeptSids({ booked, attempts, sids, approved }: Evidence): Broken[] {
  const issued = new Set(booked.flatMap(({ tid, sid }) => (sid ? [tid] : [])));
  const kept = new Set(sids.map(({ attempt }) => attempt));
  const answered = new Set(approved);
  return attempts
    .filter(({ id, tid }) => answered.has(id) && tid !== null && issued.has(tid) && !kept.has(id))
    .map(({ order, tid }) => ({
      rule: 'subscriptions',
      order,
      what: `${tid ?? ''}: KakaoPay named its SID, and it is not kept`,
    }));
}

/** A payment went to review for its lost SID, though an answer had named it before and nothing was disturbed meanwhile. */
function lostSids({ history, sids }: Evidence, windows: readonly Window[]): Broken[] {
  const keptAt = new Map(sids.map(({ attempt, createdAt }) => [attempt, createdAt.getTime()]));
  return history.flatMap(({ order, subjectId, to, note, at }): Broken[] => {
    const kept = keptAt.get(subjectId) ?? Infinity;
    if (to !== 'review' || !note.includes('the SID of the subscription was lost') || kept >= at.getTime()) return [];
    const disturbed = windows.some(({ from, to: until }) => from < at.getTime() && until > kept);
    return disturbed ? [] : [{ rule: 'subscriptions', order, what: `${note}; it was kept before` }];
  });
}
