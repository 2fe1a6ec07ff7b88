import { ManualClock, testDatabase, times } from '@biz/testing';
import type { TestDatabase } from '@biz/testing';
import { commerceSchema } from '../commerce.schema';
import { Stock } from './stock';
import type { StockLine } from './stock-line';

let database: TestDatabase;
const clock = new ManualClock();
const stock = new Stock(clock);

beforeAll(async () => {
  database = await testDatabase(commerceSchema);
});
afterAll(() => database.drop());

const shelf = async (skus: Record<string, number>, merchant = 'demo-shop', product = 'mug') => {
  await database.query('DELETE FROM commerce.stock');
  await database.query('DELETE FROM commerce.reservations');
  for (const [sku, onHand] of Object.entries(skus)) {
    await database.query('INSERT INTO commerce.stock (merchant_id, product_id, sku, on_hand) VALUES ($1, $2, $3, $4)', [
      merchant,
      product,
      sku,
      onHand,
    ]);
  }
};
const line = (sku: string, quantity = 1): StockLine => ({ productId: 'mug', sku, quantity });
const reserve = (orderRef: string, lines: StockLine[], merchant = 'demo-shop') =>
  database.dataSource.transaction((manager) => stock.reserve(manager, merchant, orderRef, lines));
const settle = (how: 'release' | 'commit' | 'restock', orderRef: string) =>
  database.dataSource.transaction((manager) => stock[how](manager, 'demo-shop', orderRef));
const levels = async (merchant = 'demo-shop') => {
  const rows = await stock.levels(database.dataSource.manager, merchant, 'mug');
  return Object.fromEntries(rows.map(({ sku, onHand, reserved }) => [sku, [onHand, reserved]]));
};

it('reserves once for an order, however often and concurrently it is asked', async () => {
  await shelf({ mug: 5, card: 5 });

  const results = await Promise.all(times(20, () => reserve('order-1', [line('mug', 2), line('card', 1)])));

  expect(results).toEqual(times(20, () => ({ reserved: true })));
  expect(await levels()).toEqual({ mug: [5, 2], card: [5, 1] });
});

it('dates a reservation by the clock of the apps', async () => {
  await shelf({ mug: 5 });
  const begun = clock.now();
  await reserve('order-1', [line('mug')]);
  clock.advance(86_400_000);
  await settle('commit', 'order-1');
  const dates = 'SELECT created_at, settled_at FROM commerce.reservations';
  expect(await database.query(dates)).toEqual([{ created_at: begun, settled_at: clock.now() }]);
});

it('sells the last piece once', async () => {
  await shelf({ mug: 1 });

  const results = await Promise.all(times(20, (at) => reserve(`order-${at}`, [line('mug')])));

  expect(results.filter(({ reserved }) => reserved)).toHaveLength(1);
  expect(results.find(({ reserved }) => !reserved)).toEqual({
    reserved: false,
    short: [{ productId: 'mug', sku: 'mug', quantity: 1, available: 0 }],
  });
  expect(await levels()).toEqual({ mug: [1, 1] });
});

it('sells the last pieces of several goods once, to orders that want them all', async () => {
  await shelf({ mug: 2, card: 1 });

  const results = await Promise.all(times(20, (at) => reserve(`order-${at}`, [line('mug'), line('card')])));

  expect(results.filter(({ reserved }) => reserved)).toHaveLength(1);
  expect(await levels()).toEqual({ mug: [2, 1], card: [1, 1] });
});

it('never deadlocks when orders name the same goods in different order', async () => {
  await shelf({ a: 100, b: 100, c: 100 });
  const ways = [
    ['a', 'b', 'c'],
    ['c', 'b', 'a'],
    ['b', 'c', 'a'],
  ];

  await Promise.all(
    times(30, async (at) => {
      await reserve(
        `order-${at}`,
        (ways[at % 3] ?? []).map((sku) => line(sku)),
      );
      await settle(at % 2 ? 'release' : 'commit', `order-${at}`);
    }),
  );

  expect(await levels()).toEqual({ a: [85, 0], b: [85, 0], c: [85, 0] });
});

it('takes all lines or none, and an order that got none may try again', async () => {
  await shelf({ mug: 5, card: 1 });

  expect(await reserve('order-1', [line('mug', 2), line('card', 2), line('ribbon')])).toEqual({
    reserved: false,
    short: [
      { productId: 'mug', sku: 'card', quantity: 2, available: 1 },
      { productId: 'mug', sku: 'ribbon', quantity: 1, available: 0 },
    ],
  });
  expect(await levels()).toEqual({ mug: [5, 0], card: [1, 0] });

  expect(await reserve('order-1', [line('mug', 2), line('card', 1)])).toEqual({ reserved: true });
  expect(await levels()).toEqual({ mug: [5, 2], card: [1, 1] });
});

it('adds up lines of one sku before it looks', async () => {
  await shelf({ mug: 3 });
  expect(await reserve('order-1', [line('mug', 2), line('mug', 2)])).toMatchObject({
    reserved: false,
    short: [{ quantity: 4, available: 3 }],
  });
});

it('refuses lines that would add to the stock', async () => {
  await expect(reserve('order-1', [line('mug', -1)])).rejects.toThrow(RangeError);
});

