import type { ChargeEvidence, ChargeVerdict, SidCharge } from '../../src/evidence/charge-verdict';
import type { Evidence, Outcome, Said, SidSaid } from '../../src/evidence/evidence';
import { type Broken, type Counterexample, explore, type Game } from './explore';

/** A rule that is tried on every interleaving. */
export type ChargeRule = (charge: SidCharge, evidence: readonly ChargeEvidence[], now: Date) => ChargeVerdict;

/** Ticks, of one second, for which KakaoPay may still act on a call after it was sent. */
const ACTS_WITHIN = 2;
/** Ticks by which `status` may lag behind what KakaoPay did. */
const LAG = 1;
const EVENTS = 6;
const CALLS = 3;

const AMOUNT = { total: 10_000, taxFree: 0, vat: 909, point: 0, discount: 0 };
const at = (tick: number): Date => new Date(Date.UTC(2026, 10, 30) + tick * 1000);

export const CHARGE: SidCharge = {
  cid: 'TCSUBSCRIP',
  tid: null,
  orderId: 'order-2',
  partnerUserId: 'user-1',
  totalAmount: AMOUNT.total,
  taxFreeAmount: AMOUNT.taxFree,
  vatAmount: AMOUNT.vat,
};

export const CHARGED: Said = {
  cid: CHARGE.cid,
  tid: 'T2',
  partnerOrderId: CHARGE.orderId,
  partnerUserId: CHARGE.partnerUserId,
  amount: AMOUNT,
};

interface Call {
  sent: number;
  /** The tick at which KakaoPay took the money for it. */
  acted?: number;
  outcome?: Outcome;
  orphaned: boolean;
}

interface World {
  tick: number;
  /** KakaoPay's last approval of the SID before all this; `unnamed` when its `status` did not tell. */
  before: number | 'unnamed';
  calls: readonly Call[];
  looks: readonly { sent: number; outcome: Outcome<SidSaid> }[];
}

/** Refusals for good, of a duplicate, for a moment, and of a SID that is over. */
const CODES = [-782, -785, -798, -751];

const mayAct = (call: Call, tick: number): boolean =>
  call.acted === undefined && call.outcome?.kind !== 'refused' && tick <= call.sent + ACTS_WITHIN;

/** Plays every sequence of events up to six long, and holds what the rule says after each against what KakaoPay did. */
export function playCharges(rule: ChargeRule): { worlds: number; broken: Counterexample<ChargeVerdict>[] } {
  const game: Game<World, ChargeVerdict> = {
    // Long ago, in the second before the first call can be sent, in that second itself, and untold.
    starts: ([-100, 0, 1, 'unnamed'] as const).map((before) => ({ tick: 0, before, calls: [], looks: [] })),
    following: (world) => following(rule, world),
    judge: (world) => judge(rule, world),
  };
  return explore(game, EVENTS);
}

