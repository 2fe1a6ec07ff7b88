import type { CancelSaid, Evidence, Outcome, Said } from '../../src/evidence/evidence';
import type { RefundCase, RefundEvidence, RefundVerdict } from '../../src/evidence/refund-verdict';
import { type Broken, type Counterexample, explore, type Game } from './explore';

/** A rule that is tried on every interleaving. */
export type RefundRule = (refund: RefundCase, evidence: readonly RefundEvidence[]) => RefundVerdict;

/** Ticks for which KakaoPay may still act on a call after it was sent. */
const ACTS_WITHIN = 2;
/** Ticks by which `order` may lag behind what KakaoPay did. */
const LAG = 1;
const EVENTS = 6;
const CALLS = 3;

const AMOUNT = { total: 13_500, taxFree: 500, vat: 1_182, point: 0, discount: 0 };
const at = (tick: number): Date => new Date(Date.UTC(2026, 10, 30) + tick * 1000);

export const REFUND: RefundCase = {
  cid: 'TC0ONETIME',
  tid: 'T1',
  orderId: 'order-1',
  partnerUserId: 'user-1',
  totalAmount: AMOUNT.total,
  taxFreeAmount: AMOUNT.taxFree,
  vatAmount: AMOUNT.vat,
  amount: 5_000,
  charged: AMOUNT.total,
  before: 3_000,
  askedAt: at(0),
};
/** What a hand in KakaoPay's own back office gives back. */
const BY_HAND = 2_000;

export const BOOKS: Said = {
  cid: REFUND.cid,
  tid: 'T1',
  partnerOrderId: REFUND.orderId,
  partnerUserId: REFUND.partnerUserId,
  amount: AMOUNT,
  status: 'PART_CANCEL_PAYMENT',
  cancelledAmount: REFUND.before,
};

interface Call {
  sent: number;
  acted: boolean;
  outcome?: Outcome<CancelSaid>;
  orphaned: boolean;
}

interface World {
  tick: number;
  /** KakaoPay's sum of cancellations, each with its tick; the first is what was given back before. */
  sums: readonly { at: number; sum: number }[];
  calls: readonly Call[];
  looks: readonly { sent: number; outcome: Outcome }[];
}

/** A refusal for good, and one that speaks of another call. */
const CODES = [-782, -785];

const sumOf = ({ sums }: World): number => sums.at(-1)?.sum ?? 0;
/** KakaoPay compares `cancel_available_amount`: a call acts only while nothing else was given back. */
const mayAct = (world: World, call: Call, tick: number): boolean =>
  !call.acted && call.outcome?.kind !== 'refused' && tick <= call.sent + ACTS_WITHIN && sumOf(world) === REFUND.before;

/** Plays every sequence of events up to six long, and holds what the rule says after each against what KakaoPay did. */
export function playRefunds(rule: RefundRule): { worlds: number; broken: Counterexample<RefundVerdict>[] } {
  const game: Game<World, RefundVerdict> = {
    starts: [
      { tick: 0, sums: [{ at: -100, sum: REFUND.before }], calls: [], looks: [] },
      // `order` may not show the refund before this one yet.
      {
        tick: 0,
        sums: [
          { at: -100, sum: 0 },
          { at: 0, sum: REFUND.before },
        ],
        calls: [],
        looks: [],
      },
    ],
    following: (world) => following(rule, world),
    judge: (world) => judge(rule, world),
  };
  return explore(game, EVENTS);
}

