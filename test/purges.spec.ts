import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AccessLogModule, AccessLog, LocationFacts, LocationFactsModule } from '@biz/privacy';
import { JOB_DAYS, Purges, purgeStatement } from '@biz/platform';
import type { AppDefinition, Purge, SchemaOwner } from '@biz/platform';
import { eventually, ManualClock, startTestApp, testDatabase, times } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { Module } from '@nestjs/common';
import { PgBoss } from 'pg-boss';
import { DataSource } from 'typeorm';
import { imageApp } from '../apps/image/src/image.module';
import { locationApp } from '../apps/location/src/location.module';
import { optionApp } from '../apps/option/src/option.module';
import { paymentApp } from '../apps/payment/src/payment.module';
import { profileApp } from '../apps/profile/src/profile.module';
import { syncApp } from '../apps/sync/src/sync.module';
import { DAY_MS, EndedRows, MAYBE_MONEY, OPEN, WITHOUT_MONEY } from './ended-rows';

const APPS = [profileApp, locationApp, imageApp, optionApp, paymentApp, syncApp].map((app) => app([]));
const OWNERS: SchemaOwner[] = [...new Set(APPS.flatMap(({ schemas }) => schemas))];
const PURGES: Purge[] = OWNERS.flatMap(({ purges = [] }) => purges);
/** Of docs/operations.md the part about what goes. */
const PAGE =
  readFileSync(join(__dirname, '..', 'docs/operations.md'), 'utf8')
    .split(/^(?=## )/m)
    .find((part) => part.startsWith('## What goes')) ?? '';

@Module({ imports: [AccessLogModule, LocationFactsModule] })
class RecordsModule {}

/** Owns every schema, so that one process purges them all. */
const everything: AppDefinition = {
  name: 'profile',
  title: 'Everything',
  description: 'Purges what all apps keep.',
  schemas: OWNERS,
  module: RecordsModule,
};

let database: TestDatabase;
let rows: EndedRows;
let app: TestApp;
const logs: string[] = [];
const clock = new ManualClock(new Date());

beforeAll(async () => {
  database = await testDatabase(...OWNERS);
  rows = new EndedRows(database);
  app = await startTestApp(everything, {
    database,
    clock,
    logDestination: { write: (line: string) => void logs.push(line) },
  });
});
beforeEach(() => (logs.length = 0));
afterAll(async () => {
  await app.close();
  await database.drop();
});

const tables = async (): Promise<string[]> =>
  (
    await database.query<{ name: string }>(
      `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
    )
  ).map(({ name }) => name);

const ownTables = async (): Promise<string[]> =>
  (await tables()).filter((name) => !name.startsWith('pgboss.') && !name.startsWith('platform.'));

async function counts(): Promise<Record<string, number>> {
  const all = await ownTables();
  const [row = {}] = await database.query<Record<string, number>>(
    `SELECT ${all.map((name) => `(SELECT count(*)::int FROM ${name}) AS "${name}"`).join(', ')}`,
  );
  return row;
}

const purge = (): Promise<boolean> => app.get(Purges).run();
const daysAgo = (days: number): Date => new Date(Date.now() - days * DAY_MS);
const FIVE_YEARS_AND_A_DAY = 5 * 365 + 3;

describe('what the platform keeps', () => {
  /** Of docs/operations.md: | table | what | days | why |. */
  const documented = [...PAGE.matchAll(/^\| `([a-z]+\.[a-z_*]+)` *\|[^|]*\|([^|]*)\|/gm)].map(
    ([, table = '', kept = '']) => ({ table, kept: kept.trim() }),
  );

  it('is listed in docs/operations.md: every table of the database, with its days or the reason why it has none', async () => {
    const listed = new Set(documented.map(({ table }) => table));
    const isListed = (name: string): boolean => listed.has(name) || listed.has(`${name.split('.')[0] ?? ''}.*`);
    expect((await tables()).filter((name) => !isListed(name))).toEqual([]);
  });

  it('is purged after the days that docs/operations.md names', () => {
    const inCode = PURGES.map(({ table, days }) => `${table} ${days.toLocaleString('en')}`);
    const inPage = documented.filter(({ kept }) => /^[\d,]+$/.test(kept)).map(({ table, kept }) => `${table} ${kept}`);
    expect([...new Set(inPage)].sort()).toEqual([...new Set(inCode)].sort());
    expect(PAGE).toContain(`| \`pgboss.*\``);
    expect(PAGE).toContain(`${JOB_DAYS.done} days after they ended, ${JOB_DAYS.waiting} days`);
  });

  it('is dated by the clock of the apps: no time that a purge goes by is left to a default of the database', async () => {
    const found = await database.query<{ name: string }>(
      `SELECT table_schema || '.' || table_name || ' ' || column_name AS name FROM information_schema.columns
        WHERE column_default IS NOT NULL AND data_type LIKE 'timestamp%' AND table_schema <> 'pgboss'`,
    );
    const defaults = new Set(found.map(({ name }) => name));
    expect(PURGES.map(({ table, since }) => `${table} ${since}`).filter((name) => defaults.has(name))).toEqual([]);
  });
});

