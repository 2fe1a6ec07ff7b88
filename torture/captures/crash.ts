import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type CrashReport, everyPoint, type Journey, type Life } from '../crash/every-point';
import { HttpProxy } from '../crash/http-proxy';
import { END_LIMIT_MS, Mortal, RELEASE_JOBS, TRIES_WHILE_STARTING } from '../crash/mortal';
import { PostgresProxy } from '../crash/postgres-proxy';
import { type Point, Steps } from '../crash/steps';
import { Random } from '../random';
import { Caller } from '../stories/caller';
import { type Database, Reader } from '../world/database';
import { Instance } from '../world/instance';
import { Shop } from '../world/shop';
import type { CaptureRow } from './judge/case';
import { links } from './judge/files';
import { judge } from './judge/judge';
import type { FilePlan, Plan, Played } from './plan';
import { APPS, environment } from './round';
import { OtpKakao } from './world/kakao';

/** Ten minutes are a minute, on a machine that is not busy. */
const QUICKEST_TIME_SCALE = 0.1;
const OTP_LIVES_MS = 600_000;
/** An OTP lives so many times as long as an app takes to start: three of them start at once, and start again. */
const STARTS_IN_A_LIFE = 20;

const KINDS = ['profile', 'location', 'image'] as const;
const FILE: FilePlan = { faults: [], outcome: 'data', bytes: 90_000, pieceMs: 0 };

const RELEASE_CLAIMS = [
  ...RELEASE_JOBS,
  'UPDATE capture.captures SET claimed_until = NULL',
  'UPDATE capture.files SET claimed_until = NULL',
];

export interface CrashWorld {
  database: Database;
  dist: string;
}

/** Each app dies at every step between callback and delivery. */
export function captureCrashPoints(world: CrashWorld, every: number): Promise<CrashReport> {
  const pace = new Pace();
  const journeys = KINDS.map((kind): Journey => ({ name: kind, go: (point) => live(world, kind, pace, point) }));
  return everyPoint(journeys, every);
}

/** How fast time runs, which follows the machine: an OTP must not die while its app starts again. */
class Pace {
  private slowestStartMs = 0;

  get timeScale(): number {
    return Math.max(QUICKEST_TIME_SCALE, (STARTS_IN_A_LIFE * this.slowestStartMs) / OTP_LIVES_MS);
  }

  async start(app: Instance): Promise<void> {
    const began = performance.now();
    await app.start();
    this.slowestStartMs = Math.max(this.slowestStartMs, performance.now() - began);
  }
}

/** One customer, one app that dies at a point of what it does, and the judge. */
async function live(
  { database, dist }: CrashWorld,
  kind: Plan['kind'],
  pace: Pace,
  point: Point | undefined,
): Promise<Life> {
  const { timeScale } = pace;
  const name = `crash_${randomUUID().slice(0, 8)}`;
  const steps = new Steps();
  const url = await database.fresh(name);
  const reader = new Reader(url);
  const store = mkdtempSync(join(tmpdir(), 'biz-torture-images-'));
  const [kakao, shop] = await Promise.all([OtpKakao.start(), Shop.start()]);
  const proxies = await Promise.all([
    PostgresProxy.start(url, steps),
    HttpProxy.start(kakao.url, steps),
    HttpProxy.start(shop.url, steps),
  ]);
  const [postgres, kakaoProxy, shopProxy] = proxies;
  kakao.behind = kakaoProxy.url;
  const settings = {
    ...environment({ kakao: kakaoProxy, shop: shopProxy }, store),
    RETRY_TIME_SCALE: String(timeScale),
    DATABASE_URL: postgres.url,
  };
  const app = await Instance.at(dist, settings, APPS[kind]);
  try {
    await pace.start(app);
    const plan = planOf(kind);
    kakao.begin([plan]);
    const played: Played = { plan, endsAt: Date.now() + OTP_LIVES_MS * timeScale, refusals: [] };
    const reached = await new Mortal(app, steps, reader, RELEASE_CLAIMS).dyingAt(point, () =>
      handOver(kakao.issue(plan, played.endsAt), played, new Caller([app]), reader),
    );
    const rows = await reader.rows<CaptureRow>(
      `SELECT id, relay_id AS token, state, failure, received_at AS received FROM capture.captures`,
    );
    const broken = [
      ...judge({
        ...{ played: [played], rows, received: shop.received, forged: shop.forged, windows: [] },
        asks: kakao.asks,
      }),
      ...(await links(shop.received)).broken,
    ];
    const wrong = [...broken.map(({ what }) => what), ...app.complaints.map(({ text }) => text)];
    return { seen: [...steps.seen], reached, ...(wrong.length > 0 && { failure: wrong.join('; ') }) };
  } catch (error) {
    return { seen: [...steps.seen], reached: true, failure: (error as Error).message };
  } finally {
    await app.kill();
    await Promise.all([...proxies.map((proxy) => proxy.stop()), reader.end(), kakao.stop(), shop.stop()]);
    await database.drop(name);
    rmSync(store, { recursive: true, force: true });
  }
}

const planOf = (kind: Plan['kind']): Plan => ({
  ...{ index: 0, token: randomUUID(), kind, shop: 'counter', callbacksAfterMs: [0], faults: [], outcome: 'data' },
  // One after the other, so that every run makes the same steps.
  files: kind === 'image' ? [FILE, FILE, FILE] : [],
});

/** The callback, until it is answered; then all that follows from it. */
async function handOver(otp: string, played: Played, caller: Caller, reader: Reader): Promise<void> {
  const reply = await caller.untilAnswered(
    Random.of('crash'),
    {
      method: 'POST',
      path: '/callback',
      headers: { 'x-kakao-plugin-relay-id': played.plan.token },
      body: { otp },
    },
    TRIES_WHILE_STARTING,
  );
  if (reply?.body.status !== 200) throw new Error(`the callback was answered ${JSON.stringify(reply)}`);
  played.acceptedAt = Date.now();
  const giveUpAt = Date.now() + END_LIMIT_MS;
  for (;;) {
    const rows = await reader.rows<{ state: string }>(
      `SELECT state FROM capture.captures WHERE state IN ('pending', 'redeemed')
       UNION ALL SELECT state FROM merchant.deliveries WHERE state = 'pending'`,
    );
    if (rows.length === 0) return;
    if (Date.now() > giveUpAt) throw new Error(`${END_LIMIT_MS / 1000} s went by, and something is ${rows[0]?.state}`);
    await delay(50);
  }
}
