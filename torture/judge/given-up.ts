import type { Evidence } from './evidence';
import { type Broken, sum } from './verdict';

/** Won of a payment that a person gave up: the list of differences names them. */
export const givenUpOf = ({ differences }: Evidence, attempt: string): number =>
  sum(differences.filter((each) => isGivenUp(each) && each.attempt === attempt).map(({ amount }) => amount));

/** Money that belongs to no order is given up only by a decision that names the amount and stays in the list of differences. */
export function givenUp(evidence: Evidence): Broken[] {
  const { refunds, history, differences, withdrawals } = evidence;
  const broken: Broken[] = [];
  const complain = (order: string, what: string): void => void broken.push({ rule: 'given up', order, what });
  const surplus = new Set(history.filter(({ to }) => to === 'surplus').map(({ subjectId }) => subjectId));
  for (const { id, order, attempt, amount, state } of refunds) {
    if (state !== 'withdrawn' || !surplus.has(attempt)) continue;
    const decision = history.find(
      ({ subjectId, to, actor }) => subjectId === id && to === 'withdrawn' && actor === 'operator',
    );
    // The platform withdraws a refund once all of the money is back.
    if (!decision) continue;
    const listed = differences.some((each) => isGivenUp(each) && each.attempt === attempt && each.amount === amount);
    if (!listed) complain(order, `the refund of ${amount} won of no order was withdrawn, and no difference names them`);
    if (!decision.note.includes(String(amount)))
      complain(order, `the decision names other won than ${amount}: ${decision.note}`);
    if (withdrawals.some(({ refund, named, http }) => refund === id && !named && http === 200))
      complain(order, `${amount} won of no order were given up by a call that does not name them`);
  }
  return broken;
}

const isGivenUp = ({ kinds, state }: Evidence['differences'][number]): boolean =>
  state === 'given-up' && kinds.includes('refund-given-up');
