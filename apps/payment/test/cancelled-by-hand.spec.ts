import { eventually } from '@biz/testing';
import { BROKEN, refusal } from './fake-kakaopay';
import { World } from './world';

describe('money that was cancelled at KakaoPay by hand', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  it('is written down by reconcile, and the refund that failed on it goes on', async () => {
    const order = await world.paidOrder();
    world.kakaopay.set(order.tid, { cancelled: 700, status: 'PART_CANCEL_PAYMENT' });
    await world.cancel(order.id, 'key', { reason: '고객 변심' });
    await eventually(async () => {
      expect((await world.detail(order.id)).refunds).toMatchObject([{ state: 'failed' }]);
    });
    expect(await world.press('reconcile', order.id)).toMatchObject({
      http: 200,
      body: { state: 'paid', found: [{ amount: 700, cause: 'at-kakaopay', state: 'done' }] },
    });
    expect(await world.press('reconcile', order.id)).toMatchObject({ http: 200, body: { found: [] } });
    const { body } = await world.operator('refunds?state=failed&limit=100');
    const failed = (body as { items: { id: string; partnerOrderId: string }[] }).items.find(
      ({ partnerOrderId }) => partnerOrderId === order.id,
    );
    const retry = () => world.operator(`refunds/${failed?.id}/retry`, { method: 'POST', body: '{}' });
    expect(await retry()).toMatchObject({ http: 202, body: { state: 'requested', amount: 12_800 } });
    expect((await retry()).http).toBe(409);
    await world.until(order, 'C');
    expect(world.kakaopay.cancelled(order.tid)).toBe(13_500);
    const { refunds } = await world.detail(order.id);
    expect(refunds.reduce((sum, { taxFreeAmount }) => sum + taxFreeAmount, 0)).toBe(20);
    expect(refunds.reduce((sum, { vatAmount }) => sum + vatAmount, 0)).toBe(1_225);
  });

  it('ends a failed refund of the same amount as done, and the order as C', async () => {
    const kind = await world.oneLeft();
    const order = await world.paidOrder(kind);
    world.kakaopay.next('cancel', refusal(-798), refusal(-721));
    await world.cancel(order.id, 'key', { reason: '고객 변심' });
    await eventually(async () => {
      expect((await world.detail(order.id)).refunds).toMatchObject([{ state: 'failed' }]);
    });
    world.kakaopay.set(order.tid, { cancelled: 12_000, status: 'CANCEL_PAYMENT' });
    expect(await world.press('reconcile', order.id)).toMatchObject({
      http: 200,
      body: { state: 'cancelled', found: [{ amount: 12_000, cause: 'operator', state: 'done' }] },
    });
    expect(await world.stock(kind)).toEqual({ on_hand: 1, reserved: 0 });
    expect(await world.status(order)).toEqual({ order_status: 'C' });
  });

  it('may be of a payment that took another sum than KakaoPay once said', async () => {
    const order = await world.paidOrder();
    world.kakaopay.set(order.tid, { total_amount: 13_400, charges: [13_400] });
    const { body } = await world.cancel(order.id, 'key', { reason: '고객 변심' });
    await eventually(async () => {
      expect((await world.detail(order.id)).refunds).toMatchObject([{ state: 'failed' }]);
    });
    expect(await world.press('reconcile', order.id)).toMatchObject({ http: 200, body: { found: [] } });
    const detail = await world.detail(order.id);
    expect(detail.chargedAmount).toBe(13_400);
    expect(detail.history.at(-1)?.note).toBe('KakaoPay says that it took 13400 won, not 13500: 확인함');
    await world.operator(`refunds/${body.refund?.id}/retry`, { method: 'POST', body: '{}' });
    await world.until(order, 'C');
    expect(world.kakaopay.cancelled(order.tid)).toBe(13_400);
  });

  it('is not guessed while a refund is under way or KakaoPay does not answer', async () => {
    const order = await world.paidOrder();
    world.kakaopay.next('order', BROKEN);
    expect((await world.press('reconcile', order.id)).http).toBe(503);
    await world.database.query(
      `INSERT INTO payment.refunds (id, order_id, attempt_id, merchant, state, cause, reason, idempotency_key, amount,
         tax_free_amount, vat_amount, restock, asked_at, created_at, updated_at)
       SELECT gen_random_uuid(), order_id, id, merchant, 'sending', 'operator', 'x', 'x', 5, 0, 0, false, now(), now(), now()
         FROM payment.attempts WHERE tid = $1`,
      [order.tid],
    );
    expect((await world.press('reconcile', order.id)).http).toBe(409);
  });
});