function* following(rule: RefundRule, world: World): Generator<[string, World]> {
  const { calls, looks, sums } = world;
  const tick = world.tick + 1;
  const withCall = (n: number, change: Partial<Call>): World => ({
    ...world,
    tick,
    calls: calls.map((call, index) => (index === n ? { ...call, ...change } : call)),
  });
  const withLook = (said: Said): World => ({
    ...world,
    tick,
    looks: [...looks, { sent: tick, outcome: { kind: 'answered', said } }],
  });

  if (calls.length < CALLS && maySend(rule, world)) {
    yield ['send', { ...world, tick, calls: [...calls, { sent: tick, acted: false, orphaned: false }] }];
  }
  for (const [n, call] of calls.entries()) {
    const name = `call ${n + 1}`;
    if (mayAct(world, call, tick)) {
      const sum = sumOf(world) + REFUND.amount;
      yield [`${name} acts`, { ...withCall(n, { acted: true }), sums: [...sums, { at: tick, sum }] }];
    }
    if (call.outcome !== undefined || call.orphaned) continue;
    if (call.acted) {
      const said = { tid: 'T1', aid: `A${n}`, cancelledAmount: REFUND.before + REFUND.amount };
      yield [`${name} is answered`, withCall(n, { outcome: { kind: 'answered', said } })];
      const foreign = { ...said, tid: 'T2' };
      yield [`${name} is answered about another`, withCall(n, { outcome: { kind: 'answered', said: foreign } })];
    } else {
      for (const code of CODES) {
        yield [`${name} is refused ${code}`, withCall(n, { outcome: { kind: 'refused', code } })];
      }
    }
    yield [`the answer of ${name} is lost`, withCall(n, { outcome: { kind: 'unknown' } })];
  }
  if (calls.some(({ outcome, orphaned }) => outcome === undefined && !orphaned)) {
    yield ['the process dies', { ...world, tick, calls: calls.map((call) => ({ ...call, orphaned: true })) }];
  }
  if (calls.length === 0) return;
  if (sumOf(world) === REFUND.before) {
    yield ['a hand gives back', { ...world, tick, sums: [...sums, { at: tick, sum: sumOf(world) + BY_HAND }] }];
  }
  for (const cancelledAmount of seenBy(world, tick)) {
    yield [`order says ${cancelledAmount}`, withLook({ ...BOOKS, cancelledAmount })];
  }
  yield ['order does not say how much', withLook({ ...BOOKS, cancelledAmount: undefined })];
  yield [
    'order says the target of another',
    withLook({ ...BOOKS, tid: 'T2', cancelledAmount: REFUND.before + REFUND.amount }),
  ];
}

/** What `order` may say: the sum, or an older one while it lags. */
function seenBy({ sums }: World, tick: number): number[] {
  const settled = sums.findLastIndex((each) => each.at < tick - LAG);
  return sums.slice(Math.max(0, settled)).map(({ sum }) => sum);
}

function maySend(rule: RefundRule, world: World): boolean {
  const verdict = rule(REFUND, evidenceOf(world));
  return verdict.is === 'unknown' && verdict.next === 'cancel';
}

function evidenceOf({ calls, looks }: World): RefundEvidence[] {
  return [
    ...calls.map(({ sent, outcome }, n): Evidence<CancelSaid> => ({
      id: `c${n}`,
      operation: 'cancel',
      sentAt: at(sent),
      mayActUntil: at(sent + ACTS_WITHIN + LAG),
      ...(outcome && { outcome }),
    })),
    ...looks.map(({ sent, outcome }, n): Evidence => ({ id: `o${n}`, operation: 'order', sentAt: at(sent), outcome })),
  ];
}

function judge(rule: RefundRule, world: World): Broken<RefundVerdict> | undefined {
  const { calls, tick } = world;
  const evidence = evidenceOf(world);
  const verdict = rule(REFUND, evidence);
  const says = (broken: string) => ({ broken, verdict });
  const given = calls.some(({ acted }) => acted);
  if (verdict.is === 'not-done' && given) return says('the money is back');
  if (verdict.is === 'not-done' && calls.some((call) => mayAct(world, call, tick + 1))) {
    return says('a call may still give it back');
  }
  if (verdict.is === 'done' && !given) return says('the money is not back');
  if (verdict.is === 'person' && !isUnclear(world)) return says('nothing is unclear');
  const other = rule(REFUND, [...evidence].reverse());
  if (JSON.stringify(other) !== JSON.stringify(verdict)) return says('it depends on the order of arrival');
  return undecided(rule, world);
}

/** A hand gave money back, or KakaoPay spoke of another payment. */
const isUnclear = ({ sums, looks }: World): boolean =>
  ![0, REFUND.before, REFUND.before + REFUND.amount].includes(sums.at(-1)?.sum ?? 0) ||
  looks.some(({ outcome }) => outcome.kind === 'answered' && outcome.said.tid !== REFUND.tid);

/** With one honest look past the last moment of every call, the rule knows what comes next. */
function undecided(rule: RefundRule, world: World): Broken<RefundVerdict> | undefined {
  const sent = world.tick + ACTS_WITHIN + LAG + 1;
  const outcome = { kind: 'answered', said: { ...BOOKS, cancelledAmount: sumOf(world) } } as const;
  const verdict = rule(REFUND, evidenceOf({ ...world, looks: [...world.looks, { sent, outcome }] }));
  if (verdict.is === 'unknown' && verdict.next === 'look') return { broken: 'it never comes to an end', verdict };
  const given = world.calls.some(({ acted }) => acted);
  if (given && verdict.is === 'unknown') return { broken: 'the money is back, and stays unseen', verdict };
  return undefined;
}
