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

  it('is booked cancellation by cancellation, each on the day that KakaoPay names', async () => {
    const order = await world.paidOrder();
    const bookings = () =>
      world.database.query<{ amount: number; aid: string; done_at: Date }>(
        'SELECT amount, aid, done_at FROM payment.refunds WHERE order_id = $1 ORDER BY done_at',
        [order.id],
      );
    const cancel = (aid: string, approved_at: string, amount: number) => ({
      ...{ aid, approved_at, amount, payment_action_type: 'CANCEL' },
    });
    const [late, early] = [cancel('C2', '2026-11-30T09:00:00', 400), cancel('C1', '2026-11-27T23:59:59', 300)];
    world.kakaopay.set(order.tid, { cancelled: 700, orderSays: { payment_action_details: [late, early] } });
    expect(await world.press('reconcile', order.id)).toMatchObject({
      body: { found: [{ amount: 300 }, { amount: 400 }] },
    });
    const booked = [
      { amount: 300, aid: 'C1', done_at: new Date('2026-11-27T14:59:59Z') },
      { amount: 400, aid: 'C2', done_at: new Date('2026-11-30T00:00:00Z') },
    ];
    expect(await bookings()).toEqual(booked);
    // What KakaoPay does not tell apart is one, at the time of the newest.
    const newest = cancel('C3', '2026-12-01T09:00:00', 100);
    world.kakaopay.set(order.tid, { cancelled: 900, orderSays: { payment_action_details: [newest, late, early] } });
    expect((await world.press('reconcile', order.id, 'again')).body.found).toMatchObject([{ amount: 200 }]);
    expect(await bookings()).toEqual([
      ...booked,
      { amount: 200, aid: 'C3', done_at: new Date('2026-12-01T00:00:00Z') },
    ]);
    expect((await world.press('reconcile', order.id, 'third')).body.found).toEqual([]);
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
