import { randomUUID } from 'node:crypto';
import { eventually, times } from '@biz/testing';
import type { Pool, PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import { draft } from './drafts';
import { ADDRESS, World } from './world';

/**
 * Payments to look at and deliveries to make are searched every second, also during a call on a busy machine; what a merchant
 * holds open is counted once in ten seconds.
 */
const SEARCHES = /^\s*(WITH RECURSIVE shop AS|WITH due AS|SELECT merchant FROM unnest)/;

/** What Kakao's calls cost the database, in statements: numbers that no busy machine changes. BEGIN and COMMIT count. */
describe('the statements of a call', () => {
  let world: World;
  let said: string[] = [];

  beforeAll(async () => {
    world = await World.start({ RETRY_TIME_SCALE: '1' });
    // Recurring work runs once at the start, and then not for half a minute.
    await eventually(async () => {
      const states = `SELECT DISTINCT state FROM pgboss.job WHERE state < 'completed' AND (state = 'active' OR start_after <= now())`;
      expect(await world.database.query(states)).toEqual([]);
    });
    const { master } = world.app.get<DataSource>(DataSource).driver as unknown as { master: Pool };
    const heard = new Set<PoolClient>();
    master.on('acquire', (client) => {
      if (!heard.has(client)) listen(client);
      heard.add(client);
    });
  });
  afterAll(() => world.stop());

  function listen(client: PoolClient): void {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((...args: unknown[]) => {
      const [given] = args;
      const text = typeof given === 'string' ? given : (given as { text: string }).text;
      if (!SEARCHES.test(text)) said.push(text.trim());
      return query(...args);
    }) as typeof client.query;
  }

  async function statementsOf(call: () => Promise<unknown>): Promise<string[]> {
    said = [];
    await call();
    return said.map((text) => text.split(/[\s;(]/, 1)[0] ?? '');
  }

  const orderOf = (sheet: { partner_order_id: string }, user: string) => ({ id: sheet.partner_order_id, user });

  it('T1: one, with the order sheets of the shop’s own port; again five', async () => {
    const id = `coffee-${randomUUID()}`;
    expect(await statementsOf(() => world.sheet(id, 'u-1'))).toEqual(['WITH']);
    expect(await statementsOf(() => world.sheet(id, 'u-1'))).toEqual(['WITH', 'START', 'SELECT', 'UPDATE', 'COMMIT']);
  });

  it('T1 of a draft that is priced again: two, while its product is the one it was priced by', async () => {
    const id = await draft(world, 'u-1');
    expect(await statementsOf(() => world.sheet(id, 'u-1'))).toEqual(['SELECT', 'WITH']);
  });

  it('T2: four in one transaction, six when stock is counted; one before them when the shop has an OrderPolicy', async () => {
    const coffee = orderOf(await world.sheet(`coffee-${randomUUID()}`, 'u-2'), 'u-2');
    const policy = 'SELECT';
    expect(await statementsOf(() => world.approve(coffee, 'T-coffee'))).toEqual([
      policy,
      'START',
      'SELECT',
      'WITH',
      'COMMIT',
    ]);
    expect(await statementsOf(() => world.approve(coffee, 'T-coffee'))).toEqual([policy]);

    await world.setStock('mug', 1);
    // Priced for this address, or the job that asks the shop again is one more.
    const mug = orderOf(await world.sheet(`mug-${randomUUID()}`, 'u-2', '', ADDRESS.zone_code), 'u-2');
    expect(await statementsOf(() => world.approve(mug, 'T-mug', { shipping_address: ADDRESS }))).toEqual([
      policy,
      'START',
      'SELECT',
      'WITH',
      'UPDATE',
      'WITH',
      'COMMIT',
    ]);
  });

  it('T4: one', async () => {
    const order = await world.orderAwaitingPayment();
    expect(await statementsOf(() => world.status(order))).toEqual(['SELECT']);
    expect(await statementsOf(() => world.get(`/order/status?order_id=${randomUUID()}`, 'u-4'))).toEqual(['SELECT']);
    expect(await statementsOf(() => world.get(`/order/status?order_id=none-of-ours`, 'u-4'))).toEqual([]);
  });

  // Last: its job goes on by itself.
  it('T3: five, the job of the approval included', async () => {
    const order = await world.orderAwaitingPayment();
    const statements = await statementsOf(() => world.callback(order));
    expect(statements.slice(0, 5)).toEqual(['START', 'SELECT', 'WITH', expect.any(String), 'COMMIT']);
  });

  it('T3 of the same moment share them, each with an answer of its own', async () => {
    const orders = await Promise.all(times(8, () => world.orderAwaitingPayment()));
    const foreign = { ...(await world.orderAwaitingPayment()), user: 'somebody else' };
    const calls = [...orders, ...orders, foreign];
    said = [];
    const answers = await Promise.all(calls.map((order) => world.callback(order)));
    expect(answers.map(({ status }) => status)).toEqual([...calls.slice(1).map(() => 200), 300]);
    const inserts = said.filter((text) => text.includes('INSERT INTO payment.callbacks'));
    expect(inserts.length).toBeGreaterThan(0);
    expect(inserts.length).toBeLessThan(calls.length / 2);
    const [stored] = await world.database.query<{ count: number }>(
      `SELECT count(*)::integer FROM payment.callbacks WHERE order_id = ANY ($1)`,
      [calls.map(({ id }) => id)],
    );
    expect(stored).toEqual({ count: orders.length });
  });
});
