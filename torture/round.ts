import { randomUUID } from 'node:crypto';
import { EncryptionConfig, readConfig, Vault } from '@biz/platform';
import { course } from './judge/course';
import { type Evidence, gatherEvidence, unrest } from './judge/evidence';
import { givenUp } from './judge/given-up';
import { goods } from './judge/goods';
import { liveness } from './judge/liveness';
import { machinery } from './judge/machinery';
import { money } from './judge/money';
import { shop as shopRule } from './judge/shop';
import { subscriptions } from './judge/subscriptions';
import { type Broken, sum } from './judge/verdict';
import { Random } from './random';
import { untilStill } from './still';
import { Caller } from './stories/caller';
import { Chaos } from './stories/chaos';
import { Months } from './stories/months';
import type { FaultTally } from './stories/fault-tally';
import { Operator, type OperatorActs } from './stories/operator';
import { drawPlan, type Plan } from './stories/plan';
import { Story } from './stories/story';
import { type Database, Reader } from './world/database';
import { DRAFT_GOODS, DRAFT_PRICE, MERCHANT_IDS, stockFor } from './world/goods';
import { Instance } from './world/instance';
import type { Kakao } from './world/kakao';
import { type Shop, WEBHOOK_SECRET } from './world/shop';

/** Retries and ends of life come fifty times as fast. */
const TIME_SCALE = 0.02;
/** Of real time, here as in the simulator. */
export const TID_SECONDS = 10;
const SHOP_MISBEHAVES = 0.15;
const CHAOS_PACE_MS = 6_000;

export interface World {
  database: Database;
  kakao: Kakao;
  shop: Shop;
  /** Folder of the build under torture. */
  dist: string;
}

export interface RoundOptions {
  seed: number;
  schedules: number;
  instances: number;
  concurrency: number;
}

/** What one round did and found. */
export interface RoundResult {
  broken: Broken[];
  evidence: Evidence;
  counts: Record<string, number>;
  faults: FaultTally;
}

/** Buyers and disturbances of one seed, on a database of their own, until all is still; then the judge. */
export async function playRound(
  world: World,
  { seed, schedules, instances: count, concurrency }: RoundOptions,
): Promise<RoundResult> {
  const { database, kakao, shop } = world;
  const name = `round_${seed}_${randomUUID().slice(0, 8)}`;
  const url = await database.fresh(name);
  const reader = new Reader(url);
  const initial = stockFor(schedules);
  const plans = Array.from({ length: schedules }, (_, index) => drawPlan(Random.of(seed, 'plan', index), index));
  const drafts = await stockTheShop(reader, initial, plans);
  kakao.forget();
  shop.begin(seed, SHOP_MISBEHAVES);
  const instances = await Promise.all(
    Array.from({ length: count }, () => Instance.at(world.dist, { ...environment(world), DATABASE_URL: url })),
  );
  try {
    await Promise.all(instances.map((instance) => instance.start()));
    const caller = new Caller(instances);
    const faults: FaultTally = {};
    const stories = plans.map(
      (plan) =>
        new Story(
          plan,
          plan.draft === undefined ? `${plan.kind}-${plan.index}` : (drafts.get(plan.draft) ?? ''),
          Random.of(seed, 'story', plan.index),
          (attempt) => Random.of(seed, 'kakaopay', plan.index, attempt),
          { caller, kakao, shop },
          faults,
        ),
    );
    const chaos = new Chaos(Random.of(seed, 'chaos'), instances, database, CHAOS_PACE_MS);
    const months = new Months(Random.of(seed, 'months'), reader, kakao.faults, faults);
    chaos.start();
    months.start();
    await inTurns(stories, concurrency);
    await months.stop();
    await chaos.stop();
    kakao.faults.removeAll();
    shop.misbehaves = 0;
    const rest = await untilStill(() => unrest(reader));
    const operator = new Operator(Random.of(seed, 'operator'), reader, kakao, caller);
    await operator.decide();
    rest.push(...(await untilStill(() => unrest(reader))));
    const { withdrawals } = operator;
    const evidence = await gatherEvidence(reader, { stories, initial, kakao, shop, withdrawals });
    const complaints = instances.flatMap((instance) => instance.complaints);
    const broken = [
      ...rest,
      ...money(evidence),
      ...givenUp(evidence),
      ...goods(evidence),
      ...course(evidence),
      ...shopRule(evidence),
      ...subscriptions(evidence, chaos.windows),
      ...liveness(evidence, chaos.windows),
      ...machinery(evidence, complaints, caller.failures, chaos.windows),
    ];
    return {
      broken,
      evidence,
      faults: { ...faults, ...shop.faults },
      counts: countsOf(evidence, chaos, operator.acts),
    };
  } finally {
    await reader.end();
    await Promise.all(instances.map((instance) => instance.drain()));
    await database.drop(name);
  }
}

