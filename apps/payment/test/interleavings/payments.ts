import type { Evidence, Outcome, Said } from '../../src/evidence/evidence';
import type { Payment, Verdict } from '../../src/evidence/verdict';
import { type Broken, type Counterexample, explore, type Game } from './explore';

/** A rule that is tried on every interleaving. */
export type Rule = (payment: Payment, evidence: readonly Evidence[], now: Date) => Verdict;

/** Ticks for which KakaoPay may still act on a call after it was sent. */
const ACTS_WITHIN = 2;
/** Ticks by which `order` may lag behind what KakaoPay did. */
const LAG = 1;
/** The tick at which the tid dies. */
const END = 8;
const EVENTS = 6;
const CALLS = 3;

const AMOUNT = { total: 13_500, taxFree: 500, vat: 1_182, point: 0, discount: 0 };
const at = (tick: number): Date => new Date(Date.UTC(2026, 10, 30) + tick * 1000);

export const PAYMENT: Payment = {
  cid: 'TC0ONETIME',
  tid: 'T1',
  orderId: 'order-1',
  partnerUserId: 'user-1',
  totalAmount: AMOUNT.total,
  taxFreeAmount: AMOUNT.taxFree,
  vatAmount: AMOUNT.vat,
  expiresAt: at(END),
};

export const OURS: Said = {
  cid: PAYMENT.cid,
  tid: 'T1',
  partnerOrderId: PAYMENT.orderId,
  partnerUserId: PAYMENT.partnerUserId,
  amount: AMOUNT,
};

/** An approve call, as KakaoPay and as our side know it. */
interface Call {
  sent: number;
  /** It took the money, or found it taken. */
  acted: boolean;
  /** What our side knows of its end. */
  outcome?: Outcome;
  /** The process that sent it died: no answer can be noted any more. */
  orphaned: boolean;
}

/** The world at one moment. */
interface World {
  tick: number;
  calls: readonly Call[];
  /** The tick at which the money was taken. */
  taken?: number;
  looks: readonly { sent: number; outcome: Outcome }[];
}

/** A refusal that ends a payment, and one that does not; `verdict.spec.ts` has each code. */
const CODES = [-780, -702];
/** What `order` says of a payment without money. */
const EMPTY = ['AUTH_PASSWORD', 'FAIL_AUTH_PASSWORD'];

const answered = (said: Said): Outcome => ({ kind: 'answered', said });
const mayAct = (call: Call, tick: number): boolean =>
  !call.acted && call.outcome?.kind !== 'refused' && tick <= call.sent + ACTS_WITHIN;

/**
 * Plays every sequence of events up to six long, with what may happen between any two of them, and holds what the rule
 * says after each event against what KakaoPay really did.
 */
export function play(rule: Rule): { worlds: number; broken: Counterexample<Verdict>[] } {
  const game: Game<World, Verdict> = {
    starts: [{ tick: 0, calls: [], looks: [] }],
    following: (world) => following(rule, world),
    judge: (world) => judge(rule, world),
  };
  return explore(game, EVENTS);
}

/** Every world that one more event can make of this one. */
function* following(rule: Rule, world: World): Generator<[string, World]> {
  const { calls, looks, taken } = world;
  const tick = world.tick + 1;
  const withCall = (n: number, change: Partial<Call>): World => ({
    ...world,
    tick,
    calls: calls.map((call, at) => (at === n ? { ...call, ...change } : call)),
  });
  const withLook = (said: Said): World => ({
    ...world,
    tick,
    looks: [...looks, { sent: tick, outcome: answered(said) }],
  });

  if (calls.length < CALLS && maySend(rule, world)) {
    yield ['send', { ...world, tick, calls: [...calls, { sent: tick, acted: false, orphaned: false }] }];
  }
  for (const [n, call] of calls.entries()) {
    const name = `call ${n + 1}`;
    if (mayAct(call, tick)) yield [`${name} acts`, { ...withCall(n, { acted: true }), taken: taken ?? tick }];
    if (call.outcome !== undefined || call.orphaned) continue;
    if (call.acted) yield [`${name} is answered`, withCall(n, { outcome: answered(OURS) })];
    else
      for (const code of CODES)
        yield [`${name} is refused ${code}`, withCall(n, { outcome: { kind: 'refused', code } })];
    yield [`the answer of ${name} is lost`, withCall(n, { outcome: { kind: 'unknown' } })];
  }
  if (calls.some(({ outcome, orphaned }) => outcome === undefined && !orphaned)) {
    yield ['the process dies', { ...world, tick, calls: calls.map((call) => ({ ...call, orphaned: true })) }];
  }
  if (taken !== undefined) yield ['order says SUCCESS_PAYMENT', withLook({ ...OURS, status: 'SUCCESS_PAYMENT' })];
  if (taken === undefined || taken > tick - LAG - 1) {
    for (const status of EMPTY) yield [`order says ${status}`, withLook({ ...OURS, status })];
  }
  for (const status of ['SUCCESS_PAYMENT', 'FAIL_PAYMENT']) {
    yield [`order says ${status} of another`, withLook({ ...OURS, tid: 'T2', status })];
  }
}

/** The platform sends the first approve when a token came, and each further one when the rule allows it. */
function maySend(rule: Rule, world: World): boolean {
  if (world.calls.length === 0) return true;
  const verdict = rule(PAYMENT, evidenceOf(world), at(world.tick));
  return verdict.is === 'unknown' && verdict.next === 'approve';
}

function evidenceOf({ calls, looks }: World): Evidence[] {
  return [
    ...calls.map(({ sent, outcome }, n) => ({
      id: `a${n}`,
      operation: 'approve' as const,
      sentAt: at(sent),
      mayActUntil: at(sent + ACTS_WITHIN + LAG),
      ...(outcome && { outcome }),
    })),
    ...looks.map(({ sent, outcome }, n) => ({ id: `o${n}`, operation: 'order' as const, sentAt: at(sent), outcome })),
  ];
}

function judge(rule: Rule, world: World): Broken<Verdict> | undefined {
  const evidence = evidenceOf(world);
  const verdict = rule(PAYMENT, evidence, at(world.tick));
  const stillActs = world.calls.some((call) => mayAct(call, world.tick + 1));
  const says = (broken: string) => ({ broken, verdict });
  if (verdict.is === 'not-paid' && world.taken !== undefined) return says('money is there');
  if (verdict.is === 'not-paid' && stillActs) return says('a call may still take the money');
  if (verdict.is === 'paid' && world.taken === undefined) return says('no money is there');
  const other = rule(PAYMENT, [...evidence].reverse(), at(world.tick));
  if (JSON.stringify(other) !== JSON.stringify(verdict)) return says('it depends on the order of arrival');
  return undecided(rule, world);
}

/** Past every end, with one honest look more, the rule must come to an end, and to the right one. */
function undecided(rule: Rule, world: World): Broken<Verdict> | undefined {
  const sent = END + ACTS_WITHIN + LAG + 1;
  const status = world.taken === undefined ? 'AUTH_PASSWORD' : 'SUCCESS_PAYMENT';
  const look = { sent, outcome: answered({ ...OURS, status }) };
  const verdict = rule(PAYMENT, evidenceOf({ ...world, looks: [...world.looks, look] }), at(sent + 1));
  if (verdict.is === 'unknown') return { broken: 'it never comes to an end', verdict };
  if (verdict.is === 'not-paid' && world.taken !== undefined) return { broken: 'money stays unseen', verdict };
  return undefined;
}
