import { readFileSync } from 'node:fs';
import { eventually } from '@biz/testing';
import { World } from './world';

let world: World;

beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world.stop();
});

const DIVIDED = ['payment.history', 'merchant.deliveries', 'merchant.delivery_attempts'];

const nextMonth = (): string => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)).toISOString().slice(0, 10);
};

/** How many rows each partition holds. */
async function rowsOf(table: string): Promise<Record<string, number>> {
  const rows = await world.database.query<{ partition: string; rows: number }>(
    `SELECT tableoid::regclass::text AS partition, count(*)::integer AS rows FROM ${table} GROUP BY 1`,
  );
  return Object.fromEntries(rows.map(({ partition, rows: count }) => [partition, count]));
}

it('divides what grows by month while orders are paid, as docs/operations.md tells', async () => {
  await world.paidOrder();
  const before = await rowsOf('payment.history');
  // A loaded machine may be slow to let go of what a test holds.
  await world.database.query(readFileSync('deploy/partition-by-month.sql', 'utf8').replace(`'5s'`, `'10min'`));
  const first = nextMonth();
  const suffix = first.slice(0, 7).replace('-', '_');

  const paidMeanwhile = Promise.all([1, 2, 3].map(() => world.paidOrder()));
  for (const table of DIVIDED) {
    await world.database.query(`CALL platform.partition_by_month('${table}', '${first}', 2)`);
  }
  const orders = await paidMeanwhile;
  const later = await world.paidOrder();

  expect((await world.detail(later.id)).history.length).toBeGreaterThan(3);
  for (const order of orders) expect((await world.detail(order.id)).state).toBe('paid');
  const after = await rowsOf('payment.history');
  expect(Object.keys(after)).toEqual([`payment.history_until_${suffix}`]);
  expect(Object.values(after)[0]).toBe((before['payment.history'] ?? 0) * 5);

  await world.database.query(
    `INSERT INTO payment.history SELECT platform.first_id_of('${first}'), order_id, subject, subject_id, from_state, to_state, actor, note, at
     FROM payment.history LIMIT 1`,
  );
  expect(await rowsOf('payment.history')).toMatchObject({ [`payment.history_${suffix}`]: 1 });
  await expect(world.database.query(`UPDATE payment.history SET note = 'changed'`)).rejects.toThrow('never changed');
});

it('keeps the foreign keys of what it divides, checked', async () => {
  const keys = await world.database.query(
    `SELECT conname, convalidated FROM pg_constraint
      WHERE contype = 'f' AND conparentid = 0 AND conrelid = ANY ($1::regclass[]) ORDER BY 1`,
    [DIVIDED],
  );
  expect(keys).toEqual([
    { conname: 'delivery_attempts_delivery', convalidated: true },
    { conname: 'history_order', convalidated: true },
  ]);
  await expect(
    world.database.query(`INSERT INTO merchant.delivery_attempts (id, delivery_id, at, duration_ms, result)
      VALUES (gen_random_uuid(), gen_random_uuid(), now(), 1, 'ok')`),
  ).rejects.toThrow('delivery_attempts_delivery');
});

it.each([
  ['payment.history', 'payment.orders'],
  ['merchant.deliveries', 'merchant.deliveries'],
  ['merchant.delivery_attempts', 'merchant.deliveries'],
])('locks nothing of %s before it has %s, which every transaction locks first', async (table, first) => {
  const orders = world.database.dataSource.createQueryRunner();
  await orders.startTransaction();
  try {
    await orders.query(`LOCK TABLE ONLY ${first} IN ROW EXCLUSIVE MODE`);
    const divided = world.database.query(`CALL platform.partition_by_month('${table}', '${nextMonth()}', 3)`);
    divided.catch(() => undefined);
    await eventually(async () => {
      const locks = await world.database.query(
        `SELECT DISTINCT relation::regclass::text AS relation, l.granted FROM pg_locks l JOIN pg_stat_activity a USING (pid)
          WHERE a.datname = current_database() AND a.query LIKE 'CALL %' AND relation = ANY ($1::regclass[])
            AND mode IN ('ShareRowExclusiveLock', 'AccessExclusiveLock')`,
        [[...DIVIDED, 'payment.orders']],
      );
      expect(locks).toEqual([{ relation: first, granted: false }]);
    });
    // A transaction of the apps goes on, where it deadlocked.
    await orders.query(`LOCK TABLE ONLY ${table} IN ROW EXCLUSIVE MODE`);
    await orders.commitTransaction();
    await divided;
  } finally {
    if (orders.isTransactionActive) await orders.rollbackTransaction();
    await orders.release();
  }
});

