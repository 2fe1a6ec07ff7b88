import { eventually } from '@biz/testing';
import { Sweep } from '../src/sweep/sweep';
import { Billing } from './billing';
import { shop } from './shops';
import type { OrderInHand, World } from './world';

/** The Fulfilment port is the second shop's. */
const SECOND = { prefix: '/m/second' };

describe('a subscription and the order that it began with', () => {
  let billing: Billing;
  let world: World;
  beforeAll(async () => {
    billing = await Billing.start();
    ({ world } = billing);
  });
  afterAll(() => world.stop());
  afterEach(() => {
    shop.fulfil = () => Promise.resolve(undefined);
    return billing.endAll();
  });

  const subscriptionsOf = (orderId: string) =>
    world.database.query<{ id: string; state: string }>(
      'SELECT id, state FROM payment.subscriptions WHERE order_id = $1 ORDER BY id',
      [orderId],
    );
  const payAgain = async (order: OrderInHand): Promise<OrderInHand> => {
    const sheetId = order.sheet.partner_order_id;
    const [row] = await world.database.query<{ sheet_id: string }>(
      'SELECT sheet_id FROM payment.orders WHERE id = $1',
      [sheetId],
    );
    const sheet = await world.sheet(row?.sheet_id ?? '', order.user, order.prefix);
    const tid = world.kakaopay.ready(sheet);
    expect(await world.approve({ ...order, id: sheet.partner_order_id }, tid)).toMatchObject({ status: 200 });
    return { ...order, id: sheet.partner_order_id, sheet, tid, token: world.kakaopay.authenticate(tid) };
  };

  it.each([
    ['paid', 4_900],
    ['free', 0],
  ])(
    'ends with its %s first order when the shop refuses that, and begins anew when the buyer pays again',
    async (_what, amount) => {
      // Makes the sheets of a plan; its own subscription ends with the test.
      await billing.subscribe({}, { firstAmount: amount, ...SECOND });
      shop.fulfil = () => Promise.resolve({ refused: '마감되었습니다.' });
      const order = await world.orderAwaitingPayment('plan', SECOND);
      await world.callback(order);
      await world.until(order, 'F');
      await eventually(async () => {
        expect(await subscriptionsOf(order.id)).toMatchObject([{ state: 'ended' }]);
      });
      const [first] = await subscriptionsOf(order.id);
      expect(world.kakaopay.cancelled(order.tid)).toBe(amount);
      await eventually(() => {
        expect(billing.told(first?.id ?? '', 'subscription.ended')).toHaveLength(1);
      });

      shop.fulfil = () => Promise.resolve(undefined);
      const again = await payAgain(order);
      await world.callback(again);
      await world.until(again, 'S');
      expect((await subscriptionsOf(again.id)).map(({ state }) => state)).toEqual(['ended', 'active']);
      expect(world.kakaopay.charged(again.tid)).toEqual([amount]);
      expect((await world.detail(again.id)).refundedAmount).toBe(0);
    },
  );

  it.each(['failed', 'cancelled'])('is found by the sweep when it outlived an order that is %s', async (state) => {
    const { id, orderId } = await billing.subscribe();
    await world.app.get<Sweep>(Sweep).run();
    expect(await billing.seen(id)).toMatchObject({ state: 'active' });
    await world.database.query('UPDATE payment.orders SET state = $2 WHERE id = $1', [orderId, state]);
    await world.app.get<Sweep>(Sweep).run();
    await billing.until(id, { state: 'ended' });
    expect(world.kakaopay.inactiveSids.length).toBeGreaterThan(0);
  });
});
