import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run } from '../../scripts/environment';
import { LoadClient } from '../load/load-client';
import { describeCores } from '../machine/cores';
import { type BenchDatabase, DatabaseServer } from '../machine/database-server';
import { residentMb } from '../machine/processes';
import { Server } from '../machine/server';
import { shippedOptions } from '../machine/shipped';
import { type Outside, startProgram } from '../outside/outside';
import { printProfiles } from '../report/profile';
import { Report, timesFaster } from '../report/report';
import { interleaved, of, type Runner, type Work } from '../rounds';
import { fromCommandLine } from '../options';
import { type CaptureBenchOptions, optionsOf } from './options';
import { measureSlowPictures } from './slow-pictures';

const DIST = join(__dirname, '../..');
const PICTURES_OF_A_CUSTOMER = 30;

/** `npm run bench:captures`: callbacks, their way to the shop, and images. A measurement, not a gate. */
run(async () => {
  const options = fromCommandLine(optionsOf);
  const { measures, rounds, seconds, kakaoMs, history, cpuProf } = options;
  const report = new Report();
  report.note(
    `${describeCores()}; ${rounds} rounds of ${seconds} s, interleaved; ` +
      `${history} captures are over and done; Kakao answers in ${kakaoMs} ms`,
  );
  const folder = mkdtempSync(join(tmpdir(), 'biz-bench-captures-'));
  const [database, kakao] = await Promise.all([DatabaseServer.start(), startKakao(options)]);
  const load = LoadClient.start('rest');
  try {
    const stage = { database, kakao, load, folder, report, options };
    if (measures.includes('callbacks')) await measureCallbacks(stage);
    if (measures.includes('images')) await measureImages(stage);
    if (measures.includes('slow-pictures')) {
      const images = await databaseOf(stage, 'image', 'slow');
      const ours = await startOurs(stage, 'image', images);
      await measureSlowPictures(kakao, ours, images, report);
      await ours.stop();
    }
  } finally {
    load.stop();
    kakao.stop();
    for (const each of opened) await each.close();
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  report.summary();
  if (cpuProf !== undefined) printProfiles(cpuProf);
});

/** What was opened last is closed first, also when something failed. */
const opened: BenchDatabase[] = [];

interface Stage {
  database: DatabaseServer;
  kakao: Outside;
  load: LoadClient;
  folder: string;
  report: Report;
  options: CaptureBenchOptions;
}

/** What a platform has behind it that has been running for a while; its last count is of a quiet hour, when nothing waited. */
const HISTORY = `
  INSERT INTO capture.captures (id, kind, merchant, plugin, state, otp_fingerprint, consent, received_at, deadline_at,
         redeemed_at, delivered_at, erase_at, changed_at)
  SELECT gen_random_uuid(), $2, 'demo-shop', 'delivery', 'delivered', md5(n::text), '{"scopes":[],"retainDays":30}',
         at, at + interval '10 minutes', at, at, at + interval '30 days', at
    FROM generate_series(1, $1::integer) n, (SELECT now() - interval '1 day' AS at) AS yesterday`;

/** A database of an app with its history. */
async function databaseOf(
  { database: server, options }: Stage,
  app: 'profile' | 'image',
  name: string = app,
): Promise<BenchDatabase> {
  const database = await server.create(`bench_${name}`, [app]);
  opened.push(database);
  await database.query(HISTORY, [options.history, app]);
  await database.query('ANALYZE');
  return database;
}

async function measureCallbacks(stage: Stage): Promise<void> {
  const { database: server, kakao, load, report, options } = stage;
  const { rounds, seconds } = options;
  const database = await databaseOf(stage, 'profile');
  await database.query(
    'CREATE TABLE public.inline_callbacks (id uuid PRIMARY KEY, otp text, answer text, received_at timestamptz)',
  );
  const ours = await startOurs(stage, 'profile', database);
  const peer = (name: 'inline' | 'insert'): Promise<Server> =>
    Server.start({
      ...{ name, program: [join(DIST, 'bench/peers/express-callback.program.js'), name], core: 'server' },
      env: { DATABASE_URL: database.url, NODE_ENV: 'production' },
      ...{ portVariable: 'PORT', readyPath: '/ready', log: join(stage.folder, `${name}.log`) },
    });
  const [inline, insert] = [await peer('inline'), await peer('insert')];
  const runner: Runner = { load, databasePids: () => server.pids(), rounds, seconds, warmUpSeconds: 2 };
  let first = 0;
  const workOf = (each: Server): Work => ({
    plan: async (time, fastest) => {
      // What waits from the round before would be redeemed in this one.
      if (each === ours) await drained(ours, database);
      const count = Math.ceil((fastest ?? 12_000) * 1.6 * time) + 2_000;
      const from = first;
      first += count;
      return { connections: 64, requests: { kind: 'callbacks', origin: kakao.origin, first: from, count } };
    },
  });
  const measured = await interleaved(runner, [inline, insert, ours], workOf);
  report.section('Callbacks accepted, 64 connections', measured);
  const compare = (to: Server, what: string, target: number, moonshot: number): void => {
    const times = timesFaster(of(measured, 'ours'), of(measured, to.name));
    report.verdict({
      what: `callbacks accepted, to an Express handler that ${what}`,
      ...times,
      target,
      moonshot,
      atLeast: true,
    });
  };
  compare(inline, 'fetches inline', 3, 5);
  compare(insert, 'only inserts', 3, 5);
  await insert.stop();
  inline.resume();
  await drained(ours, database, false);
  await measureDelivery(stage, database, ours, inline, first);
  await ours.stop();
  await inline.stop();
}

/** How long after its callback the shop has it, at a steady rate; beside it, how long the inline handler takes to answer. */
async function measureDelivery(
  { load, kakao, report, options: { rate, seconds } }: Stage,
  database: BenchDatabase,
  ours: Server,
  inline: Server,
  first: number,
): Promise<void> {
  const steady = (port: number, from: number) =>
    load.run({
      ...{ port, seconds, rate, connections: 64 },
      requests: { kind: 'callbacks', origin: kakao.origin, first: from, count: rate * seconds * 2 },
    });
  const begin = new Date();
  const accepted = await steady(ours.port, first);
  await drained(ours, database, false);
  const [row] = await database.query<{ p50: number; p95: number; n: number }>(
    `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS p50, percentile_cont(0.95) WITHIN GROUP (ORDER BY ms) AS p95,
            count(*)::int AS n
       FROM (SELECT extract(epoch FROM delivered_at - received_at) * 1000 AS ms FROM capture.captures
              WHERE received_at >= $1 AND state = 'delivered') delivered`,
    [begin],
  );
  const peer = await steady(inline.port, first + rate * seconds * 2);
  const ms = (value: number | undefined): string => `${(value ?? NaN).toFixed(1)} ms`;
  report.note(
    `\nAt ${rate}/s: accepted in ${ms(accepted.p50)} (p99 ${ms(accepted.p99)}), delivered to the shop after ${ms(row?.p50)} (p95 ${ms(row?.p95)}, ${row?.n ?? 0} of them); ` +
      `inline answers in ${ms(peer.p50)} (p99 ${ms(peer.p99)}), and delivers nothing`,
  );
  report.verdict({
    what: `callback to delivery at ${rate}/s, p95`,
    measured: row?.p95 ?? NaN,
    unit: 'ms',
    target: 100,
    atLeast: false,
  });
}

async function measureImages(stage: Stage): Promise<void> {
  const { kakao, load, report } = stage;
  const { customers, fileBytes } = stage.options;
  const database = await databaseOf(stage, 'image');
  const ours = await startOurs(stage, 'image', database);
  const files = customers * PICTURES_OF_A_CUSTOMER;
  await delay(2_000);
  const atRest = residentMb(ours.pid);
  const peaks: number[] = [];
  const begin = performance.now();
  await load.run({
    ...{ port: ours.port, seconds: 10, connections: 16 },
    requests: { kind: 'callbacks', origin: kakao.origin, first: 0, count: customers, segment: 'secure_image' },
  });
  for (let held = 0; held < files;) {
    const quarter = Math.min(3, Math.floor((4 * held) / files));
    peaks[quarter] = Math.max(peaks[quarter] ?? 0, residentMb(ours.pid));
    await delay(100);
    const [row] = await database.query<{ n: number; failed: number }>(
      `SELECT count(*) FILTER (WHERE state = 'stored')::int AS n, count(*) FILTER (WHERE state = 'failed')::int AS failed FROM capture.files`,
    );
    held = (row?.n ?? 0) + (row?.failed ?? 0);
    if ((row?.failed ?? 0) > 0) report.note(`  ${row?.failed ?? 0} files failed`);
    if (performance.now() - begin > 600_000) throw new Error(`only ${held} of ${files} files after ten minutes`);
  }
  const took = (performance.now() - begin) / 1000;
  const megabytes = (files * fileBytes) / 1e6;
  report.note(
    `\nImages: ${customers} customers × ${PICTURES_OF_A_CUSTOMER} files of ${fileBytes / 1e6} MB in ${took.toFixed(1)} s: ` +
      `${(files / took).toFixed(0)} files/s, ${(megabytes / took).toFixed(0)} MB/s; memory at rest ${atRest.toFixed(0)} MB, ` +
      `peak in each quarter ${peaks.map((peak) => peak.toFixed(0)).join(', ')} MB`,
  );
  report.verdict({
    what: 'peak memory while images are fetched',
    measured: Math.max(...peaks.filter(Boolean)),
    unit: 'MB',
    target: 200,
    atLeast: false,
  });
  await ours.stop();
}

function startOurs(
  { kakao, folder, options: { cpuProf } }: Stage,
  app: 'profile' | 'image',
  database: BenchDatabase,
): Promise<Server> {
  return Server.start({
    name: 'ours',
    program: [join(DIST, `apps/${app}/src/main.js`)],
    env: {
      DATABASE_URL: database.url,
      DATA_DIR: folder,
      KAKAO_TALK_PLUGIN_ORIGIN: kakao.origin,
      KAKAO_IMAGE_ORIGINS: kakao.origin,
      DEMO_SHOP_WEBHOOK_URL: `${kakao.origin}/hook`,
      // The load comes from one address.
      RATE_LIMITS: 'false',
    },
    portVariable: `${app.toUpperCase()}_PORT`,
    readyPath: '/health/ready',
    log: join(folder, `${app}.log`),
    core: 'server',
    nodeOptions: [
      ...shippedOptions(app),
      ...(cpuProf === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProf}`]),
    ],
  });
}

/** Lets a server finish what it accepted, and stops it again. */
async function drained(server: Server, database: BenchDatabase, pause = true): Promise<void> {
  server.resume();
  for (;;) {
    const [row] = await database.query<{ waits: boolean }>(
      `SELECT EXISTS (SELECT FROM capture.captures WHERE state IN ('pending', 'redeemed')) AS waits`,
    );
    if (!row?.waits) break;
    await delay(200);
  }
  if (pause) server.pause();
}

function startKakao({ fileBytes, kakaoMs }: CaptureBenchOptions): Promise<Outside> {
  return startProgram(join(__dirname, 'kakao.program.js'), {
    FILE_BYTES: String(fileBytes),
    KAKAO_MS: String(kakaoMs),
  });
}
