import { ATTEMPT_STATES } from '../../apps/payment/src/attempts/attempt-status';
import { ORDER_STATES } from '../../apps/payment/src/orders/order-status';
import { REFUND_STATES } from '../../apps/payment/src/refunds/refund-status';
import type { Evidence } from './evidence';
import { by, type Broken } from './verdict';

type Rules = Record<string, { next: readonly string[] } | undefined>;

/** `next` of each state; a subject that is not listed is only looked at for gaps. */
const WALKS: Record<string, Rules | undefined> = {
  order: ORDER_STATES,
  attempt: ATTEMPT_STATES,
  refund: REFUND_STATES,
};

/** No order is `W` for ever, T4 says what is, and every history is a walk that the tables of states allow. */
export function course(evidence: Evidence): Broken[] {
  return [...walks(evidence), ...ends(evidence), ...shown(evidence)];
}

function walks({ history, orders, attempts, refunds }: Evidence): Broken[] {
  const broken: Broken[] = [];
  const now = new Map([...orders, ...attempts, ...refunds].map(({ id, state }) => [id, state as string]));
  for (const [id, rows] of by(history, ({ subjectId }) => subjectId)) {
    const { order, subject } = rows[0] ?? { order: '', subject: '' };
    const complain = (what: string): void => void broken.push({ rule: 'history', order, what: `${subject} ${what}` });
    let state: string | null = null;
    const begin = rows.find(({ from }) => from === null);
    // What moved from nowhere later is a note beside the walk: a decision of an operator, or the end of a SID.
    // Ids are made before their transaction ends: the walk is followed by what leads where, not by the order of ids.
    const left = rows.filter((row) => row.from !== null || row === begin);
    while (left.length > 0) {
      const at = left.findIndex(({ from }) => from === state);
      const [step] = left.splice(at, at < 0 ? 0 : 1);
      if (!step) {
        complain(
          `stands at ${state ?? 'nothing'}; these moves lead from elsewhere: ${left.map(({ from, to }) => `${from ?? '·'} → ${to}`).join(', ')}`,
        );
        break;
      }
      const rules = WALKS[subject];
      if (state !== null && rules && !rules[state]?.next.includes(step.to)) complain(`moved ${state} → ${step.to}`);
      state = step.to;
    }
    if (now.has(id) && now.get(id) !== state)
      complain(`is ${now.get(id) ?? ''}, its history ends at ${state ?? 'nothing'}`);
  }
  for (const { id } of orders) {
    if (!history.some(({ subjectId }) => subjectId === id))
      broken.push({ rule: 'history', order: id, what: 'has none' });
  }
  return broken;
}

function ends({ orders, stories }: Evidence): Broken[] {
  return orders.flatMap(({ id, state, review, subscription }): Broken[] => {
    if (['pending', 'approving', 'fulfilling'].includes(state)) {
      return [{ rule: 'end', order: id, what: `is ${state} for ever` }];
    }
    if (state !== 'review') return [];
    const story = stories.find(({ orderId }) => orderId === id);
    const wrong = story?.tried.some(({ faults }) => faults.some((fault) => /wrong-amount$|foreign look$/.test(fault)));
    // The one answer that names a SID was cut off: nobody but a person can decide.
    const lost = review?.includes('SID') && (story?.plan.kind === 'monthly' || story?.plan.kind === 'trial');
    const unnamed = subscription !== null && /(answer|this charge) was lost|charged something else/.test(review ?? '');
    return wrong || lost || unnamed
      ? []
      : [{ rule: 'review', order: id, what: `nothing was undecidable: ${review ?? ''}` }];
  });
}

function shown({ orders, shown: said, stories, history }: Evidence): Broken[] {
  const broken: Broken[] = [];
  for (const { id, state } of orders) {
    const right = state === 'open' ? '300' : ORDER_STATES[state].shown;
    const told = said.get(id);
    if (said.has(id) && told !== right)
      broken.push({ rule: 'T4', order: id, what: `is ${state}, T4 says ${told ?? 'nothing'}` });
  }
  // A buyer who left before paying may come back, and finds the order open again.
  const cameBack = new Set(
    history.flatMap(({ subject, from, order }) => (subject === 'order' && from === 'cancelled' ? [order] : [])),
  );
  for (const { shown: letters, orderId } of stories) {
    const bad = letters.find((letter, at) => {
      const before = letters[at - 1];
      return (before === 'C' && !cameBack.has(orderId ?? '')) || (before === 'S' && letter !== 'C');
    });
    if (bad !== undefined)
      broken.push({ rule: 'T4', what: `went ${letters.join(' → ')}`, ...(orderId && { order: orderId }) });
  }
  return broken;
}