describe('the purge', () => {
  it('finds each table’s oldest rows along an index of their time, and sorts nothing', async () => {
    await database.dataSource.transaction(async (manager) => {
      // A plan that needs what is forbidden here needs it at any size.
      for (const way of ['seqscan', 'sort', 'bitmapscan']) await manager.query(`SET LOCAL enable_${way} = off`);
      for (const each of PURGES) {
        const plan = await manager.query<{ 'QUERY PLAN': string }[]>(`EXPLAIN ${purgeStatement(each)}`, [
          new Date(),
          '-infinity',
          500,
        ]);
        const text = plan.map((row) => row['QUERY PLAN']).join('\n');
        const index = new RegExp(`Scan using (\\w+) on ${each.table.split('.')[1] ?? ''} t(?:_\\d+)? `).exec(text)?.[1];
        const [first] = await manager.query<{ column: string }[]>(
          `SELECT pg_get_indexdef($1::regclass, 1, true) AS column`,
          [`${each.table.split('.')[0] ?? ''}.${index ?? ''}`],
        );
        expect({ table: each.table, by: first?.column }).toEqual({ table: each.table, by: each.since });
        expect(text).not.toMatch(/Seq Scan on|Sort Key/);
      }
    });
  });

  it('is a job of every app that has a database, and runs by itself', async () => {
    const [old] = await rows.orders(daysAgo(100), [{ state: 'open' }]);
    await database.query(`UPDATE pgboss.job SET start_after = now() WHERE name = 'profile.purge'`);
    await eventually(async () => {
      expect(await found([old ?? ''])).toEqual([]);
      expect(logs.join('')).toContain('"rows":{"payment.orders":1}');
    });
    expect(await (await fetch(`${app.url}/metrics`)).text()).toContain(
      'biz_purged_rows_total{table="payment.orders"} 1',
    );
  });

  it('takes an order without money after 90 days, with all its parts, and none that may hold money or is not over', async () => {
    const gone = await rows.orders(daysAgo(91), WITHOUT_MONEY);
    const young = await rows.orders(daysAgo(89), WITHOUT_MONEY);
    const touched = await rows.orders(
      daysAgo(400),
      WITHOUT_MONEY.map((seed) => ({ ...seed, updatedAt: daysAgo(89) })),
    );
    const kept = await rows.orders(daysAgo(5 * 365), [...MAYBE_MONEY, ...OPEN]);
    const periods = await rows.orders(daysAgo(400), [
      { state: 'failed', period: { of: kept.at(-1) ?? '' } },
      { state: 'cancelled', period: { of: kept.at(-1) ?? '' } },
    ]);
    const before = await partsOf([...young, ...touched, ...kept, ...periods]);
    expect(await purge()).toBe(true);
    expect(await found(gone)).toEqual([]);
    expect(await partsOf(gone)).toEqual({ attempts: 0, callbacks: 0, refunds: 0, decisions: 0, history: 0 });
    const all = [...young, ...touched, ...kept, ...periods];
    expect(await found(all)).toEqual([...all].sort());
    // Tokens are worth nothing after their payment, whatever became of it.
    expect({ ...(await partsOf(all)), callbacks: 0 }).toEqual({ ...before, callbacks: 0 });
  });

  it('takes records of money after five years, not before, and never what is open', async () => {
    const old = await rows.orders(daysAgo(FIVE_YEARS_AND_A_DAY), [...WITHOUT_MONEY, ...MAYBE_MONEY]);
    const [ended = ''] = await rows.orders(daysAgo(FIVE_YEARS_AND_A_DAY), [{ state: 'paid', subscription: 'ended' }]);
    const periods = await rows.orders(daysAgo(FIVE_YEARS_AND_A_DAY), [{ state: 'paid', period: { of: ended } }]);
    const open = await rows.orders(daysAgo(3_000), OPEN);
    const young = await rows.orders(daysAgo(5 * 365 - 1), MAYBE_MONEY);
    const moved = await rows.orders(
      daysAgo(3_000),
      MAYBE_MONEY.map((seed) => ({ ...seed, updatedAt: daysAgo(5 * 365 - 1) })),
    );
    for (let day = 0; day < 3; day++) await purge();
    expect(await found([...old, ended, ...periods])).toEqual([]);
    const all = [...open, ...young, ...moved];
    expect(await found(all)).toEqual([...all].sort());
    expect(await database.query('SELECT id FROM payment.subscriptions WHERE id = $1', [ended])).toEqual([]);
  });

  it('takes every other row after its days, and what is open never', async () => {
    const open = {
      ...{ 'capture.captures': 1, 'capture.files': 1, 'merchant.deliveries': 1, 'merchant.delivery_attempts': 1 },
      ...{ 'commerce.drafts': 1, 'commerce.reservations': 1, 'sync.members': 2, 'sync.consents': 2 },
    };
    const contracts = { 'commerce.drafts': 2, 'commerce.reservations': 2, 'sync.members': 4, 'sync.consents': 4 };
    const year = { ...open, ...contracts, 'capture.captures': 2, 'capture.files': 2, 'sync.notices': 1 };
    expect(await leftOf(FIVE_YEARS_AND_A_DAY)).toEqual(open);
    expect(await leftOf(5 * 365 - 1)).toEqual({ ...open, ...contracts });
    expect(await leftOf(366)).toEqual({ ...open, ...contracts });
    expect(await leftOf(364)).toEqual(year);
    expect(await leftOf(91)).toEqual(year);
    expect(await leftOf(89)).toMatchObject({ 'capture.captures': 3, 'commerce.reservations': 4, 'sync.logins': 4 });
    expect(await leftOf(61)).toHaveProperty(['commerce.drafts'], 2);
    expect(await leftOf(59)).toHaveProperty(['commerce.drafts'], 3);
    expect(await leftOf(31)).not.toHaveProperty(['commerce.refusals']);
    expect(await leftOf(29)).toHaveProperty(['commerce.refusals'], 1);
  });

  /** What a purge leaves of rows that ended so many days ago. */
  async function leftOf(days: number): Promise<Record<string, number>> {
    await purge();
    const before = await counts();
    await rows.others(daysAgo(days));
    await purge();
    const left = Object.entries(await counts()).map(([table, n]): [string, number] => [
      table,
      n - (before[table] ?? 0),
    ]);
    return Object.fromEntries(left.filter(([, n]) => n > 0));
  }

  it.each<[string, Date]>([
    ['a year', daysAgo(400)],
    ['almost five years', daysAgo(5 * 365 - 1)],
  ])('could not delete money after %s if it wanted to: the database refuses', async (_, at) => {
    const money = MAYBE_MONEY.filter(({ decision }) => !decision);
    for (const id of await rows.orders(at, [...money, ...OPEN]))
      await expect(database.query('DELETE FROM payment.orders WHERE id = $1', [id])).rejects.toThrow('payment.orders');
    for (const part of ['attempts', 'refunds', 'decisions', 'history'])
      await expect(database.query(`DELETE FROM payment.${part}`)).rejects.toThrow(`payment.${part} is never changed`);
  });

  it('leaves what another instance holds, and goes on from there the next day', async () => {
    const [held = '', free = ''] = await rows.orders(daysAgo(91), [{ state: 'open' }, { state: 'open' }]);
    await database.dataSource.transaction(async (manager) => {
      await manager.query('SELECT 1 FROM payment.orders WHERE id = $1 FOR UPDATE', [held]);
      await purge();
      expect(await found([held, free])).toEqual([held]);
    });
    await Promise.all([purge(), purge(), purge()]);
    expect(await found([held])).toEqual([]);
  });

  it('takes thousands in small batches, and ends early when it is told to', async () => {
    await database.query(
      `INSERT INTO sync.failures (id, merchant, step, reason, failed_at)
       SELECT gen_random_uuid(), 'many', 'event', 'r', $1 FROM generate_series(1, 1600)`,
      [daysAgo(91)],
    );
    const left = async (): Promise<number> =>
      (await database.query(`SELECT 1 FROM sync.failures WHERE merchant = 'many'`)).length;
    expect(await app.get(Purges).run(0)).toBe(false);
    expect(await left()).toBeGreaterThanOrEqual(1_100);
    expect(await purge()).toBe(true);
    expect(await left()).toBe(0);
  });

  it('goes on with the other tables when one fails', async () => {
    await rows.others(daysAgo(91));
    await database.query('ALTER TABLE sync.logins RENAME TO lost');
    try {
      await expect(purge()).rejects.toThrow('1 of');
      expect(logs.join('')).toContain('"table":"sync.logins"');
    } finally {
      await database.query('ALTER TABLE sync.lost RENAME TO logins');
    }
    expect(await database.query('SELECT 1 FROM sync.failures WHERE failed_at < $1', [daysAgo(90)])).toEqual([]);
  });
});