it('lets a month of deliveries go only after the tries that refer to it', async () => {
  const suffix = nextMonth().slice(0, 7).replace('-', '_');
  const detach = (table: string): Promise<unknown> =>
    world.database.query(`ALTER TABLE ${table} DETACH PARTITION ${table}_until_${suffix}`);
  await eventually(async () => {
    expect(await rowsOf('merchant.delivery_attempts')).not.toEqual({});
  });
  await expect(detach('merchant.deliveries')).rejects.toThrow('delivery_attempts');
  await detach('merchant.delivery_attempts');
  await expect(detach('merchant.deliveries')).rejects.toThrow('delivery_attempts');
  await world.database.query(`DROP TABLE merchant.delivery_attempts_until_${suffix}`);
  await detach('merchant.deliveries');
  const order = await world.paidOrder();
  expect((await world.detail(order.id)).state).toBe('paid');
});

it('leaves the schema as the entities describe it, adds months when called again, and lets a month go', async () => {
  const first = nextMonth();
  await world.database.query(`CALL platform.partition_by_month('payment.history', '${first}', 4)`);
  const [{ months } = { months: 0 }] = await world.database.query<{ months: number }>(
    `SELECT count(*)::integer AS months FROM pg_inherits WHERE inhparent = 'payment.history'::regclass`,
  );
  expect(months).toBe(4 + 2);

  const { upQueries } = await world.database.dataSource.driver.createSchemaBuilder().log();
  expect(upQueries.map(({ query }) => query)).toEqual([]);

  const suffix = first.slice(0, 7).replace('-', '_');
  await world.database.query(`ALTER TABLE payment.history DETACH PARTITION payment.history_until_${suffix}`);
  const order = await world.paidOrder();
  expect((await world.detail(order.id)).state).toBe('paid');
  // This month's partition is the one that went: its rows wait in the one for what was forgotten.
  expect(Object.keys(await rowsOf('payment.history'))).toContain('payment.history_later');

  await world.database.query(`
    BEGIN;
    ALTER TABLE payment.history DETACH PARTITION payment.history_later;
    ALTER TABLE payment.history_later RENAME TO history_late;
    ALTER TABLE payment.history ATTACH PARTITION payment.history_late
      FOR VALUES FROM (MINVALUE) TO (platform.first_id_of('${first}'));
    CREATE TABLE payment.history_later PARTITION OF payment.history DEFAULT;
    COMMIT`);
  await world.paidOrder();
  expect(Object.keys(await rowsOf('payment.history'))).toEqual(
    expect.arrayContaining(['payment.history_late', `payment.history_${suffix}`]),
  );
  expect(Object.keys(await rowsOf('payment.history'))).not.toContain('payment.history_later');
});

it('refuses what partitions could not keep', async () => {
  const divide = (table: string, month: string): Promise<unknown> =>
    world.database.query(`CALL platform.partition_by_month('${table}', '${month}', 1)`);

  await expect(divide('payment.attempts', nextMonth())).rejects.toThrow(/is referenced by|unique without the id/);
  await expect(divide('payment.callbacks', nextMonth())).rejects.toThrow('callbacks_once is unique without the id');
  await expect(divide('payment.refunds', '2026-01-01')).rejects.toThrow('must lie ahead');
});
