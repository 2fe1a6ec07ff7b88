import type { Random } from '../random';
import type { OtpKind } from '@biz/otp-client';
import { SHOP_IDS, type ShopId } from './world/shops';

/** How Kakao misbehaves once, before it answers. */
export type Fault = 'status' | 'busy' | 'drop-before' | 'drop-after' | 'slow';

/** What Kakao says in the end. */
export type Outcome = 'data' | 'refused' | 'garbage' | 'never' | 'unavailable';

export interface FilePlan {
  faults: Fault[];
  outcome: 'data' | 'refused';
  bytes: number;
  /** The pieces come this far apart. */
  pieceMs: number;
}

/** One customer who hands something over. */
export interface Plan {
  index: number;
  token: string;
  kind: OtpKind;
  shop: ShopId;
  /** The callback and its duplicates, after the beginning. */
  callbacksAfterMs: number[];
  faults: Fault[];
  outcome: Outcome;
  /** In the order of Kakao's answer: original, 3m, 1m of each picture. */
  files: FilePlan[];
}

/** A customer, and what became of the callbacks. */
export interface Played {
  plan: Plan;
  /** When a callback was first answered {"status":200}. */
  acceptedAt?: number;
  endsAt: number;
  /** Answers that no callback of a real OTP should have. */
  refusals: string[];
}

const FAULTS: Record<Fault, number> = { status: 4, busy: 2, 'drop-before': 3, 'drop-after': 2, slow: 3 };

/**
 * @param spreadMs callbacks come in bursts within this time
 * @param hopeless share of OTPs that Kakao never answers: they take their whole ten minutes
 */
export function drawPlan(random: Random, seed: number, index: number, spreadMs: number, hopeless: number): Plan {
  const kind = random.weighted({ profile: 45, location: 20, image: 35 });
  const burst = random.int(0, 5) / 5;
  const first = Math.floor(burst * spreadMs) + random.int(0, 120);
  const duplicates = random.weighted({ none: 5, once: 3, many: 2 });
  const more = { none: 0, once: 1, many: 4 }[duplicates];
  const drawn = random.chance(hopeless) ? 'never' : random.weighted({ data: 90, refused: 6, garbage: 4 });
  const outcome = kind === 'location' && drawn === 'refused' && random.chance(0.5) ? 'unavailable' : drawn;
  return {
    index,
    token: `t${seed}x${index}`,
    kind,
    shop: random.pick(SHOP_IDS),
    callbacksAfterMs: [first, ...Array.from({ length: more }, () => first + drawLater(random, spreadMs))],
    faults: drawFaults(random, 0.35),
    outcome,
    files: kind === 'image' ? Array.from({ length: 3 * random.int(1, 4) }, () => drawFile(random)) : [],
  };
}

function drawLater(random: Random, spreadMs: number): number {
  const when = random.weighted({ 'at once': 6, soon: 3, late: 1 });
  if (when === 'at once') return random.int(0, 60);
  return random.int(200, when === 'soon' ? 4_000 : Math.max(4_000, spreadMs / 2));
}

const drawFile = (random: Random): FilePlan => ({
  faults: drawFaults(random, 0.2),
  outcome: random.chance(0.05) ? 'refused' : 'data',
  bytes: random.int(500, 200_000),
  pieceMs: { quick: 0, slow: random.int(20, 120), 'very slow': random.int(300, 1_000) }[
    random.weighted({ quick: 84, slow: 13, 'very slow': 3 })
  ],
});

function drawFaults(random: Random, share: number): Fault[] {
  return random.chance(share) ? Array.from({ length: random.int(1, 3) }, () => random.weighted(FAULTS)) : [];
}