function* following(rule: ChargeRule, world: World): Generator<[string, World]> {
  const { calls, looks } = world;
  const tick = world.tick + 1;
  const withCall = (n: number, change: Partial<Call>): World => ({
    ...world,
    tick,
    calls: calls.map((call, index) => (index === n ? { ...call, ...change } : call)),
  });
  const withLook = (outcome: Outcome<SidSaid>): World => ({
    ...world,
    tick,
    looks: [...looks, { sent: tick, outcome }],
  });

  if (calls.length < CALLS && maySend(rule, world)) {
    yield ['send', { ...world, tick, calls: [...calls, { sent: tick, orphaned: false }] }];
  }
  for (const [n, call] of calls.entries()) {
    const name = `call ${n + 1}`;
    if (mayAct(call, tick)) yield [`${name} acts`, withCall(n, { acted: tick })];
    if (tick === call.sent + 1 && mayAct(call, tick))
      yield [`${name} acted in the second it was sent`, withCall(n, { acted: call.sent })];
    if (call.outcome !== undefined || call.orphaned) continue;
    if (call.acted !== undefined) {
      yield [`${name} is answered`, withCall(n, { outcome: { kind: 'answered', said: { ...CHARGED, tid: `T${n}` } } })];
      // A line between us and KakaoPay sent the call twice.
      yield [`${name} is refused as a duplicate of itself`, withCall(n, { outcome: { kind: 'refused', code: -785 } })];
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
  for (const lastApprovedAt of seenBy(world, tick)) {
    const said = { status: 'ACTIVE', ...(lastApprovedAt !== undefined && { lastApprovedAt: at(lastApprovedAt) }) };
    yield [`status says ${lastApprovedAt ?? 'nothing'}`, withLook({ kind: 'answered', said })];
    if (lastApprovedAt === undefined) continue;
    yield [`status says INACTIVE`, withLook({ kind: 'answered', said: { ...said, status: 'INACTIVE' } })];
  }
  yield ['status is refused', withLook({ kind: 'refused', code: -751 })];
}

/** What `status` may name: the newest approval, the one before while it lags, or none. */
function seenBy({ calls, before }: World, tick: number): (number | undefined)[] {
  const old = before === 'unnamed' ? [] : [before];
  const approvals = [...old, ...calls.flatMap(({ acted }) => (acted === undefined ? [] : [acted]))].sort(
    (a, b) => a - b,
  );
  const known = approvals.filter((approved) => approved < tick - LAG || approved === before);
  return [...new Set([approvals.at(-1), known.at(-1), undefined])];
}

function maySend(rule: ChargeRule, world: World): boolean {
  const verdict = ask(rule, world, world.tick);
  return verdict.is === 'unknown' && verdict.next === 'charge';
}

function ask(rule: ChargeRule, world: World, tick: number, evidence = evidenceOf(world)): ChargeVerdict {
  const { before } = world;
  return rule({ ...CHARGE, ...(before !== 'unnamed' && { approvedBefore: at(before) }) }, evidence, at(tick));
}

function evidenceOf({ calls, looks }: World): ChargeEvidence[] {
  return [
    ...calls.map(({ sent, outcome }, n): Evidence => ({
      id: `c${n}`,
      operation: 'charge',
      sentAt: at(sent),
      mayActUntil: at(sent + ACTS_WITHIN + LAG),
      ...(outcome && { outcome }),
    })),
    ...looks.map(({ sent, outcome }, n): Evidence<SidSaid> => ({
      id: `s${n}`,
      operation: 'status',
      sentAt: at(sent),
      outcome,
    })),
  ];
}

function judge(rule: ChargeRule, world: World): Broken<ChargeVerdict> | undefined {
  const { calls, tick } = world;
  const evidence = evidenceOf(world);
  const verdict = ask(rule, world, tick, evidence);
  const says = (broken: string) => ({ broken, verdict });
  const taken = calls.filter(({ acted }) => acted !== undefined).length;
  const mayStill = calls.some((call) => mayAct(call, tick + 1));
  const again = verdict.is === 'unknown' && verdict.next === 'charge';
  if (taken > 1) return says('it was charged twice');
  if (verdict.is === 'not-paid' && taken > 0) return says('money is there');
  if (verdict.is === 'not-paid' && mayStill) return says('a call may still take the money');
  if (again && (taken > 0 || mayStill)) return says('another charge would be the second');
  if (verdict.is === 'paid' && taken === 0) return says('no money is there');
  if (verdict.is === 'person' && verdict.taken === 'no' && taken > 0) return says('money is there');
  const other = ask(rule, world, tick, [...evidence].reverse());
  if (JSON.stringify(other) !== JSON.stringify(verdict)) return says('it depends on the order of arrival');
  return undecided(rule, world);
}

/** With one honest look past the last moment of every call, the rule knows what comes next. */
function undecided(rule: ChargeRule, world: World): Broken<ChargeVerdict> | undefined {
  const sent = world.tick + ACTS_WITHIN + LAG + 1;
  const [newest] = seenBy(world, sent);
  const said = { status: 'ACTIVE', ...(newest !== undefined && { lastApprovedAt: at(newest) }) };
  const look = { sent, outcome: { kind: 'answered', said } as const };
  const verdict = ask(rule, { ...world, looks: [...world.looks, look] }, sent + 1);
  const ended = verdict.is !== 'unknown' || verdict.next === 'charge';
  return ended ? undefined : { broken: 'it never comes to an end', verdict };
}
