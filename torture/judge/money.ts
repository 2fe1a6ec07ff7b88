import type { AttemptRow, Evidence, OrderRow } from './evidence';
import { givenUpOf } from './given-up';
import { by, type Broken, sum } from './verdict';
import { REFUNDS_REFUSED } from '../stories/schemes';

/** Every won charged belongs to exactly one `S` order, or is back; no order is `S` without its money. */
export function money(evidence: Evidence): Broken[] {
  const broken: Broken[] = [];
  const orders = new Map(evidence.orders.map((order) => [order.id, order]));
  const attempts = new Map(evidence.attempts.map((attempt) => [attempt.tid, attempt]));
  for (const { tid, partnerOrderId, charges, refunds } of evidence.booked) {
    const complain = (what: string): void =>
      void broken.push({ rule: 'money', what: `${tid}: ${what}`, order: partnerOrderId });
    if (charges.length === 0) continue;
    if (charges.length > 1) complain(`charged ${charges.length} times`);
    const [charged, back] = [sum(charges), sum(refunds)];
    if (back > charged) complain(`${back} won are back of ${charged}`);
    const attempt = attempts.get(tid);
    const order = orders.get(partnerOrderId);
    // A later charge whose answer was lost has no name but KakaoPay's.
    if (!attempt && order?.state === 'review' && order.subscription !== null) continue;
    if (!attempt || !order) {
      complain(`charged ${charged}, and no attempt of ours`);
      continue;
    }
    if (attempt.order !== order.id) complain('belongs to another order');
    if (needsPerson(evidence, order, attempt)) continue;
    if (attempt.charged !== charged) complain(`charged ${charged}, we say ${String(attempt.charged)}`);
    const kept = charged - back;
    const taken = order.state === 'paid' && order.attempt === attempt.id;
    const given = givenUpOf(evidence, attempt.id);
    if (kept > given && !taken) {
      complain(`${kept} won are kept, a person gave up ${given}, and the order is ${order.state}`);
    }
    if (taken && charged > 0 && kept === 0) complain('all of it is back, and the order is still paid');
    if (taken && attempt.state !== 'paid') complain(`its money is the order's, and the attempt is ${attempt.state}`);
  }
  return [
    ...broken,
    ...paidOrders(evidence),
    ...refunds(evidence),
    ...refundedAmounts(evidence),
    ...attemptsEnd(evidence),
    ...periods(evidence),
  ];
}

function paidOrders({ orders, attempts, booked }: Evidence): Broken[] {
  const ledger = new Map(booked.map((each) => [each.tid, each]));
  return orders
    .filter(({ state }) => state === 'paid')
    .flatMap((order): Broken[] => {
      const attempt = attempts.find(({ id }) => id === order.attempt);
      const charges = ledger.get(attempt?.tid ?? '')?.charges ?? [];
      const right = charges.length === 1 && charges[0] === order.total;
      return right
        ? []
        : [
            {
              rule: 'money',
              order: order.id,
              what: `is S for ${order.total} won, KakaoPay took ${charges.join('+') || 'nothing'}`,
            },
          ];
    });
}

function refunds(evidence: Evidence): Broken[] {
  const broken: Broken[] = [];
  const done = by(
    evidence.refunds.filter(({ state }) => state === 'done'),
    ({ attempt }) => attempt,
  );
  const ledger = new Map(evidence.booked.map((each) => [each.tid, each]));
  for (const attempt of evidence.attempts) {
    const ours = sum((done.get(attempt.id) ?? []).map(({ amount }) => amount));
    const theirs = sum(ledger.get(attempt.tid ?? '')?.refunds ?? []);
    if (ours !== theirs) {
      broken.push({
        rule: 'refunds',
        order: attempt.order,
        what: `${attempt.tid ?? 'no tid'}: we gave back ${ours}, KakaoPay ${theirs}`,
      });
    }
  }
  for (const { state, order, attempt, amount, failure } of evidence.refunds) {
    if (state === 'done' || state === 'withdrawn') continue;
    if (state === 'failed' && (sawWrongAmounts(evidence, order, attempt) || wasRefused(evidence, order, attempt)))
      continue;
    broken.push({ rule: 'refunds', order, what: `a refund of ${amount} is ${state}: ${failure ?? ''}` });
  }
  const byId = new Map(evidence.refunds.map((refund) => [refund.id, refund]));
  for (const { orderId, wished } of evidence.stories) {
    for (const { wish, replies } of wished) {
      const ids = new Set(replies.flatMap((reply) => (reply?.http === 202 ? [idOf(reply.body.refund)] : [])));
      ids.delete(undefined);
      const complain = (what: string): void =>
        void broken.push({ rule: 'refunds', what: `${wish.key}: ${what}`, ...(orderId && { order: orderId }) });
      if (ids.size > 1) complain(`one key, ${ids.size} refunds`);
      for (const id of ids) if (!byId.has(id ?? '')) complain('was promised and is gone');
    }
  }
  return broken;
}

