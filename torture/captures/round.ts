import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { machinery } from '../judge/machinery';
import type { Broken } from '../judge/verdict';
import { Random } from '../random';
import { untilStill } from '../still';
import { Caller } from '../stories/caller';
import { Chaos } from '../stories/chaos';
import { type Database, Reader } from '../world/database';
import { Instance, type Program } from '../world/instance';
import { type Shop, WEBHOOK_SECRET } from '../world/shop';
import { calmOf } from './judge/calm';
import type { CaptureRow } from './judge/case';
import { links } from './judge/files';
import { judge } from './judge/judge';
import { complaintsOf, silent } from './judge/words';
import { drawPlan, type Plan, type Played } from './plan';
import { DELIVERED_TO, KEY_OF } from './world/facts';
import type { OtpKakao } from './world/kakao';
import { Outages } from './world/outages';
import { SHOP_IDS } from './world/shops';
import { Store } from './world/store';

/** Ten minutes are thirty seconds. */
const TIME_SCALE = 0.05;
const OTP_LIVES_MS = 600_000 * TIME_SCALE;
const SHOP_MISBEHAVES = 0.15;
export const APPS: Record<Plan['kind'], Program> = {
  profile: { name: 'profile', path: 'torture/captures/world/profile-app.js', portVariable: 'PROFILE_PORT' },
  location: { name: 'location', path: 'torture/captures/world/location-app.js', portVariable: 'LOCATION_PORT' },
  image: { name: 'image', path: 'torture/captures/world/image-app.js', portVariable: 'IMAGE_PORT' },
};

export interface CaptureWorld {
  database: Database;
  kakao: OtpKakao;
  shop: Shop;
  dist: string;
}

export interface CaptureRoundOptions {
  seed: number;
  customers: number;
  instances: number;
  spreadMs: number;
  hopeless: number;
}

export interface CaptureRoundResult {
  broken: Broken[];
  counts: Record<string, number>;
}

/** Customers, disturbances and outages of one seed, on a database of their own, until all is still; then the judge. */
export async function playCaptures(world: CaptureWorld, options: CaptureRoundOptions): Promise<CaptureRoundResult> {
  const { seed, customers, instances: count, spreadMs, hopeless } = options;
  const { database, kakao, shop } = world;
  const name = `captures_${seed}_${randomUUID().slice(0, 8)}`;
  const url = await database.fresh(name);
  const reader = new Reader(url);
  const store = await Store.open();
  const plans = Array.from({ length: customers }, (_, at) =>
    drawPlan(Random.of(seed, 'plan', at), seed, at, spreadMs, hopeless),
  );
  kakao.begin(plans);
  shop.begin(seed, SHOP_MISBEHAVES);
  const start = (program: Program, address?: string): Promise<Instance> =>
    Instance.at(world.dist, { ...environment(world, store.folder, address), DATABASE_URL: url }, program);
  const profile = await Promise.all(Array.from({ length: count }, () => start(APPS.profile)));
  const first = await start(APPS.image);
  const image = [first, ...(await Promise.all(Array.from({ length: count - 1 }, () => start(APPS.image, first.url))))];
  const location = [await start(APPS.location)];
  const instances = [...profile, ...location, ...image];
  try {
    await Promise.all(instances.map((instance) => instance.start()));
    const callers = { profile: new Caller(profile), location: new Caller(location), image: new Caller(image) };
    const paceMs = Math.max(1_500, Math.min(5_000, spreadMs / 2));
    const chaos = new Chaos(Random.of(seed, 'chaos'), instances, database, paceMs);
    const draws = (name: string): Random => Random.of(seed, 'outages', name);
    const outages = new Outages(
      { kakao: draws('kakao'), store: draws('store'), shop: draws('shop') },
      ...[kakao, store, shop, paceMs],
    );
    chaos.start();
    outages.start();
    const played = await Promise.all(plans.map((plan) => play(plan, kakao, callers[plan.kind], seed)));
    await Promise.all([chaos.stop(), outages.stop()]);
    shop.misbehaves = 0;
    const rest = await untilStill(() => unrest(reader));
    const rows = await reader.rows<CaptureRow>(
      `SELECT id, relay_id AS token, state, failure, received_at AS received FROM capture.captures ORDER BY id`,
    );
    const jobs = await reader.rows<{ name: string; state: string; count: number }>(
      `SELECT name, state::text, count(*)::int AS count FROM pgboss.job
        WHERE state::text = 'failed' OR name = 'dead' GROUP BY 1, 2`,
    );
    const windows = [...chaos.windows, ...outages.windows];
    const complaints = complaintsOf(instances, outages.windows);
    const failures = Object.values(callers).flatMap((caller) => caller.failures);
    const silences = Object.values(callers).flatMap((caller) => caller.silences);
    const { broken: deadLinks, compared } = await links(shop.received);
    const broken = [
      ...rest,
      ...judge({
        played,
        rows,
        received: shop.received,
        forged: shop.forged,
        windows,
        asks: kakao.asks,
      }),
      ...deadLinks,
      ...silent(silences, windows),
      ...machinery({ jobs }, complaints, failures, chaos.windows),
    ];
    return {
      broken,
      counts: { ...countsOf(rows, played, chaos, outages, world), 'images compared byte by byte': compared },
    };
  } finally {
    await reader.end();
    await Promise.all(instances.map((instance) => instance.drain()));
    await database.drop(name);
    await store.close();
  }
}