describe('three simulated years', () => {
  const STEP_MS = 25 * DAY_MS;
  /** In steps; no days of a table end near one. */
  const YEAR = 15;
  const A_THIRD = 5;
  const MEMBERS = 'memberships and their consents: five years from their end, without an end for those that go on';
  const MONEY = 'contracts, payments and what they bought: five years (전자상거래법 시행령 제6조)';
  /** Grow for five years: too long for this test, whose neighbours show their end. */
  const GROWS: Record<string, string> = {
    'payment.orders': MONEY,
    'payment.attempts': MONEY,
    'payment.refunds': MONEY,
    'payment.decisions': MONEY,
    'payment.evidence': MONEY,
    'payment.sids': MONEY,
    'payment.differences': MONEY,
    'payment.used_keys': MONEY,
    'payment.history': MONEY,
    'payment.subscriptions': MONEY,
    'commerce.reservations': MONEY,
    'commerce.drafts': MONEY,
    'sync.members': MEMBERS,
    'sync.consents': MEMBERS,
  };
  /** What this test leaves open on purpose, so many rows each time: a sweep or a person ends them first. */
  const OPEN_ROWS: Record<string, number> = {
    'capture.captures': 1,
    'capture.files': 1,
    'merchant.deliveries': 1,
    'merchant.delivery_attempts': 1,
    'payment.callbacks': 3,
  };

  it('see the size of every table level off', async () => {
    await empty();
    const money: string[] = [];
    const seen: Record<string, number>[] = [];
    const begin = Date.now() - 3 * YEAR * STEP_MS;
    for (let step = 0; step <= 3 * YEAR; step++) {
      const now = new Date(begin + step * STEP_MS);
      clock.set(now);
      money.push(...(await rows.orders(now, [...WITHOUT_MONEY, ...MAYBE_MONEY, ...OPEN])).slice(WITHOUT_MONEY.length));
      await rows.others(now);
      await look();
      await purge();
      await app.get(AccessLog).eraseOld();
      await app.get(LocationFacts).eraseOld();
      if (step % A_THIRD === 0) seen.push(await counts());
    }
    const lastYear = seen.slice((2 * YEAR) / A_THIRD);
    const [first = {}, , , last = {}] = lastYear;
    const levels = Object.keys(first)
      .filter((table) => GROWS[table] === undefined)
      .map((table): [string, number[]] => [
        table,
        lastYear.map((at, third) => (at[table] ?? 0) - third * A_THIRD * (OPEN_ROWS[table] ?? 0)),
      ]);
    expect(levels).toEqual(levels.map(([table, [size]]) => [table, [size, size, size, size]]));
    // Nothing that may hold money has gone meanwhile, and of the rest of a kept table only what the last days brought is there.
    expect(await found(money)).toHaveLength(money.length);
    expect((last['payment.orders'] ?? 0) - money.length).toBe(4 * WITHOUT_MONEY.length);
    const [left] = await database.query<Record<string, number>>(
      `SELECT (SELECT count(*)::int FROM commerce.reservations WHERE state IN ('released', 'returned')) AS freed,
              (SELECT count(*)::int FROM commerce.drafts WHERE paid_at IS NULL AND erased_at IS NOT NULL) AS unpaid`,
    );
    expect(left).toEqual({ freed: 4 * 2, unpaid: 3 });
  });

  /** Somebody looks at personal data, and a location is collected. */
  function look(): Promise<void> {
    return app.get(DataSource).transaction(async (manager) => {
      const subject = randomUUID();
      const access = { merchant: 'shop', subject, what: 'details', reason: 'ticket 1', caller: '127.0.0.1' } as const;
      await app.get(AccessLog).record(manager, access);
      const fact = { merchant: 'shop', captureId: subject, subject, service: null, purpose: null, receiver: null };
      await app.get(LocationFacts).record(manager, { ...fact, kind: 'collected' });
    });
  }

  async function empty(): Promise<void> {
    const all = (await ownTables()).filter((name) => !name.startsWith('privacy.'));
    await database.dataSource.transaction(async (manager) => {
      // Triggers keep what may not be lost.
      await manager.query(`SET LOCAL session_replication_role = replica`);
      for (const name of all) await manager.query(`DELETE FROM ${name}`);
    });
  }
});

