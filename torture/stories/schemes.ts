import type { FaultOrder } from '../../apps/simulator/src/faults/fault';
import type { Faults } from '../../apps/simulator/src/faults/faults';
import type { Random } from '../random';
import type { FaultTally } from './fault-tally';

/** Refusals of approve that are for good, when they speak about the only call. */
const FOR_GOOD = [-780, -723, -721, -731, -401, -2, -797, -798] as const;
const CANCEL_FOR_GOOD = [-782, -703, -721] as const;

/** Several misbehaviours of KakaoPay that only together tempt an app to conclude too early. */
type Scheme = (random: Random) => Pick<FaultOrder, 'point' | 'kind' | 'code' | 'ms' | 'times' | 'fields'>[];

const OF_A_PAYMENT: Record<'refused repeat' | 'stale look' | 'foreign look', Scheme> = {
  // The first approve takes the money and its answer is lost; order lags; the repeat is refused for good.
  'refused repeat': (random) => [
    { point: 'pay.approve', kind: 'drop-after' },
    { point: 'pay.approve', kind: 'refuse', code: random.pick(FOR_GOOD) },
    { point: 'pay.order', kind: 'says', fields: { status: 'AUTH_PASSWORD' }, times: random.int(1, 3) },
  ],
  // The approve is still on its way when order says that the payment has failed.
  'stale look': (random) => [
    { point: 'pay.approve', kind: 'late', ms: random.int(900, 3_000) },
    { point: 'pay.order', kind: 'says', fields: { status: 'FAIL_AUTH_PASSWORD' }, times: random.int(1, 2) },
  ],
  // The money is taken, and order speaks of another payment that was cancelled.
  'foreign look': (random) => [
    { point: 'pay.approve', kind: 'drop-after' },
    {
      point: 'pay.order',
      kind: 'says',
      fields: { ...random.pick(FOREIGN), status: 'CANCEL_PAYMENT', canceled_amount: { total: 1_000_000 } },
      times: random.int(1, 2),
    },
  ],
};
const FOREIGN: [Record<string, string>, ...Record<string, string>[]] = [
  { tid: 'T-of-another' },
  { partner_order_id: 'another' },
  { partner_user_id: 'another' },
];

/** `order` shows what KakaoPay did ten minutes later at most; time goes fifty times as fast here. */
const LAGS_MS = 12_000;

/** A slow machine may look so late that what was to lag would be wrong for ever. */
function addForAWhile(faults: Faults, order: FaultOrder): void {
  const { id } = faults.add(order);
  if (order.point === 'pay.order') setTimeout(() => faults.remove(id), LAGS_MS).unref();
}

/** Orders one of the schemes for a tid, before anybody asks about it. @returns its name, as a fault's */
export function orderScheme(faults: Faults, random: Random, tid: string, tally: FaultTally): string {
  const name = random.weighted({ 'refused repeat': 1, 'stale look': 1, 'foreign look': 1 });
  for (const order of OF_A_PAYMENT[name](random)) addForAWhile(faults, { ...order, subject: tid });
  tally[`scheme ${name}`] = (tally[`scheme ${name}`] ?? 0) + 1;
  return `scheme ${name}`;
}

/**
 * The first cancel gives the money back and its answer is lost; order lags; the repeat is refused for good.
 *
 * @param givenBack won that KakaoPay has given back of the payment so far
 */
export function orderRefundScheme(
  faults: Faults,
  random: Random,
  { tid, givenBack }: { tid: string; givenBack: number },
  tally: FaultTally,
): void {
  faults.add({ point: 'pay.cancel', kind: 'drop-after', subject: tid });
  faults.add({ point: 'pay.cancel', kind: 'refuse', code: random.pick(CANCEL_FOR_GOOD), subject: tid });
  const fields = { canceled_amount: { total: givenBack } };
  addForAWhile(faults, { point: 'pay.order', kind: 'says', fields, times: random.int(1, 2), subject: tid });
  tally['scheme refused repeat of a refund'] = (tally['scheme refused repeat of a refund'] ?? 0) + 1;
}

export const REFUNDS_REFUSED = 'scheme refunds refused for good';

/** KakaoPay gives no money of this payment back, whatever it is asked and how often, as long as there are faults. */
export function orderRefusedRefunds(faults: Faults, random: Random, tid: string, tally: FaultTally): string {
  faults.add({ point: 'pay.cancel', kind: 'refuse', code: random.pick(CANCEL_FOR_GOOD), times: 10_000, subject: tid });
  tally[REFUNDS_REFUSED] = (tally[REFUNDS_REFUSED] ?? 0) + 1;
  return REFUNDS_REFUSED;
}
