import { type MerchantId, PRICES } from '../world/goods';
import type { Random } from '../random';

/** One try to pay: a tid, and what becomes of it. Times in milliseconds. */
export interface Try {
  /** How often T2 arrives; 0: it is lost. */
  t2Times: number;
  t2ApartMs: number;
  /** The buyer is quicker than the plugin. */
  t3BeforeT2: boolean;
  does: 'authenticate' | 'quit' | 'fail' | 'nothing';
  doesAfterMs: number;
  /** How often T3 arrives; 0: it is lost. */
  t3Times: number;
  t3ApartMs: number;
  t3AfterMs: number;
  t3Posted: boolean;
  /** Somebody tries the address with a token or an order that is not the buyer's. */
  forged: boolean;
  /** The buyer goes back by one of these addresses, whatever else is under way. */
  leaves?: 'cancel' | 'fail';
  /** Counted from T3, else from the begin. */
  leavesAfterT3: boolean;
  leavesAfterMs: number;
  /** The next try begins without waiting for the end of this one. */
  hasty: boolean;
}

/** What an operator does while the buyer pays, or after. */
export interface Wish {
  afterMs: number;
  /** Share of the price; all that is left when absent. */
  share?: number;
  /** The same wish comes this often at once, under one key. */
  times: number;
  key: string;
}

/** The shop refuses the first payment of the order, and the buyer pays again. */
export interface ShopRefusal {
  /** Share of the price that an operator gives back before the shop refuses. */
  part?: number;
  /** KakaoPay's answer to the second payment names another amount: a person decides about it. */
  doubtful: boolean;
}

export type SheetKind = 'coffee' | 'mug' | 'bundle' | 'trial' | 'monthly' | 'draft' | 'shared-draft';

/** Everything a buyer will do, drawn before it begins. */
export interface Plan {
  index: number;
  merchant: MerchantId;
  kind: SheetKind;
  /** Which draft of the round it pays. */
  draft?: string;
  user: string;
  startsAfterMs: number;
  t1Times: number;
  abandons: boolean;
  tries: Try[];
  wishes: Wish[];
  refusal?: ShopRefusal;
}

export const priceOf = ({ kind }: Plan): number => PRICES[kind] ?? 24_000;

export function drawPlan(random: Random, index: number): Plan {
  const kind = random.weighted<SheetKind>({
    coffee: 34,
    mug: 22,
    bundle: 12,
    monthly: 8,
    trial: 6,
    draft: 10,
    'shared-draft': 8,
  });
  const drafted = kind === 'draft' || kind === 'shared-draft';
  const tries = [drawTry(random)];
  while (tries.length < 3 && random.chance(0.3)) tries.push(drawTry(random));
  const plan: Plan = {
    index,
    merchant: drafted || random.chance(0.6) ? 'counter' : 'workshop',
    kind,
    // Up to four buyers stand before one shared draft.
    ...(drafted && { draft: kind === 'draft' ? `own-${index}` : `shared-${Math.floor(index / 8)}` }),
    user: `buyer-${index}`,
    startsAfterMs: random.int(0, 300),
    t1Times: random.weighted({ 1: 7, 2: 2, 3: 1 }) === '1' ? 1 : random.int(2, 3),
    abandons: random.chance(0.04),
    tries,
    wishes: drawWishes(random),
  };
  const refusal = drawRefusal(random, plan);
  if (!refusal) return plan;
  const again = [drawTry(random, true), drawTry(random, true), ...plan.tries.slice(2)];
  return { ...plan, abandons: false, tries: again, refusal };
}

/** Only one of the merchants does order work of its own. A subscription that begins twice is worth more tries. */
function drawRefusal(random: Random, plan: Plan): ShopRefusal | undefined {
  const share = plan.kind === 'monthly' || plan.kind === 'trial' ? 0.8 : 0.25;
  if (plan.merchant !== 'workshop' || !random.chance(share)) return undefined;
  const part = priceOf(plan) > 0 && random.chance(0.6) ? 0.1 + 0.8 * random.next() : undefined;
  return { ...(part !== undefined && { part }), doubtful: random.chance(0.3) };
}

/** @param calm the buyer pays, and waits for what becomes of it */
function drawTry(random: Random, calm = false): Try {
  const leaves = random.chance(0.15) && !calm;
  const least = calm ? 1 : 0;
  return {
    t2Times: Math.max(least, Number(random.weighted({ 0: 3, 1: 70, 2: 20, 3: 7 }))),
    t2ApartMs: random.chance(0.6) ? 0 : random.int(1, 400),
    t3BeforeT2: random.chance(0.08) && !calm,
    does: calm ? 'authenticate' : random.weighted({ authenticate: 82, quit: 6, fail: 5, nothing: 7 }),
    doesAfterMs: random.int(0, 250),
    t3Times: Math.max(least, Number(random.weighted({ 0: 5, 1: 65, 2: 20, 3: 10 }))),
    t3ApartMs: random.chance(0.6) ? 0 : random.int(1, 500),
    t3AfterMs: random.chance(0.85) ? random.int(0, 100) : random.int(500, 3_000),
    t3Posted: random.chance(0.15),
    forged: random.chance(0.08),
    ...(leaves && { leaves: random.pick(['cancel', 'fail'] as const) }),
    leavesAfterT3: random.chance(0.7),
    leavesAfterMs: random.int(0, 500),
    hasty: random.chance(0.35) && !calm,
  };
}

function drawWishes(random: Random): Wish[] {
  if (!random.chance(0.28)) return [];
  const afterMs = random.int(0, 5_000);
  const key = (name: string): string => `${name}-${random.int(0, 999_999)}`;
  switch (random.weighted({ whole: 3, part: 3, twice: 2, two: 3, three: 1 })) {
    case 'whole':
      return [{ afterMs, times: 1, key: key('whole') }];
    case 'part':
      return [{ afterMs, share: random.next(), times: 1, key: key('part') }];
    case 'twice':
      return [{ afterMs, ...(random.chance(0.5) && { share: random.next() }), times: 2, key: key('twice') }];
    case 'two':
      return [
        { afterMs, share: random.next(), times: 1, key: key('first') },
        { afterMs, ...(random.chance(0.5) && { share: random.next() }), times: 1, key: key('second') },
      ];
    case 'three':
      return [0.4, 0.3, 0.3].map((share, at) => ({
        afterMs: afterMs + at * 50,
        share,
        times: 1,
        key: key(`part${at}`),
      }));
  }
}
