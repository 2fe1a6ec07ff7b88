import type { FaultOrder } from '../../apps/simulator/src/faults/fault';
import type { Faults } from '../../apps/simulator/src/faults/faults';
import type { Random } from '../random';
import type { FaultTally } from './fault-tally';
import { orderRefusedRefunds, orderScheme } from './schemes';

type Kind = 'drop-before' | 'drop-after' | 'status' | 'slow' | 'late' | 'garbage' | 'refuse' | 'wrong-amount';

const SCHEMES = 0.15;
const REFUSED_REFUNDS = 0.12;
const REFUSED_REFUNDS_OF_REFUSED = 0.3;

/** Refusals of approve: −780 is for good, the others say nothing or the wrong thing. */
const APPROVE_CODES = [-702, -785, -783, -1, -780, -9798] as const;
const CANCEL_CODES = [-781, -785, -1, -10] as const;

const WEIGHTS: Record<'pay.approve' | 'pay.order' | 'pay.cancel', { share: number; kinds: Record<Kind, number> }> = {
  'pay.approve': {
    share: 0.45,
    kinds: { 'drop-before': 5, 'drop-after': 8, status: 5, slow: 6, late: 5, garbage: 4, refuse: 6, 'wrong-amount': 5 },
  },
  'pay.order': {
    share: 0.3,
    kinds: { 'drop-before': 5, 'drop-after': 3, status: 5, slow: 4, late: 3, garbage: 3, refuse: 3, 'wrong-amount': 1 },
  },
  'pay.cancel': {
    share: 0.5,
    kinds: { 'drop-before': 5, 'drop-after': 8, status: 5, slow: 6, late: 5, garbage: 4, refuse: 5, 'wrong-amount': 1 },
  },
};

/** KakaoPay's misbehaviour towards one tid, ordered before anybody asks about it. @returns its kinds */
export function orderPayFaults(faults: Faults, random: Random, tid: string, tally: FaultTally): string[] {
  const drawn = random.chance(SCHEMES)
    ? [orderScheme(faults, random, tid, tally)]
    : orderFaults(faults, random, tid, tally);
  if (random.chance(REFUSED_REFUNDS)) drawn.push(orderRefusedRefunds(faults, random, tid, tally));
  return drawn;
}

/** The same towards a payment that the shop will refuse: it is approved, and only its refunds may go wrong. */
export function orderRefundFaults(faults: Faults, random: Random, tid: string, tally: FaultTally): string[] {
  return random.chance(REFUSED_REFUNDS_OF_REFUSED) ? [orderRefusedRefunds(faults, random, tid, tally)] : [];
}

function orderFaults(faults: Faults, random: Random, tid: string, tally: FaultTally): string[] {
  const drawn: string[] = [];
  for (const [point, { share, kinds }] of Object.entries(WEIGHTS) as [
    keyof typeof WEIGHTS,
    (typeof WEIGHTS)['pay.order'],
  ][]) {
    for (let left = random.chance(share) ? random.int(1, 3) : 0; left > 0; left--) {
      const kind = random.weighted(kinds);
      const order: FaultOrder = { point, kind, subject: tid, times: 1, ...details(point, kind, random) };
      faults.add(order);
      const name = `${point} ${kind}${order.code === undefined ? '' : ` ${order.code}`}`;
      drawn.push(name);
      tally[`${point} ${kind}`] = (tally[`${point} ${kind}`] ?? 0) + 1;
    }
  }
  return drawn;
}

/** The time-out of the apps under torture is 400 ms. */
function details(point: string, kind: Kind, random: Random): Partial<FaultOrder> {
  switch (kind) {
    case 'slow':
      return { ms: random.int(100, 900) };
    case 'late':
      return { ms: random.int(100, 4_000) };
    case 'status':
      return { status: random.pick([500, 502, 503]) };
    case 'refuse':
      return {
        code:
          point === 'pay.cancel' ? random.pick(CANCEL_CODES) : point === 'pay.order' ? -1 : random.pick(APPROVE_CODES),
      };
    default:
      return {};
  }
}