/** @param address of the image apps: the links lead to one of them */
export function environment(
  { kakao, shop }: { kakao: { url: string }; shop: { url: string } },
  store: string,
  address?: string,
): Record<string, string> {
  return {
    NODE_ENV: 'test',
    LOG_LEVEL: 'error',
    // The torture floods the machine: a late answer breaks no promise that it judges.
    ANSWER_WITHIN_MS: '20000',
    RETRY_TIME_SCALE: String(TIME_SCALE),
    OTP_TIMEOUT_MS: '500',
    IMAGE_STORE: store,
    // Time runs twenty times as fast, so more is under way at once.
    IMAGE_PARALLEL_TOTAL: '40',
    KAKAO_TALK_PLUGIN_ORIGIN: kakao.url,
    KAKAO_IMAGE_ORIGINS: kakao.url,
    DEFAULT_MERCHANT: SHOP_IDS[0],
    ...(address !== undefined && { PUBLIC_BASE_URL_IMAGE: address }),
    ...Object.fromEntries(
      SHOP_IDS.flatMap((id) => [
        [`${id.toUpperCase()}_PATH_KEY`, id],
        [`${id.toUpperCase()}_REST_API_KEY`, KEY_OF[id]],
        [`${id.toUpperCase()}_WEBHOOK_URL`, `${shop.url}${DELIVERED_TO[id]}`],
        [`${id.toUpperCase()}_WEBHOOK_SECRET`, WEBHOOK_SECRET],
      ]),
    ),
  };
}

/** The callback of one customer and its duplicates, each at its time. */
async function play(plan: Plan, kakao: OtpKakao, caller: Caller, seed: number): Promise<Played> {
  const random = Random.of(seed, 'callbacks', plan.index);
  const [first = 0] = plan.callbacksAfterMs;
  const played: Played = { plan, endsAt: Date.now() + first + OTP_LIVES_MS, refusals: [] };
  const otp = kakao.issue(plan, played.endsAt);
  await Promise.all(
    plan.callbacksAfterMs.map(async (afterMs) => {
      await delay(afterMs);
      const reply = await caller.once(random, {
        method: 'POST',
        path: `${plan.shop === SHOP_IDS[0] ? '' : `/m/${plan.shop}`}/callback`,
        headers: { 'x-kakao-plugin-relay-id': plan.token },
        body: { otp },
      });
      if (!reply || reply.http >= 500) return;
      if (reply.http === 200 && reply.body.status === 200) played.acceptedAt ??= Date.now();
      else played.refusals.push(`${reply.http} ${JSON.stringify(reply.body)}`);
    }),
  );
  return played;
}

/** @returns what still moves */
async function unrest(reader: Reader): Promise<string[]> {
  const rows = await reader.rows<{ what: string; count: number }>(
    `SELECT 'capture ' || state AS what, count(*)::int AS count FROM capture.captures
      WHERE state IN ('pending', 'redeemed') GROUP BY 1
     UNION ALL SELECT 'delivery', count(*)::int FROM merchant.deliveries WHERE state = 'pending' GROUP BY 1`,
  );
  return rows.map(({ what, count }) => `${count} × ${what}`);
}

function countsOf(
  rows: readonly CaptureRow[],
  played: readonly Played[],
  chaos: Chaos,
  outages: Outages,
  { kakao, shop }: CaptureWorld,
): Record<string, number> {
  const counts: Record<string, number> = {
    customers: played.length,
    callbacks: played.reduce((sum, { plan }) => sum + plan.callbacksAfterMs.length, 0),
    'customers accepted': played.filter(({ acceptedAt }) => acceptedAt !== undefined).length,
    'calls to Kakao': kakao.calls,
    'events at the shop': shop.received.length,
  };
  for (const { state, failure } of rows) {
    const name = `captures ${state}${failure ? ` ${failure}` : ''}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  const all = [...chaos.windows, ...outages.windows];
  const outagesOf = (what: string): number => all.filter((window) => window.what === what).length;
  const planOf = new Map(played.map((each) => [each.plan.token, each]));
  const quiet = rows.filter(({ token, received }) => {
    const each = planOf.get(token);
    return each && calmOf(each.plan.kind, received.getTime(), each.endsAt, all) !== undefined;
  });
  const downMs = all.reduce((sum, { what, from, to }) => sum + (what === 'kakao' ? to - from : 0), 0);
  return {
    ...counts,
    // Nothing is forgiven that was not held of these.
    'captures with a quiet time': quiet.length,
    kills: chaos.kills,
    freezes: chaos.freezes,
    drains: chaos.drains,
    'database crashes': chaos.databaseCrashes,
    'outages of Kakao': outagesOf('kakao'),
    'minutes Kakao was down': Math.round(downMs / TIME_SCALE / 60_000),
    'outages of the shop': outagesOf('shop'),
    'times the store was full': outages.timesFull,
    'times the store was gone': outages.timesGone,
  };
}