it('leaves the queue to pg-boss, which deletes what ended a week ago and what waited two weeks in vain', async () => {
  expect(
    await database.query(
      `SELECT DISTINCT deletion_seconds, retention_seconds FROM pgboss.queue WHERE name <> '__pgboss__send-it'`,
    ),
  ).toEqual([{ deletion_seconds: JOB_DAYS.done * 86_400, retention_seconds: JOB_DAYS.waiting * 86_400 }]);
  const boss = new PgBoss({ connectionString: database.url, max: 1, supervise: false, schedule: false });
  await boss.start();
  try {
    const ids = await Promise.all(times(4, () => boss.send('dead', {})));
    await database.query(
      `UPDATE pgboss.job SET completed_on = now() - interval '8 days', state = CASE id WHEN $1 THEN 'completed' ELSE 'failed' END::pgboss.job_state
        WHERE id = ANY ($2::uuid[])`,
      [ids[0], ids.slice(0, 2)],
    );
    await database.query(`UPDATE pgboss.job SET keep_until = now() - interval '1 minute' WHERE id = $1`, [ids[2]]);
    await database.query(`UPDATE pgboss.queue SET maintain_on = NULL`);
    await boss.supervise('dead');
    expect(await database.query(`SELECT id FROM pgboss.job WHERE name = 'dead'`)).toEqual([{ id: ids[3] }]);
  } finally {
    await boss.stop({ graceful: false, close: true });
  }
});

async function found(ids: readonly string[]): Promise<string[]> {
  const orders = await database.query<{ id: string }>(
    'SELECT id FROM payment.orders WHERE id = ANY($1::uuid[]) ORDER BY id',
    [ids],
  );
  return orders.map(({ id }) => id);
}

async function partsOf(ids: readonly string[]): Promise<Record<string, number>> {
  const parts = ['attempts', 'callbacks', 'refunds', 'decisions', 'history'];
  const [row = {}] = await database.query<Record<string, number>>(
    `SELECT ${parts.map((part) => `(SELECT count(*)::int FROM payment.${part} WHERE order_id = ANY($1::uuid[])) AS ${part}`).join(', ')}`,
    [ids],
  );
  return row;
}