/** What every payment app under torture is told, but for its database. */
export function environment({ kakao, shop }: World): Record<string, string> {
  return {
    NODE_ENV: 'test',
    LOG_LEVEL: 'error',
    // The torture floods the machine: a late answer breaks no promise that it judges.
    ANSWER_WITHIN_MS: '20000',
    RETRY_TIME_SCALE: String(TIME_SCALE),
    TID_TTL_SECONDS: String(TID_SECONDS / TIME_SCALE),
    ORDER_TTL_SECONDS: String((TID_SECONDS + 2) / TIME_SCALE),
    KAKAOPAY_TIMEOUT_MS: '400',
    KAKAOPAY_ORIGIN: kakao.url,
    PUBLIC_BASE_URL_SIMULATOR: kakao.url,
    DEFAULT_MERCHANT: 'counter',
    TORTURE_SHOP_URL: shop.url,
    ...Object.fromEntries(
      MERCHANT_IDS.flatMap((id) => [
        [`${id.toUpperCase()}_WEBHOOK_URL`, `${shop.url}/webhook`],
        [`${id.toUpperCase()}_WEBHOOK_SECRET`, WEBHOOK_SECRET],
      ]),
    ),
  };
}

/** Goods on the shelves, and what the option plugin would have left behind. @returns the sheet ids of drafts */
async function stockTheShop(
  reader: Reader,
  initial: Record<string, number>,
  plans: Plan[],
): Promise<Map<string, string>> {
  for (const merchant of MERCHANT_IDS) {
    for (const [sku, pieces] of Object.entries(initial)) {
      await reader.rows(`INSERT INTO commerce.stock (merchant_id, product_id, sku, on_hand) VALUES ($1, $2, $2, $3)`, [
        merchant,
        sku,
        pieces,
      ]);
    }
  }
  const sealed = await new Vault(readConfig(EncryptionConfig, {})).seal('[]', 'commerce.draft');
  const lines = JSON.stringify(DRAFT_GOODS.map(({ sku, quantity }) => ({ productId: sku, sku, quantity })));
  const drafts = new Map<string, string>();
  for (const { draft, kind, user } of plans) {
    if (draft === undefined || drafts.has(draft)) continue;
    const id = randomUUID();
    drafts.set(draft, id);
    await reader.rows(
      `INSERT INTO commerce.drafts (id, merchant_id, app_user_id, product_id, product_version, product_name, product_kind, quantity, total,
         use_shipping, lines, chosen_sealed, expires_at)
       VALUES ($1, 'counter', $2, 'shirt', 1, '티셔츠', 'commerce', 1, $3, false, $4, $5, now() + interval '1 hour')`,
      [id, kind === 'draft' ? user : null, DRAFT_PRICE, lines, sealed],
    );
  }
  await reader.rows(
    `INSERT INTO commerce.products (merchant_id, id, kakao_id, definition)
     VALUES ('counter', 'shirt', 'shirt', '{"id":"shirt","name":"티셔츠","kind":"commerce","price":24000,"groups":[]}')`,
  );
  return drafts;
}

async function inTurns(stories: Story[], concurrency: number): Promise<void> {
  const waiting = [...stories];
  const play = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await next.play();
  };
  await Promise.all(Array.from({ length: concurrency }, play));
}

function countsOf(evidence: Evidence, chaos: Chaos, acts: OperatorActs): Record<string, number> {
  const { orders, booked, attempts, differences } = evidence;
  const states: Record<string, number> = {};
  for (const { state } of orders) states[`orders ${state}`] = (states[`orders ${state}`] ?? 0) + 1;
  return {
    tids: booked.length,
    attempts: attempts.length,
    'later charges': orders.filter(({ subscription, state }) => subscription !== null && state === 'paid').length,
    charges: sum(booked.map(({ charges }) => charges.length)),
    refunds: sum(booked.map(({ refunds }) => refunds.length)),
    'won charged': sum(booked.flatMap(({ charges }) => charges)),
    'won back': sum(booked.flatMap(({ refunds }) => refunds)),
    ...states,
    ...paidAgain(evidence),
    ...acts,
    'refunds given up': differences.filter(({ state }) => state === 'given-up').length,
    kills: chaos.kills,
    freezes: chaos.freezes,
    drains: chaos.drains,
    'database crashes': chaos.databaseCrashes,
  };
}

/** Orders that were paid again after the shop had refused them, and how the payment before had gone. */
function paidAgain({ orders, attempts, refunds, history, subscriptions: all }: Evidence): Record<string, number> {
  const refused = new Set(
    history.filter(({ from, to }) => from === 'fulfilling' && to === 'failed').map(({ order }) => order),
  );
  const again = orders.filter(
    ({ id, attempt }) =>
      refused.has(id) &&
      attempts.some((each) => each.id === attempt && each.charged !== null && each.state !== 'surplus'),
  );
  const before = new Set(
    refunds.filter(({ cause, state }) => cause === 'operator' && state === 'done').map(({ attempt }) => attempt),
  );
  return {
    'paid again after a refusal': again.length,
    'of them after a partial refund': again.filter((order) =>
      attempts.some((each) => each.order === order.id && each.id !== order.attempt && before.has(each.id)),
    ).length,
    'of them subscriptions': again.filter(({ id }) => all.filter(({ order }) => order === id).length > 1).length,
  };
}
