import { eventually, ManualClock, times } from '@biz/testing';
import { Attempt } from '../src/attempts/attempt.entity';
import { Settlement } from '../src/attempts/settlement';
import { BROKEN, DROPPED_AFTER, DROPPED_BEFORE, refusal } from './fake-kakaopay';
import { shop } from './shops';
import { type OrderInHand, World } from './world';

describe('an order in review', () => {
  /** Of this clock: a tid outlives what a test does before its end, however slow the machine is. */
  const TID_MS = 500_000;
  const STEP_MS = 100;
  const clock = new ManualClock();
  let world: World;
  beforeAll(async () => {
    // Scaled by 0.01.
    world = await World.start({ TID_TTL_SECONDS: String(TID_MS / 10) }, clock);
    world.kakaopay.clock = clock;
  });
  afterAll(() => world.stop());

  /** Waits while time goes on, for the reconciler looks by this clock. */
  const asTimeGoesOn = (expectation: () => void | Promise<void>): Promise<void> =>
    clock.advanceUntil(STEP_MS, expectation);
  const toState = (order: OrderInHand, state: string): Promise<void> =>
    asTimeGoesOn(async () => {
      expect((await world.detail(order.id)).state).toBe(state);
    });

  /** KakaoPay took another amount than the order's. */
  const paidOtherwise = async (took: number, kind = 'coffee', prefix = ''): Promise<OrderInHand> => {
    const order = await world.orderAwaitingPayment(kind, { prefix });
    world.kakaopay.next('approve', DROPPED_BEFORE);
    world.kakaopay.set(order.tid, { status: 'SUCCESS_PAYMENT', total_amount: took, charges: [took] });
    await world.callback(order);
    await toState(order, 'review');
    return order;
  };

  it('is accepted with what KakaoPay took, and goes on as after any payment', async () => {
    const kind = await world.oneLeft();
    const order = await paidOtherwise(11_000, kind);
    expect(await world.stock(kind)).toEqual({ on_hand: 1, reserved: 1 });
    const answers = await Promise.all(times(5, () => world.press('accept', order.id)));
    expect(answers).toEqual(times(5, () => ({ http: 200, body: { partnerOrderId: order.id, state: 'paid' } })));
    expect(await world.status(order)).toEqual({ order_status: 'S' });
    expect(await world.stock(kind)).toEqual({ on_hand: 0, reserved: 0 });
    const detail = await world.detail(order.id);
    expect(detail).toMatchObject({ state: 'paid', totalAmount: 12_000, chargedAmount: 11_000 });
    expect(detail.reviewReason).toBeUndefined();
    expect(detail.history.filter(({ by }) => by === 'operator')).toMatchObject([
      { subject: 'attempt', from: 'review', to: 'paid', note: 'accepted: 확인함' },
      { subject: 'order', from: 'review', to: 'paid', note: 'accepted: 확인함' },
    ]);
    await eventually(() => {
      expect(world.about(order.id)).toMatchObject([
        { type: 'payment.review' },
        { type: 'payment.paid', data: { state: 'paid', totalAmount: 12_000, chargedAmount: 11_000 } },
      ]);
    });
    // What was taken is what can go back.
    expect((await world.cancel(order.id, 'c', { reason: '환불', amount: 11_001 })).http).toBe(422);
    await world.cancel(order.id, 'd', { reason: '환불' });
    await world.until(order, 'C');
    expect(world.kakaopay.cancelled(order.tid)).toBe(11_000);
  });

  it('that was paid more than it cost can be accepted and refunded whole', async () => {
    const order = await paidOtherwise(15_000);
    expect(await world.press('accept', order.id)).toMatchObject({ http: 200, body: { state: 'paid' } });
    await world.cancel(order.id, 'c', { reason: '환불' });
    await world.until(order, 'C');
    expect(world.kakaopay.cancelled(order.tid)).toBe(15_000);
    expect((await world.detail(order.id)).refundedAmount).toBe(15_000);
  });

  it("waits for the shop's own order work once accepted", async () => {
    const order = await paidOtherwise(11_000, 'coffee', '/m/second');
    const done: number[] = [];
    shop.fulfil = ({ totalAmount }) => {
      done.push(totalAmount);
      return Promise.resolve(undefined);
    };
    expect(await world.press('accept', order.id)).toMatchObject({ http: 200 });
    await world.until(order, 'S');
    expect(done).toEqual([13_500]);
  });

  it('gives the money back by refund, once, and its stock too', async () => {
    const kind = await world.oneLeft();
    const order = await paidOtherwise(11_000, kind);
    world.kakaopay.next('cancel', DROPPED_AFTER);
    const answers = await Promise.all(times(5, () => world.press('refund', order.id)));
    expect(answers.map(({ http }) => http)).toEqual(times(5, () => 202));
    expect(new Set(answers.map(({ body }) => body.refund?.id)).size).toBe(1);
    expect(answers[0]?.body.refund).toMatchObject({ amount: 11_000, cause: 'operator' });
    await world.until(order, 'C');
    expect(world.kakaopay.cancelled(order.tid)).toBe(11_000);
    expect(await world.stock(kind)).toEqual({ on_hand: 1, reserved: 0 });
    expect(await world.press('refund', order.id)).toMatchObject({ http: 202, body: { state: 'cancelled' } });
    expect((await world.press('refund', order.id, 'other')).http).toBe(409);
    expect((await world.press('accept', order.id, 'refund-1')).http).toBe(409);
  });

  it('changes nothing while KakaoPay does not say how the payment stands', async () => {
    const order = await paidOtherwise(11_000);
    for (const fault of [BROKEN, DROPPED_BEFORE, DROPPED_AFTER, refusal(-401)]) {
      for (const button of ['accept', 'refund'] as const) {
        world.kakaopay.next('order', fault);
        expect((await world.press(button, order.id)).http).toBe(503);
      }
    }
    expect(await world.detail(order.id)).toMatchObject({ state: 'review', refunds: [] });
    expect((await world.press('accept', order.id)).http).toBe(200);
  });

  it('stays so, whatever a second look says that was on its way', async () => {
    const order = await paidOtherwise(11_000);
    const attempt = await world.database.dataSource.manager.findOneByOrFail(Attempt, { tid: order.tid });
    const settlement = world.app.get<Settlement>(Settlement);
    const amount = { total: 11_000, taxFree: 20, vat: 1_225, point: 0, discount: 0 };
    await settlement.paid(attempt, { amount });
    await settlement.failed(attempt, { state: 'failed', message: '', note: '' });
    await settlement.cancelledThere(attempt, { amount });
    expect(await world.detail(order.id)).toMatchObject({
      state: 'review',
      attempts: [{ state: 'review' }],
      refunds: [],
    });
  });

  it('cannot be accepted while its refund is under way, and two opposite buttons have one winner', async () => {
    const order = await paidOtherwise(11_000);
    const answers = await Promise.all([world.press('accept', order.id), world.press('refund', order.id)]);
    const [accepted, refunded] = answers.map(({ http }) => http);
    expect([
      [200, 409],
      [409, 202],
    ]).toContainEqual([accepted, refunded]);
    await world.until(order, accepted === 200 ? 'S' : 'C');
    expect(world.kakaopay.cancelled(order.tid)).toBe(accepted === 200 ? 0 : 11_000);
  });

  it.each(['partner_order_id', 'partner_user_id', 'cid'])(
    'is not accepted with the money of another %s',
    async (field) => {
      const order = await paidOtherwise(11_000);
      world.kakaopay.set(order.tid, { [field]: 'another' });
      expect(await world.press('accept', order.id)).toMatchObject({
        http: 409,
        body: { message: expect.stringContaining(`${field} differ`) as string },
      });
    },
  );

  /** A status no document names, past the tid's end. */
  const neverNamed = async (kind: string): Promise<OrderInHand> => {
    const order = await world.orderAwaitingPayment(kind);
    world.kakaopay.set(order.tid, { status: 'ZID_CERTIFICATE' });
    clock.advance(TID_MS);
    await toState(order, 'review');
    return order;
  };

  it.each(['ZID_CERTIFICATE', 'QUIT_PAYMENT', 'AUTH_PASSWORD'])(
    'has nothing to refund when KakaoPay says %s past the end, and may be tried again',
    async (status) => {
      const kind = await world.oneLeft();
      const order = await neverNamed(kind);
      world.kakaopay.set(order.tid, { status });
      expect(await world.press('accept', order.id)).toMatchObject({
        http: 409,
        body: { message: `KakaoPay says ${status}: there is no money to accept` },
      });
      const answer = await world.press('refund', order.id);
      expect(answer).toEqual({ http: 202, body: { partnerOrderId: order.id, state: 'failed' } });
      expect(await world.status(order)).toEqual({
        order_status: 'F',
        message: '결제가 완료되지 않았습니다. 다시 시도해 주세요.',
      });
      expect(await world.stock(kind)).toEqual({ on_hand: 1, reserved: 0 });
      expect((await world.detail(order.id)).attempts).toMatchObject([{ state: 'failed' }]);
      await eventually(() => {
        expect(world.about(order.id).map(({ type }) => type)).toEqual(['payment.review', 'payment.failed']);
      });
      const tid = world.kakaopay.ready(order.sheet);
      expect(await world.approve(order, tid)).toMatchObject({ status: 200 });
    },
  );

  it('gives back what came under a status that no document names', async () => {
    const order = await neverNamed(await world.oneLeft());
    world.kakaopay.set(order.tid, { charges: [12_000] });
    expect((await world.press('accept', order.id)).http).toBe(409);
    expect(await world.press('refund', order.id)).toMatchObject({ http: 202, body: { refund: { amount: 12_000 } } });
    await world.until(order, 'C');
    expect(world.kakaopay.cancelled(order.tid)).toBe(12_000);
  });

  it('is cancelled when all of its money was cancelled at KakaoPay by hand', async () => {
    const kind = await world.oneLeft();
    const order = await paidOtherwise(11_000, kind);
    world.kakaopay.set(order.tid, { status: 'CANCEL_PAYMENT', cancelled: 11_000 });
    expect((await world.press('accept', order.id)).http).toBe(409);
    expect(await world.press('refund', order.id)).toMatchObject({ http: 202, body: { state: 'cancelled' } });
    expect(await world.detail(order.id)).toMatchObject({
      attempts: [{ state: 'refunded' }],
      refunds: [{ state: 'done', cause: 'at-kakaopay', amount: 11_000 }],
    });
    expect(await world.stock(kind)).toEqual({ on_hand: 1, reserved: 0 });
    expect(world.kakaopay.cancelled(order.tid)).toBe(11_000);
  });

  it.each(['accept', 'refund'] as const)('knows of a part that was cancelled by hand: %s', async (button) => {
    const order = await world.orderAwaitingPayment();
    world.kakaopay.set(order.tid, { status: 'PART_CANCEL_PAYMENT', charges: [13_500], cancelled: 700 });
    await toState(order, 'review');
    await world.press(button, order.id);
    if (button === 'accept') {
      await world.until(order, 'S');
      await world.cancel(order.id, 'rest', { reason: '나머지' });
    }
    await world.until(order, 'C');
    expect(world.kakaopay.cancelled(order.tid)).toBe(13_500);
    const { refunds, refundedAmount } = await world.detail(order.id);
    expect(refunds).toMatchObject([
      { amount: 700, cause: 'at-kakaopay', state: 'done' },
      { amount: 12_800, cause: 'operator', state: 'done' },
    ]);
    expect(refunds.reduce((sum, { vatAmount }) => sum + vatAmount, 0)).toBe(1_225);
    expect(refundedAmount).toBe(13_500);
  });

  it('because of the shop’s own work is done by hand, or its money goes back', async () => {
    const given = [];
    for (const button of ['accept', 'refund'] as const) {
      shop.fulfil = () => Promise.reject(new Error('the warehouse is down'));
      const order = await world.orderAwaitingPayment('coffee', { prefix: '/m/second' });
      await world.callback(order);
      await toState(order, 'fulfilling');
      // The schedule of a day, over.
      await world.database.query(
        `UPDATE payment.orders SET state = 'review', review_reason = 'paid, but nobody did it' WHERE id = $1`,
        [order.id],
      );
      await world.press(button, order.id);
      await world.until(order, button === 'accept' ? 'S' : 'C');
      given.push(world.kakaopay.cancelled(order.tid));
    }
    expect(given).toEqual([0, 13_500]);
  });

  it('begins no subscription without a SID', async () => {
    const order = await world.orderAwaitingPayment('subscription');
    world.kakaopay.next('approve', DROPPED_AFTER);
    await world.callback(order);
    await toState(order, 'review');
    expect(await world.press('accept', order.id)).toMatchObject({ http: 200, body: { state: 'paid' } });
    expect(await world.database.query(`SELECT 1 FROM payment.subscriptions WHERE order_id = $1`, [order.id])).toEqual(
      [],
    );
    await eventually(() => {
      const paid = world.about(order.id).find(({ type }) => type === 'payment.paid');
      expect(paid?.data).not.toHaveProperty('subscription');
    });
  });

  it('ends without money when only a SID was issued', async () => {
    const order = await world.orderAwaitingPayment('subscription');
    world.kakaopay.next('approve', DROPPED_AFTER);
    await world.callback(order);
    await toState(order, 'review');
    expect(await world.press('refund', order.id)).toEqual({
      http: 202,
      body: { partnerOrderId: order.id, state: 'cancelled' },
    });
    expect((await world.detail(order.id)).attempts).toMatchObject([{ state: 'refunded' }]);
  });

  it('may be an older payment of an order that went on without it: its money goes back', async () => {
    const older = await world.orderAwaitingPayment();
    const tid = world.kakaopay.ready(older.sheet);
    await world.approve(older, tid);
    const newer = { ...older, tid, token: world.kakaopay.authenticate(tid) };
    await world.callback(newer);
    await world.until(newer, 'S');
    world.kakaopay.set(older.tid, { status: 'SUCCESS_PAYMENT', total_amount: 9_000, charges: [9_000] });
    await asTimeGoesOn(async () => {
      expect((await world.detail(older.id)).attempts.map(({ state }) => state)).toEqual(['review', 'paid']);
    });
    expect((await world.press('accept', older.id)).http).toBe(409);
    expect(await world.press('refund', older.id)).toMatchObject({ http: 202, body: { state: 'paid' } });
    await eventually(async () => {
      expect((await world.detail(older.id)).attempts.map(({ state }) => state)).toEqual(['refunded', 'paid']);
    });
    expect([world.kakaopay.cancelled(older.tid), world.kakaopay.cancelled(tid)]).toEqual([9_000, 0]);
    expect(await world.status(newer)).toEqual({ order_status: 'S' });
  });

  it('refuses what cannot be', async () => {
    const order = await world.paidOrder();
    for (const button of ['accept', 'refund'] as const) {
      expect(await world.press(button, order.id)).toMatchObject({ http: 409 });
      expect((await world.press(button, 'no-such-order')).http).toBe(404);
      expect((await world.press(button, order.id, ' ')).http).toBe(400);
      expect((await world.press(button, order.id, 'k', {})).http).toBe(400);
    }
  });

  it('is asked for nothing that a route does not read: it would do the whole of it', async () => {
    const order = await world.paidOrder();
    const post = (path: string, body: object) =>
      world.operator(path, {
        ...{ method: 'POST', body: JSON.stringify(body) },
        headers: { 'Idempotency-Key': 'unread' },
      });
    const unread = { http: 400, body: { problems: [{ path: 'amount', message: 'property amount should not exist' }] } };
    expect(await post(`orders/${order.id}/cancel?amount=500`, { reason: 'x' })).toMatchObject(unread);
    expect(await post(`refunds/${order.id}/retry`, { amount: 500 })).toMatchObject(unread);
    expect((await post(`refunds/${order.id}/retry`, {})).http).toBe(404);
    expect(await world.detail(order.id)).toMatchObject({ state: 'paid', refunds: [] });

    const review = await paidOtherwise(11_000);
    const refused = { http: 400, body: { message: 'tid and notCharged exclude each other' } };
    const both = { reason: 'x', tid: review.tid, notCharged: true };
    expect(await world.press('refund', review.id, 'k', both)).toMatchObject(refused);
    expect((await world.press('refund', review.id, 'k', { reason: 'x', notCharged: true })).http).toBe(400);
    for (const button of ['accept', 'refund'] as const)
      expect((await world.press(button, review.id, 'k', { reason: 'x', tid: 'T-of-another' })).http).toBe(400);
    expect(await world.detail(review.id)).toMatchObject({ state: 'review', refunds: [] });
    expect((await world.press('accept', review.id, 'k', { reason: 'x', tid: review.tid })).http).toBe(200);
  });

  it('a failed refund can be withdrawn; money that belongs to no order is given up by its amount, and stays in the list', async () => {
    const order = await world.paidOrder();
    world.kakaopay.next('cancel', refusal(-721));
    const { body } = await world.cancel(order.id, 'key', { reason: '고객 변심', amount: 500 });
    const withdraw = (id: string | undefined, amount?: number) =>
      world.operator(`refunds/${id}/withdraw`, {
        method: 'POST',
        body: JSON.stringify({ reason: '교환하기로 함', amount }),
      });
    await eventually(async () => {
      expect((await world.detail(order.id)).refunds).toMatchObject([{ state: 'failed' }]);
    });
    expect(await withdraw(body.refund?.id)).toMatchObject({ http: 200, body: { state: 'withdrawn' } });
    expect((await withdraw(body.refund?.id)).http).toBe(409);

    const left = await world.orderAwaitingPayment();
    await world.get(new URL(left.sheet.cancel_url).pathname);
    world.kakaopay.next('cancel', refusal(-721));
    world.kakaopay.set(left.tid, { status: 'SUCCESS_PAYMENT', charges: [13_500] });
    await asTimeGoesOn(async () => {
      expect((await world.detail(left.id)).refunds).toMatchObject([{ state: 'failed', cause: 'surplus' }]);
    });
    const [surplus] = (await world.detail(left.id)).refunds;
    expect(await withdraw(surplus?.id)).toMatchObject({
      http: 409,
      body: { message: expect.stringContaining('13500 won belong to no order') as string },
    });
    expect((await withdraw(surplus?.id, 13_000)).http).toBe(409);
    world.kakaopay.next('cancel', refusal(-721));
    expect((await world.operator(`refunds/${surplus?.id}/retry`, { method: 'POST', body: '{}' })).http).toBe(202);
    await eventually(async () => {
      expect((await world.detail(left.id)).refunds).toMatchObject([{ state: 'failed' }]);
    });
    const given = await Promise.all(times(3, () => withdraw(surplus?.id, 13_500)));
    expect(given.map(({ http }) => http).sort()).toEqual([200, 409, 409]);
    const { body: list } = await world.operator('differences?state=given-up');
    expect((list as { items: object[] }).items).toMatchObject([
      {
        partnerOrderId: left.id,
        kinds: ['refund-given-up'],
        amount: 13_500,
        reason: '교환하기로 함',
        givenUpBy: 'operator',
        givenUpAt: expect.any(String) as string,
      },
    ]);
    expect((await world.detail(left.id)).history.at(-1)).toMatchObject({
      by: 'operator',
      to: 'withdrawn',
      note: '13500 won that belong to no order are given up: 교환하기로 함',
    });
    expect(world.kakaopay.kept).toBeGreaterThanOrEqual(13_500);
  });
});
