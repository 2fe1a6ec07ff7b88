import { randomUUID } from 'node:crypto';
import { eventually, untilLocked } from '@biz/testing';
import { DROPPED_AFTER, refusal } from './fake-kakaopay';
import { type OrderInHand, World } from './world';

/** What one answer of KakaoPay proves, and what it does not (verdict.spec.ts has every interleaving). */
describe('the evidence about a payment', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());
  afterEach(() => {
    world.kakaopay.releaseApprovals();
  });

  const orderSays = (order: OrderInHand, said?: Record<string, unknown>): void => {
    world.kakaopay.set(order.tid, { orderSays: said });
  };
  const evidenceOf = (order: OrderInHand) =>
    world.database.query<{ operation: string; outcome: string | null; code: number | null }>(
      `SELECT operation, outcome, code FROM payment.evidence WHERE order_id = $1 ORDER BY id`,
      [order.id],
    );
  const attemptOf = async (order: OrderInHand) =>
    (await world.detail(order.id)).attempts.find(({ tid }) => tid === order.tid);

  it.each([-780, -723, -721, -731, -401, -2, -797, -798])(
    'is not a refusal of the second approve with %i, when the answer to the first was lost and order lags',
    async (code) => {
      const order = await world.orderAwaitingPayment();
      world.kakaopay.next('approve', DROPPED_AFTER, refusal(code));
      orderSays(order, { status: 'AUTH_PASSWORD' });
      await world.callback(order);
      await eventually(async () => {
        expect(await evidenceOf(order)).toContainEqual({ operation: 'approve', outcome: 'refused', code });
      });
      expect(await world.status(order)).toEqual({ order_status: 'W' });
      orderSays(order);
      await world.until(order, 'S');
      expect(world.kakaopay.charged(order.tid)).toEqual([13_500]);
      expect(world.about(order.id).map(({ type }) => type)).not.toContain('payment.failed');
      expect(await evidenceOf(order)).toEqual(
        expect.arrayContaining([
          { operation: 'approve', outcome: 'unknown', code: null },
          { operation: 'approve', outcome: 'refused', code },
          { operation: 'order', outcome: 'answered', code: null },
        ]),
      );
    },
  );

  it('is not a stale order that says FAIL_AUTH_PASSWORD while an approve is on its way', async () => {
    const order = await world.orderAwaitingPayment();
    const release = world.kakaopay.hold('approve');
    await world.callback(order);
    await eventually(async () => {
      expect(await evidenceOf(order)).toContainEqual({ operation: 'approve', outcome: null, code: null });
    });
    const seen = (await evidenceOf(order)).length;
    orderSays(order, { status: 'FAIL_AUTH_PASSWORD' });
    // The call that is held may be a look's own: the next look would then wait for its end.
    await world.lookNow(order);
    await eventually(async () => {
      expect((await evidenceOf(order)).length).toBeGreaterThan(seen);
    });
    release();
    await world.until(order, 'S');
    expect(world.kakaopay.charged(order.tid)).toEqual([13_500]);
  });

  it('does not fail a payment whose approve was decided on after a look had read the evidence', async () => {
    const order = await world.orderAwaitingPayment();
    orderSays(order, { status: 'FAIL_AUTH_PASSWORD' });
    await world.database.dataSource.transaction(async (manager) => {
      await manager.query('SELECT FROM payment.orders WHERE id = $1 FOR NO KEY UPDATE', [order.id]);
      await world.lookNow(order);
      await untilLocked(world.database, 'SELECT "Order"."id"%');
      // The look has concluded, and is about to say so. Another instance decides on the approve that T3 asked for.
      await manager.query(
        `WITH claimed AS (
           UPDATE payment.attempts SET state = 'approving', calls = calls + 1, calling_until = now() + interval '1 minute'
            WHERE order_id = $1 RETURNING id)
         INSERT INTO payment.evidence (id, order_id, attempt_id, operation, sent_at, may_act_until)
         SELECT $2, $1, id, 'approve', now(), now() + interval '1 minute' FROM claimed`,
        [order.id, randomUUID()],
      );
      await manager.query(`UPDATE payment.orders SET state = 'approving' WHERE id = $1`, [order.id]);
    });
    orderSays(order, { status: 'SUCCESS_PAYMENT' });
    await world.lookNow(order);
    await world.until(order, 'S');
    expect(world.about(order.id).map(({ type }) => type)).not.toContain('payment.failed');
  });

  it.each(['failed', 'expired'])('sends back what a late 200 brings to a payment that had %s', async (state) => {
    const order = await world.orderAwaitingPayment();
    const release = world.kakaopay.hold('approve');
    await world.callback(order);
    await eventually(async () => {
      expect(await evidenceOf(order)).toContainEqual({ operation: 'approve', outcome: null, code: null });
    });
    await world.database.query(
      `WITH ended AS (UPDATE payment.attempts SET state = $2 WHERE order_id = $1)
       UPDATE payment.orders SET state = 'failed' WHERE id = $1`,
      [order.id, state],
    );
    release();
    await eventually(async () => {
      expect(await attemptOf(order)).toMatchObject({ state: 'refunded' });
    });
    expect(world.kakaopay.cancelled(order.tid)).toBe(13_500);
    expect((await world.detail(order.id)).refunds).toMatchObject([{ cause: 'surplus', state: 'done', amount: 13_500 }]);
    expect(await world.status(order)).toMatchObject({ order_status: 'F' });
  });

  it.each([
    ['tid', 'FAIL_PAYMENT', { tid: 'T-of-another' }],
    ['partner_order_id', 'CANCEL_PAYMENT', { partner_order_id: 'another', canceled_amount: { total: 13_500 } }],
    ['partner_user_id', 'QUIT_PAYMENT', { partner_user_id: 'another' }],
    ['cid', 'FAIL_AUTH_PASSWORD', { cid: 'TC0OTHER00' }],
    ['partner_user_id', 'AUTH_PASSWORD', { partner_user_id: 'another' }],
  ])('is no order of another %s, whatever it says: a person looks', async (field, status, other) => {
    const order = await world.orderAwaitingPayment();
    orderSays(order, { status, ...other });
    await eventually(async () => {
      expect(await world.detail(order.id)).toMatchObject({
        state: 'review',
        reviewReason: `KakaoPay answered about another payment: ${field} differ`,
      });
    });
    expect(await world.status(order)).toEqual({ order_status: 'W' });
  });

  it('is a person’s when a cancelled payment does not say how much was cancelled', async () => {
    const order = await world.orderAwaitingPayment();
    orderSays(order, { status: 'CANCEL_PAYMENT', canceled_amount: undefined });
    await eventually(async () => {
      expect(await world.detail(order.id)).toMatchObject({ state: 'review' });
    });
  });

  it('is kept for each call and each look, without a token, and is deleted with its order only', async () => {
    const order = await world.orderAwaitingPayment();
    await world.callback(order);
    await world.until(order, 'S');
    const rows = await world.database.query(
      `SELECT * FROM payment.evidence WHERE order_id = $1 ORDER BY operation = 'approve' DESC`,
      [order.id],
    );
    expect(rows[0]).toMatchObject({
      operation: 'approve',
      outcome: 'answered',
      said: { tid: order.tid, amount: { total: 13_500 } },
    });
    expect(JSON.stringify(rows)).not.toContain(order.token);
    await expect(world.database.query(`DELETE FROM payment.evidence WHERE order_id = $1`, [order.id])).rejects.toThrow(
      'is never changed or deleted from',
    );
  });
});
