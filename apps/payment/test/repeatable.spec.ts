import { randomUUID } from 'node:crypto';
import { eventually, times } from '@biz/testing';
import { shop } from './shops';
import { type OrderInHand, World } from './world';

describe('a repeatable order sheet', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
    const [coffee, subscription] = [shop.sheets.coffee!, shop.sheets.subscription!];
    shop.sheets.menu = (buyer) => ({ ...coffee(buyer), repeatable: true });
    shop.sheets.once = (buyer) => ({ ...coffee(buyer), repeatable: false });
    shop.sheets.club = (buyer) => ({ ...subscription(buyer), repeatable: true });
  });
  afterAll(() => world.stop());

  const newUser = (): string => `user-${randomUUID()}`;
  const t1 = (sheetId: string, user: string) => world.get(`/ordersheet?ordersheet_id=${sheetId}`, user);

  async function agree(sheetId: string, user: string): Promise<OrderInHand> {
    const sheet = await world.sheet(sheetId, user);
    const tid = world.kakaopay.ready(sheet);
    const order = { id: sheet.partner_order_id, user, prefix: '', sheet, tid, token: world.kakaopay.authenticate(tid) };
    expect(await world.approve(order, tid)).toMatchObject({ status: 200 });
    return order;
  }
  async function pay(sheetId: string, user: string): Promise<OrderInHand> {
    const order = await agree(sheetId, user);
    await world.callback(order);
    await world.until(order, 'S');
    return order;
  }

  it('is paid again and again by the same buyer, each time with an order of its own', async () => {
    const user = newUser();
    const orders = [await pay('menu-1', user), await pay('menu-1', user), await pay('menu-1', user)];
    expect(new Set(orders.map(({ id }) => id)).size).toBe(3);
    expect(orders.map(({ tid }) => world.kakaopay.charged(tid))).toEqual([[13_500], [13_500], [13_500]]);
    // Each still answers for itself.
    for (const order of orders) expect(await world.status(order)).toEqual({ order_status: 'S' });
    expect(await world.approve(orders[0]!, orders[1]!.tid)).toMatchObject({ http: 200, status: 300 });
    expect((await world.cancel(orders[0]!.id, randomUUID(), { reason: '고객 변심' })).http).toBe(202);
    await world.until(orders[0]!, 'C');
    for (const order of orders.slice(1)) expect(await world.status(order)).toEqual({ order_status: 'S' });
  });

  it('gives one next order to twenty calls of the same moment', async () => {
    const user = newUser();
    const before = await pay('menu-2', user);
    const sheets = await Promise.all(times(20, () => world.sheet('menu-2', user)));
    const ids = new Set(sheets.map(({ partner_order_id }) => partner_order_id));
    expect(ids.size).toBe(1);
    expect(ids.has(before.id)).toBe(false);
    const entries = await world.database.query(
      `SELECT turn, state FROM payment.orders WHERE sheet_id = 'menu-2' AND app_user_id = $1 ORDER BY turn`,
      [user],
    );
    expect(entries).toEqual([
      { turn: 0, state: 'open' },
      { turn: 1, state: 'paid' },
    ]);
  });

  it('keeps its order while that is not over: open, being paid, at the shop, with a person', async () => {
    const user = newUser();
    const opened = await world.sheet('menu-3', user);
    const order = await agree('menu-3', user);
    expect(order.id).toBe(opened.partner_order_id);
    expect((await world.sheet('menu-3', user)).partner_order_id).toBe(order.id);
    for (const state of ['fulfilling', 'review']) {
      await world.database.query(`UPDATE payment.orders SET state = $2, review_reason = 'test' WHERE id = $1`, [
        order.id,
        state,
      ]);
      expect(await t1('menu-3', user)).toMatchObject({ http: 200, status: 300 });
    }
    await world.database.query(`UPDATE payment.orders SET state = 'failed' WHERE id = $1`, [order.id]);
    expect((await world.sheet('menu-3', user)).partner_order_id).toBe(order.id);
  });

  it('has another after a refund', async () => {
    const user = newUser();
    const order = await pay('menu-4', user);
    expect((await world.cancel(order.id, randomUUID(), { reason: '고객 변심' })).http).toBe(202);
    await world.until(order, 'C');
    expect((await pay('menu-4', user)).id).not.toBe(order.id);
  });

  it.each(['once-1', 'coffee-repeat'])('is what a sheet says it is; without it, 300 for good (%s)', async (sheetId) => {
    const user = newUser();
    const order = await pay(sheetId, user);
    expect(await t1(sheetId, user)).toMatchObject({ http: 200, status: 300 });
    expect(await world.status(order)).toEqual({ order_status: 'S' });
  });

  it('begins a subscription again once the one before has ended, not beside it', async () => {
    const user = newUser();
    const order = await pay('club-1', user);
    const [subscription] = await world.database.query<{ id: string }>(
      'SELECT id FROM payment.subscriptions WHERE order_id = $1',
      [order.id],
    );
    expect(await t1('club-1', user)).toMatchObject({ http: 200, status: 300 });
    await world.operator(`subscriptions/${subscription!.id}/end`, {
      method: 'POST',
      body: JSON.stringify({ reason: '고객 요청' }),
    });
    await eventually(async () => {
      const { data } = await t1('club-1', user);
      expect(data?.partner_order_id).toEqual(expect.any(String));
      expect(data?.partner_order_id).not.toBe(order.id);
    });
  });

  it('is refused when repeatable is a word', async () => {
    shop.sheets.word = (buyer) => ({ ...shop.sheets.coffee!(buyer), repeatable: 'yes' as never });
    expect(await t1('word-1', newUser())).toMatchObject({ http: 200, status: 500 });
  });
});