/** `refundedAmount` of an order is what went back of its own payment, and of no payment before that. */
function refundedAmounts({ orders, refunds: all, history }: Evidence): Broken[] {
  const went = (state: string): Set<string> =>
    new Set(
      history.filter(({ subject, to }) => subject === 'attempt' && to === state).map(({ subjectId }) => subjectId),
    );
  const [paid, surplus] = [went('paid'), went('surplus')];
  return orders.flatMap(({ id, attempt, refunded }): Broken[] => {
    const back = sum(
      all
        .filter((each) => each.attempt === attempt && each.state === 'done' && OF_AN_ORDER.includes(each.cause))
        .map(({ amount }) => amount),
    );
    // What goes back of a payment that is no order's is not counted.
    const isOwn = attempt !== null && paid.has(attempt) && !surplus.has(attempt);
    const isRight = isOwn ? refunded === back : refunded <= back;
    const what = `refundedAmount is ${refunded}, and ${back} won of its payment are back`;
    return isRight ? [] : [{ rule: 'refunds', order: id, what }];
  });
}
const OF_AN_ORDER: readonly string[] = ['operator', 'at-kakaopay'];

/** A period of a subscription is charged once, whatever was lost on the way. */
function periods({ orders, booked }: Evidence): Broken[] {
  const charged = by(
    booked.filter(({ charges }) => charges.length > 0),
    ({ partnerOrderId }) => partnerOrderId,
  );
  return orders.flatMap(({ id, subscription }): Broken[] => {
    const times = charged.get(id)?.length ?? 0;
    return subscription !== null && times > 1
      ? [{ rule: 'money', order: id, what: `a period was charged ${times} times` }]
      : [];
  });
}

function attemptsEnd(evidence: Evidence): Broken[] {
  return evidence.attempts
    .filter(
      ({ id, state }) =>
        state === 'waiting' || state === 'approving' || (state === 'surplus' && givenUpOf(evidence, id) === 0),
    )
    .map(({ order, tid, state }) => ({ rule: 'money', order, what: `${tid ?? 'a charge'} is ${state} for ever` }));
}

/** Money that a person was shown: it stays where it is until that person decides. */
function needsPerson(evidence: Evidence, order: OrderRow, attempt: AttemptRow): boolean {
  return order.state === 'review' || attempt.state === 'review' || clearedByHand(evidence, attempt);
}

/** KakaoPay has named sums that were not: what it can give back is a person's to find out. */
function sawWrongAmounts({ stories, history }: Evidence, order: string, attempt: string): boolean {
  const story = stories.find(({ orderId }) => orderId === order);
  const lied = story?.tried.some(({ faults }) => faults.includes('pay.order wrong-amount'));
  return lied === true || history.some(({ subjectId, to }) => subjectId === attempt && to === 'review');
}

/** KakaoPay has refused for good to give money back, and it is not back: the operator who asked for it decides. */
function wasRefused({ stories, attempts }: Evidence, order: string, attempt: string): boolean {
  const story = stories.find(({ orderId }) => orderId === order);
  const tid = attempts.find(({ id }) => id === attempt)?.tid;
  const tried = story?.tried.find((each) => each.tid === tid);
  return story?.refundsRefused === true || tried?.faults.includes(REFUNDS_REFUSED) === true;
}

/** A person sent it back after all: what KakaoPay had said was not believed. */
const clearedByHand = ({ history }: Evidence, { id, state }: AttemptRow): boolean =>
  state === 'refunded' && history.some(({ subjectId, to }) => subjectId === id && to === 'review');

function idOf(refund: unknown): string | undefined {
  return typeof refund === 'object' && refund !== null ? String((refund as { id?: unknown }).id) : undefined;
}