it('releases, commits and restocks once each, and only what the order still holds', async () => {
  await shelf({ mug: 5 });
  await reserve('order-1', [line('mug', 2)]);
  await reserve('order-2', [line('mug', 1)]);

  expect(await Promise.all(times(5, () => settle('commit', 'order-1')))).toContain(true);
  expect(await settle('release', 'order-1')).toBe(false);
  expect(await levels()).toEqual({ mug: [3, 1] });

  expect(await Promise.all(times(5, () => settle('release', 'order-2')))).toContain(true);
  expect(await settle('commit', 'order-2')).toBe(false);
  expect(await levels()).toEqual({ mug: [3, 0] });

  expect(await Promise.all(times(5, () => settle('restock', 'order-1')))).toContain(true);
  expect(await settle('restock', 'order-2')).toBe(false);
  expect(await levels()).toEqual({ mug: [5, 0] });
});

it('takes the goods anew for an order that was released', async () => {
  await shelf({ mug: 5 });
  await reserve('order-1', [line('mug', 2)]);
  await settle('release', 'order-1');

  expect(await reserve('order-1', [line('mug', 3)])).toEqual({ reserved: true });
  expect(await levels()).toEqual({ mug: [5, 3] });

  await settle('release', 'order-1');
  expect(await reserve('order-1', [line('mug', 6)])).toMatchObject({ reserved: false });
  expect(await settle('release', 'order-1')).toBe(false);
  expect(await levels()).toEqual({ mug: [5, 0] });
});

it('keeps nothing of an order that takes nothing from stock', async () => {
  await shelf({});
  expect(await reserve('order-1', [])).toEqual({ reserved: true });
  expect(await database.query('SELECT 1 FROM commerce.reservations')).toEqual([]);
  expect(await settle('commit', 'order-1')).toBe(false);
});

describe('several orders at once', () => {
  const reserveEach = (...wishes: [string, StockLine[]][]) =>
    database.dataSource.transaction((manager) =>
      stock.reserveEach(
        manager,
        wishes.map(([orderRef, lines]) => ({ merchantId: 'demo-shop', orderRef, lines })),
      ),
    );
  const gotIt = async (...wishes: Parameters<typeof reserveEach>) =>
    (await reserveEach(...wishes)).map(({ reserved }) => reserved);

  it('gives the last pieces to whoever comes first, and one that gets nothing keeps nobody else from it', async () => {
    await shelf({ mug: 3, card: 1 });
    expect(
      await gotIt(
        ['order-1', [line('mug')]],
        ['order-2', [line('mug', 9)]],
        ['order-3', [line('card'), line('mug')]],
        ['order-4', [line('mug'), line('card')]],
        ['order-5', []],
        ['order-6', [line('mug')]],
        ['order-7', [line('mug')]],
      ),
    ).toEqual([true, false, true, false, true, true, false]);
    expect(await levels()).toEqual({ mug: [3, 3], card: [1, 1] });
    expect(
      await database.query(`SELECT order_ref FROM commerce.reservations WHERE state = 'held' ORDER BY order_ref`),
    ).toEqual([{ order_ref: 'order-1' }, { order_ref: 'order-3' }, { order_ref: 'order-6' }]);
    expect(await settle('release', 'order-2')).toBe(false);
  });

  it('takes nothing again for an order that has its goods, and anew for one that gave them back', async () => {
    await shelf({ mug: 2 });
    await reserve('order-1', [line('mug')]);
    await reserve('order-2', [line('mug')]);
    await settle('release', 'order-2');
    expect(await gotIt(['order-1', [line('mug')]], ['order-2', [line('mug')]], ['order-3', [line('mug')]])).toEqual([
      true,
      true,
      false,
    ]);
    expect(await levels()).toEqual({ mug: [2, 2] });
    await settle('release', 'order-2');
    expect(await gotIt(['order-3', [line('mug', 2)]], ['order-2', [line('mug', 2)]])).toEqual([false, false]);
    expect(await levels()).toEqual({ mug: [2, 1] });
    expect(await gotIt(['order-2', [line('mug')]])).toEqual([true]);
  });

  it('waits and never deadlocks when two lists want the same goods in other orders', async () => {
    await shelf({ a: 1000, b: 1000, c: 1000 });
    const wishes = (round: number): [string, StockLine[]][] => [
      [`order-${round}-1`, [line('a'), line('c')]],
      [`order-${round}-2`, [line('b')]],
      [`order-${round}-3`, [line('c'), line('b')]],
    ];
    await Promise.all(times(20, (round) => reserveEach(...(round % 2 ? wishes(round) : wishes(round).toReversed()))));
    expect(await levels()).toEqual({ a: [1000, 20], b: [1000, 40], c: [1000, 40] });
  });
});

it('keeps two merchants with the same goods and order ids apart', async () => {
  await shelf({ mug: 1 }, 'other-shop');

  expect(await reserve('order-1', [line('mug')])).toMatchObject({ reserved: false });
  expect(await reserve('order-1', [line('mug')], 'other-shop')).toEqual({ reserved: true });
  expect(await settle('release', 'order-1')).toBe(false);
  expect(await levels('other-shop')).toEqual({ mug: [1, 1] });
});

it('lets go of everything when the transaction of the caller fails', async () => {
  await shelf({ mug: 1 });
  await expect(
    database.dataSource.transaction(async (manager) => {
      await stock.reserve(manager, 'demo-shop', 'order-1', [line('mug')]);
      throw new Error('later step failed');
    }),
  ).rejects.toThrow('later step failed');
  expect(await levels()).toEqual({ mug: [1, 0] });
});

it('has entities and migrations that say the same', async () => {
  const { upQueries } = await database.dataSource.driver.createSchemaBuilder().log();
  expect(upQueries.map(({ query }) => query)).toEqual([]);
});
