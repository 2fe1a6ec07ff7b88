import { eventually, times } from '@biz/testing';
import { Sweep } from '../src/sweep/sweep';
import { Billing } from './billing';
import { refusal } from './fake-kakaopay';
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
      await eventually(() => {
        expect(world.kakaopay.cancelled(order.tid)).toBe(amount);
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

  describe('and a SID that no subscription uses', () => {
    const sidsOf = async (orderId: string) =>
      ((await world.operator(`orders/${orderId}`)).body as { sids: { state: string; failure?: string }[] }).sids.map(
        ({ state }) => state,
      );
    const sweep = (): Promise<void> => world.app.get<Sweep>(Sweep).run();
    const endsIt = async (order: OrderInHand): Promise<void> => {
      await sweep();
      await eventually(async () => {
        expect(await sidsOf(order.id)).toContain('ended');
      });
      expect(world.kakaopay.inactiveSids).toContain(world.kakaopay.sidOf(order.tid));
    };
    const onItsWay = (order: OrderInHand): Promise<void> =>
      eventually(async () => {
        expect(
          await world.database.query(
            `SELECT 1 FROM payment.evidence WHERE order_id = $1 AND operation = 'approve' AND outcome IS NULL`,
            [order.id],
          ),
        ).toHaveLength(1);
      });
    /** KakaoPay's answer names another VAT, and a SID. */
    const inReview = async (): Promise<OrderInHand> => {
      await billing.subscribe();
      const order = await world.orderAwaitingPayment('plan');
      world.kakaopay.set(order.tid, { vat_amount: 1 });
      await world.callback(order);
      await eventually(async () => {
        expect((await world.detail(order.id)).state).toBe('review');
      });
      await sweep();
      expect(await sidsOf(order.id)).toEqual(['kept']);
      return order;
    };

    it('ends, when it is that of a surplus payment: the buyer paid again meanwhile, and that one goes on', async () => {
      await billing.subscribe();
      const order = await world.orderAwaitingPayment('plan');
      const release = world.kakaopay.hold('approve');
      await world.callback(order);
      await onItsWay(order);
      await world.database.query(
        `WITH ended AS (UPDATE payment.attempts SET state = 'failed' WHERE order_id = $1)
         UPDATE payment.orders SET state = 'failed' WHERE id = $1`,
        [order.id],
      );
      const again = await payAgain(order);
      await world.callback(again);
      await world.until(again, 'S');
      release();
      await eventually(async () => {
        expect((await world.detail(order.id)).attempts.map(({ state }) => state)).toEqual(['refunded', 'paid']);
      });
      await endsIt(order);
      expect((await sidsOf(order.id)).sort()).toEqual(['ended', 'used']);
      expect(world.kakaopay.inactiveSids).not.toContain(world.kakaopay.sidOf(again.tid));
      expect((await subscriptionsOf(order.id)).map(({ state }) => state)).toEqual(['active']);
      expect((await world.detail(order.id)).history).toContainEqual(
        expect.objectContaining({ note: 'its SID, which no subscription uses: inactive at KakaoPay' }),
      );
    });

    it('ends, when the payment is no subscription at all', async () => {
      const order = await world.orderAwaitingPayment();
      world.kakaopay.set(order.tid, { sid: 'S-of-no-plan' });
      await world.callback(order);
      await world.until(order, 'S');
      await endsIt(order);
    });

    it('ends with the refund of an order in review, and not before', async () => {
      const order = await inReview();
      await world.press('refund', order.id);
      await world.until(order, 'C');
      await endsIt(order);
      expect(await subscriptionsOf(order.id)).toEqual([]);
    });

    it('begins its subscription when the order is accepted in review', async () => {
      const order = await inReview();
      expect(await world.press('accept', order.id)).toMatchObject({ http: 200, body: { state: 'paid' } });
      await sweep();
      expect(await sidsOf(order.id)).toEqual(['used']);
      const [subscription] = await subscriptionsOf(order.id);
      const id = subscription?.id ?? '';
      await billing.toDue(id);
      await billing.until(id, { periodsCharged: 2 });
      expect(world.kakaopay.inactiveSids).not.toContain(world.kakaopay.sidOf(order.tid));
    });

    it('is not lost while PostgreSQL is away for 0.7 s, and begins its subscription', async () => {
      await billing.subscribe();
      const order = await world.orderAwaitingPayment('plan');
      // Each try meets a server that starts; sequences count what is rolled back, too.
      await world.database.query(`
        CREATE SEQUENCE payment.tries;
        CREATE FUNCTION payment.is_away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF nextval('payment.tries') <= 5 THEN RAISE 'the database system is starting up' USING ERRCODE = '57P03'; END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER is_away BEFORE UPDATE ON payment.evidence FOR EACH ROW EXECUTE FUNCTION payment.is_away()`);
      await world.callback(order);
      await world.until(order, 'S');
      expect(await world.database.query('SELECT last_value::int AS tries FROM payment.tries')).toEqual([{ tries: 6 }]);
      await world.database.query('DROP FUNCTION payment.is_away CASCADE; DROP SEQUENCE payment.tries');
      expect((await subscriptionsOf(order.id)).map(({ state }) => state)).toEqual(['active']);
      expect(await sidsOf(order.id)).toEqual(['used']);
    });

    it.each([
      ['begins its subscription', {}, 'S', 'used'],
      ['is left alone, when that names another payment', { tid: 'T-of-another' }, 'W', 'foreign'],
    ])('is not lost with an answer whose rest cannot be read: it %s', async (_what, other, shown, state) => {
      await billing.subscribe();
      const order = await world.orderAwaitingPayment('plan');
      const { id: partner_order_id, user: partner_user_id, tid } = order;
      const named = { sid: 'S-named', cid: 'TCSUBSCRIP', tid, partner_order_id, partner_user_id };
      world.kakaopay.next('approve', { work: true, status: 200, json: { ...named, amount: null, ...other } });
      await world.callback(order);
      await eventually(async () => {
        expect(await sidsOf(order.id)).toEqual([state]);
      });
      await world.until(order, shown);
      await sweep();
      const [subscription] = await subscriptionsOf(order.id);
      expect(subscription?.state).toBe(state === 'used' ? 'active' : undefined);
      expect(await sidsOf(order.id)).toEqual([state]);
    });

    it('is left alone, when the answer that named it was about another payment', async () => {
      const order = await world.orderAwaitingPayment();
      world.kakaopay.set(order.tid, { sid: 'S-of-another', partner_user_id: 'another' });
      await world.callback(order);
      await eventually(async () => {
        expect((await world.detail(order.id)).state).toBe('review');
      });
      await world.press('refund', order.id);
      await sweep();
      expect(await sidsOf(order.id)).toEqual(['foreign']);
      expect(world.kakaopay.inactiveSids).not.toContain('S-of-another');
    });

    it('is of no other subscription, though KakaoPay named it twice', async () => {
      const { orderId } = await billing.subscribe();
      const [first] = await subscriptionsOf(orderId);
      const before = world.kakaopay.inactiveSids.length;
      await world.database.query(`UPDATE payment.sids SET state = 'kept' WHERE order_id = $1`, [orderId]);
      await sweep();
      await eventually(async () => {
        expect(await sidsOf(orderId)).toEqual(['used']);
      });
      expect(await subscriptionsOf(orderId)).toEqual([{ id: first?.id, state: 'active' }]);
      expect(world.kakaopay.inactiveSids).toHaveLength(before);
    });

    it('is shown to a person when KakaoPay does not end it, and is ended by reconcile', async () => {
      const order = await world.orderAwaitingPayment();
      world.kakaopay.set(order.tid, { sid: 'S-that-stays' });
      world.kakaopay.next('inactive', ...times(100, () => refusal(-401)));
      await world.callback(order);
      await world.until(order, 'S');
      await sweep();
      await world.database.query(`UPDATE payment.sids SET updated_at = '2026-01-01' WHERE order_id = $1`, [order.id]);
      await sweep();
      const { body } = await world.operator('orders?attention=true&limit=100');
      expect((body as { items: { id: string }[] }).items.map(({ id }) => id)).toContain(order.id);
      expect(await (await fetch(`${world.app.url}/metrics`)).text()).toContain('what="sid-not-ended"');
      world.kakaopay.forget('inactive');
      expect(await world.press('reconcile', order.id)).toMatchObject({ http: 200 });
      await eventually(async () => {
        expect(await sidsOf(order.id)).toEqual(['ended']);
      });
    });
  });

  it('is shown to a person when KakaoPay does not end it, and is ended by the operator once more', async () => {
    const { id, orderId } = await billing.subscribe();
    world.kakaopay.next('inactive', ...times(100, () => refusal(-401)));
    const end = () => world.operator(`subscriptions/${id}/end`, { method: 'POST', body: '{}' });
    await end();
    await world.database.query(`UPDATE payment.subscriptions SET updated_at = '2026-01-01' WHERE id = $1`, [id]);
    await world.app.get<Sweep>(Sweep).run();
    expect(await billing.seen(id)).toMatchObject({ state: 'ending', endFailure: 'the work that ends it was lost' });
    const { body } = await world.operator('orders?attention=true&limit=100');
    expect((body as { items: { id: string }[] }).items.map((each) => each.id)).toContain(orderId);
    world.kakaopay.forget('inactive');
    expect((await end()).body).not.toHaveProperty('endFailure');
    await billing.until(id, { state: 'ended' });
  });
});
