import { eventually, ManualClock, times } from '@biz/testing';
import {
  BROKEN,
  BROKEN_AFTER,
  DROPPED_AFTER,
  DROPPED_BEFORE,
  type Fault,
  GARBAGE_AFTER,
  refusal,
} from './fake-kakaopay';
import { ADDRESS, type Answer, type OrderInHand, World } from './world';

/** KakaoPay misbehaves; the money never does. */
describe('a payment with a KakaoPay that misbehaves', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  const attemptOf = async (order: OrderInHand) =>
    (await world.detail(order.id)).attempts.find(({ tid }) => tid === order.tid);

  it('keeps twenty tokens of an order that KakaoPay does not know, whatever comes at once, and calls for no more', async () => {
    const order = await world.orderAwaitingPayment();
    const other = await world.startInstance();
    const path = new URL(new URL(order.sheet.approval_url).searchParams.get('approval_url') ?? '').pathname;
    const bring = async (token: string, at = 0): Promise<unknown> =>
      ((await (await fetch(`${[world.app, other][at % 2]?.url}${path}?pg_token=${token}`)).json()) as Answer).status;
    const answers = await Promise.all(times(60, (at) => bring(`invented-${at}`, at)));
    expect(answers.filter((status) => status === 200)).toHaveLength(20);
    expect(answers.filter((status) => status === 300)).toHaveLength(40);
    const tokens = (): Promise<unknown[]> =>
      world.database.query('SELECT refused_for FROM payment.callbacks WHERE order_id = $1', [order.id]);
    const calls = (): number => world.kakaopay.calls('approve').filter(({ body }) => body.includes(order.tid)).length;
    await eventually(() => {
      expect(calls()).toBeGreaterThan(1);
    });
    expect(await tokens()).toHaveLength(20);
    // What is stored is answered as at first; what is new is not stored, here nor there.
    expect(await bring(`invented-${answers.indexOf(200)}`)).toBe(200);
    expect([await bring('one-more'), await bring('one-more', 1)]).toEqual([300, 300]);
    expect(await tokens()).toHaveLength(20);
    expect(calls()).toBeLessThanOrEqual(20);
    await other.close();
    // None of its calls is left to meet a fault that is meant for another.
    world.kakaopay.set(order.tid, { status: 'QUIT_PAYMENT' });
    await world.until(order, 'F');
  });

  it('is paid by the right token among nineteen invented ones', async () => {
    const order = await world.orderAwaitingPayment();
    await Promise.all(times(19, (at) => world.callback(order, `invented-${at}`)));
    expect(await world.callback(order)).toMatchObject({ status: 200 });
    await world.until(order, 'S');
    expect(world.kakaopay.charged(order.tid)).toEqual([13_500]);
  });

  it.each<[string, Fault[]]>([
    ['drops the line after doing the work', [DROPPED_AFTER]],
    ['drops the line before doing the work', [DROPPED_BEFORE]],
    ['breaks before the work, three times', [BROKEN, BROKEN, BROKEN]],
    ['breaks after the work', [BROKEN_AFTER]],
    ['says something unreadable after the work', [GARBAGE_AFTER]],
    ['says that the tid is approved already', [{ ...refusal(-702), work: true }]],
    ['says that this is a duplicate', [{ ...refusal(-785), work: true }]],
    ['says that it cannot be approved right now', [refusal(-783)]],
    ['answers with its own internal error', [refusal(-1)]],
    ['says that the buyer has not finished', [refusal(-701)]],
  ])('charges once and ends as S when approve %s', async (_what, faults) => {
    const order = await world.orderAwaitingPayment();
    world.kakaopay.next('approve', ...faults);
    await world.callback(order);
    await world.until(order, 'S');
    expect(world.kakaopay.charged(order.tid)).toEqual([13_500]);
    expect(await attemptOf(order)).toMatchObject({ state: 'paid' });
  });

  it('ends as S when order misbehaves too', async () => {
    const order = await world.orderAwaitingPayment();
    world.kakaopay.next('approve', DROPPED_AFTER);
    world.kakaopay.next('order', BROKEN, DROPPED_AFTER, GARBAGE_AFTER);
    await world.callback(order);
    await world.until(order, 'S');
    expect(world.kakaopay.charged(order.tid)).toEqual([13_500]);
  });

  it('ends as F with KakaoPay’s own sentence when it refuses, gives the stock back, and may be tried again', async () => {
    await world.setStock('mug', 1);
    const order = await world.orderAwaitingPayment('mug', { more: { shipping_address: ADDRESS } });
    world.kakaopay.next('approve', refusal(-780, '잔액이 부족합니다.'));
    await world.callback(order);
    await world.until(order, 'F');
    expect(await world.status(order)).toEqual({ order_status: 'F', message: '잔액이 부족합니다.' });
    expect(await world.stock('mug')).toEqual({ on_hand: 1, reserved: 0 });
    expect(await attemptOf(order)).toMatchObject({ state: 'failed', failureCode: -780 });
    await eventually(() => {
      expect(world.about(order.id)).toMatchObject([
        { type: 'payment.failed', data: { message: '잔액이 부족합니다.' } },
      ]);
    });

    const tid = world.kakaopay.ready(order.sheet);
    await world.approve(order, tid, { shipping_address: ADDRESS });
    const again = { ...order, tid, token: world.kakaopay.authenticate(tid) };
    await world.callback(again);
    await world.until(again, 'S');
    expect(await world.stock('mug')).toEqual({ on_hand: 0, reserved: 0 });
  });

  it('finds a payment whose T3 was lost by asking, and does not approve without a token', async () => {
    const order = await world.orderAwaitingPayment();
    await eventually(() => {
      expect(world.kakaopay.calls('order').filter(({ body }) => body.includes(order.tid)).length).toBeGreaterThan(2);
    });
    expect(await world.status(order)).toEqual({ order_status: 'W' });
    expect(world.kakaopay.charged(order.tid)).toEqual([]);
    world.kakaopay.set(order.tid, { status: 'QUIT_PAYMENT' });
    await world.until(order, 'F');
  });

  it('shows a person what was approved for another amount, and the operator sends it back', async () => {
    const order = await world.orderAwaitingPayment();
    world.kakaopay.next('approve', DROPPED_BEFORE);
    world.kakaopay.set(order.tid, { status: 'SUCCESS_PAYMENT', total_amount: 13_000, charges: [13_000] });
    await world.callback(order);
    await eventually(async () => {
      expect(await world.detail(order.id)).toMatchObject({
        state: 'review',
        reviewReason: 'KakaoPay was paid for something else: total differ',
        attempts: [{ state: 'review' }],
      });
    });
    expect(await world.status(order)).toEqual({ order_status: 'W' });
    await eventually(() => {
      expect(world.about(order.id)).toMatchObject([{ type: 'payment.review' }]);
    });

    await world.cancel(order.id, 'review-1', { reason: '금액 불일치' });
    await world.until(order, 'C');
    expect(world.kakaopay.cancelled(order.tid)).toBe(13_000);
  });

  it.each([
    ['tax_free', { tax_free_amount: 0 }],
    ['vat', { vat_amount: 1 }],
    ['partner_user_id', { partner_user_id: 'somebody' }],
    ['cid', { cid: 'TC0OTHER00' }],
  ])('does not take money whose %s is not the order’s', async (field, wrong) => {
    const order = await world.orderAwaitingPayment();
    world.kakaopay.set(order.tid, wrong);
    await world.callback(order);
    await eventually(async () => {
      expect(await world.detail(order.id)).toMatchObject({
        state: 'review',
        reviewReason: expect.stringContaining(`${field} differ`) as string,
      });
    });
  });

  it.each([
    ['tid', { tid: 'T-of-another' }],
    ['partner_order_id', { partner_order_id: 'another' }],
    ['partner_user_id', { partner_user_id: 'another' }],
    ['cid', { cid: 'TC0OTHER00' }],
  ])('keeps no amount of a payment whose %s is another: what goes back is this one', async (field, other) => {
    const order = await world.orderAwaitingPayment();
    const ids = { cid: 'TC0ONETIME', tid: order.tid, partner_order_id: order.id, partner_user_id: order.user };
    const amount = { total: 99_000, tax_free: 0, vat: 9_000 };
    world.kakaopay.next('approve', {
      work: true,
      json: { aid: 'A-of-another', ...ids, amount, approved_at: '2020-01-01T00:00:00', ...other },
    });
    await world.callback(order);
    await eventually(async () => {
      expect((await world.detail(order.id)).state).toBe('review');
    });
    const seen = await world.detail(order.id);
    expect(seen.reviewReason).toContain(field);
    for (const part of [seen, seen.attempts[0]]) expect(part).not.toHaveProperty('chargedAmount');
    for (const name of ['approvedAt', 'aid']) expect(seen.attempts[0]).not.toHaveProperty(name);
    await eventually(() => {
      expect(world.about(order.id)).toMatchObject([{ type: 'payment.review' }]);
    });
    expect(world.about(order.id)[0]?.data).not.toHaveProperty('chargedAmount');
    for (const body of [{ reason: 'x' }, { reason: 'x', amount: 13_501 }])
      expect((await world.cancel(order.id, `k-${body.amount ?? 'all'}`, body)).http).toBe(409);

    // Nor of what order says of another, whatever its status.
    for (const status of ['SUCCESS_PAYMENT', 'FAIL_PAYMENT']) {
      world.kakaopay.set(order.tid, { orderSays: { ...other, status, amount } });
      expect(await world.press('refund', order.id)).toMatchObject({
        http: 409,
        body: { message: expect.stringContaining(`about another payment: ${field} differ`) as string },
      });
    }
    world.kakaopay.set(order.tid, { orderSays: undefined });
    expect((await world.press('refund', order.id, 'n', { reason: 'x', notCharged: true })).http).toBe(400);
    expect(await world.press('refund', order.id)).toMatchObject({ http: 202, body: { refund: { amount: 13_500 } } });
    await world.until(order, 'C');
    expect(world.kakaopay.cancelled(order.tid)).toBe(13_500);
  });

  it('fails when a person finds no money of the order behind an answer about another payment', async () => {
    const order = await world.orderAwaitingPayment();
    world.kakaopay.set(order.tid, { partner_user_id: 'another' });
    await world.callback(order);
    await eventually(async () => {
      expect((await world.detail(order.id)).state).toBe('review');
    });
    expect((await world.press('accept', order.id)).http).toBe(409);
    expect((await world.press('refund', order.id)).http).toBe(409);
    const found = { reason: '카카오페이에 확인', notCharged: true };
    expect(await world.press('refund', order.id, 'n', found)).toMatchObject({ http: 202, body: { state: 'failed' } });
    expect(world.kakaopay.cancelled(order.tid)).toBe(0);
  });

  it('counts the newest tid, and cancels an older one that turns out paid', async () => {
    const older = await world.orderAwaitingPayment();
    world.kakaopay.holdApprovals();
    await world.callback(older);
    await eventually(() => {
      expect(world.kakaopay.calls('approve').some(({ body }) => body.includes(older.tid))).toBe(true);
    });

    const tid = world.kakaopay.ready(older.sheet);
    expect(await world.approve(older, tid)).toMatchObject({ status: 200 });
    const newer = { ...older, tid, token: world.kakaopay.authenticate(tid) };
    world.kakaopay.releaseApprovals();
    await eventually(() => {
      expect(world.kakaopay.cancelled(older.tid)).toBe(13_500);
    });
    expect(await world.status(newer)).toEqual({ order_status: 'W' });

    await world.callback(newer);
    await world.until(newer, 'S');
    expect(world.kakaopay.charged(newer.tid)).toEqual([13_500]);
    expect(world.kakaopay.cancelled(newer.tid)).toBe(0);
    const { attempts, refunds } = await world.detail(older.id);
    expect(attempts.map(({ state }) => state)).toEqual(['refunded', 'paid']);
    expect(refunds).toMatchObject([{ cause: 'surplus', state: 'done', amount: 13_500 }]);
    // A late duplicate of the older T2 does not bring it back.
    expect(await world.approve(older, older.tid)).toMatchObject({ status: 200 });
    expect((await world.detail(older.id)).state).toBe('paid');
  });

  it('sends money back that comes for an order the buyer has left', async () => {
    const order = await world.orderAwaitingPayment();
    await world.get(new URL(order.sheet.cancel_url).pathname);
    world.kakaopay.set(order.tid, { status: 'SUCCESS_PAYMENT', charges: [13_500] });
    await eventually(async () => {
      expect(world.kakaopay.cancelled(order.tid)).toBe(13_500);
      expect((await attemptOf(order))?.state).toBe('refunded');
    });
    expect(await world.status(order)).toEqual({ order_status: 'C' });
  });

  it('follows a payment that was cancelled at KakaoPay', async () => {
    const order = await world.orderAwaitingPayment();
    world.kakaopay.set(order.tid, { status: 'CANCEL_PAYMENT', charges: [13_500], cancelled: 13_500 });
    await world.until(order, 'C');
    const given = { chargedAmount: 13_500, refundedAmount: 13_500 };
    expect(await world.detail(order.id)).toMatchObject(given);
    await eventually(() => {
      expect(world.about(order.id)).toMatchObject([{ type: 'payment.cancelled', data: given }]);
    });
  });

  it('lets no approval fall between two lives of the app', async () => {
    const order = await world.orderAwaitingPayment();
    // The approve call is decided on, KakaoPay does it, and nobody hears the answer.
    world.kakaopay.next('approve', DROPPED_AFTER);
    world.kakaopay.next('order', BROKEN, BROKEN, BROKEN, BROKEN, BROKEN, BROKEN);
    await world.callback(order);
    await eventually(() => {
      expect(world.kakaopay.charged(order.tid)).toEqual([13_500]);
    });
    await world.app.close();
    await world.startApp();
    await world.until(order, 'S');
    expect(world.kakaopay.charged(order.tid)).toEqual([13_500]);
  });
});

describe('a payment that nobody finishes', () => {
  // Scaled by 0.01: the tid lives half a second of this clock, the order a second.
  const STEP_MS = 100;
  const clock = new ManualClock();
  let world: World;
  beforeAll(async () => {
    world = await World.start({ TID_TTL_SECONDS: '50', ORDER_TTL_SECONDS: '100' }, clock);
    world.kakaopay.clock = clock;
  });
  afterAll(() => world.stop());

  it('ends as F when the tid’s time is over, and gives the stock back', async () => {
    await world.setStock('mug', 1);
    const order = await world.orderAwaitingPayment('mug', { more: { shipping_address: ADDRESS } });
    expect(await world.stock('mug')).toEqual({ on_hand: 1, reserved: 1 });
    await clock.advanceUntil(STEP_MS, async () => {
      expect(await world.status(order)).toEqual({
        order_status: 'F',
        message: '결제 시간이 만료되었습니다. 다시 시도해 주세요.',
      });
    });
    expect(await world.stock('mug')).toEqual({ on_hand: 1, reserved: 0 });
  });

  it('does not call a superseded tid over while its approve is on the way, and sends back what that brings', async () => {
    const older = await world.orderAwaitingPayment();
    world.kakaopay.holdApprovals();
    await world.callback(older);
    await eventually(() => {
      expect(world.kakaopay.calls('approve').some(({ body }) => body.includes(older.tid))).toBe(true);
    });
    await world.approve(older, world.kakaopay.ready(older.sheet));
    const looks = (): number => world.kakaopay.calls('order').filter(({ body }) => body.includes(older.tid)).length;
    const { expiresAt } = await attemptOf(older);
    let before = 0;
    await clock.advanceUntil(STEP_MS, async () => {
      // The call that is held may be a look's own: the next look would then wait for its end.
      await world.lookNow(older);
      if (clock.now() <= expiresAt) before = looks();
      expect(looks()).toBeGreaterThan(before);
    });
    world.kakaopay.releaseApprovals();
    await eventually(async () => {
      await world.lookNow(older);
      expect(world.kakaopay.charged(older.tid)).toEqual([13_500]);
      expect(world.kakaopay.cancelled(older.tid)).toBe(13_500);
    });
  });

  it('sends back what a superseded tid brings after its end, by a call that we had given up', async () => {
    const older = await world.orderAwaitingPayment();
    world.kakaopay.next('approve', DROPPED_BEFORE);
    // While order says so, approve is not repeated, however long the next T2 takes.
    world.kakaopay.set(older.tid, { status: 'OPEN_PAYMENT' });
    await world.callback(older);
    await eventually(() => {
      expect(world.kakaopay.calls('approve').some(({ body }) => body.includes(older.tid))).toBe(true);
    });
    await world.approve(older, world.kakaopay.ready(older.sheet));
    const { id, expiresAt } = await attemptOf(older);
    // No look falls between the end of the tid and the money; one that is under way plans no other, for it has another number.
    await world.database.query(`UPDATE payment.attempts SET looks = looks + 1, look_at = 'infinity' WHERE id = $1`, [
      id,
    ]);
    clock.set(new Date(expiresAt.getTime() + STEP_MS));
    world.kakaopay.set(older.tid, { status: 'SUCCESS_PAYMENT', charges: [13_500] });
    await eventually(async () => {
      await world.lookNow(older);
      expect(world.kakaopay.cancelled(older.tid)).toBe(13_500);
    });
  });

  it('shows a person a status that no document names, once the tid’s time is over', async () => {
    const order = await world.orderAwaitingPayment();
    world.kakaopay.set(order.tid, { status: 'ZID_CERTIFICATE' });
    await clock.advanceUntil(STEP_MS, async () => {
      expect(await world.detail(order.id)).toMatchObject({ state: 'review' });
    });
  });

  it('answers 300 to T2 of an order that has expired, and T1 renews it', async () => {
    const sheet = await world.sheet('coffee-late', 'late');
    const order = { id: sheet.partner_order_id, user: 'late' };
    const tid = world.kakaopay.ready(sheet);
    clock.advance(1_001);
    expect(await world.get(`/order/status?order_id=${order.id}`, 'late')).toMatchObject({ http: 200, status: 300 });
    expect(await world.approve(order, tid)).toMatchObject({ http: 200, status: 300 });
    await world.sheet('coffee-late', 'late');
    expect(await world.approve(order, tid)).toMatchObject({ http: 200, status: 200 });
  });

  async function attemptOf({ tid }: OrderInHand): Promise<{ id: string; expiresAt: Date }> {
    const [row] = await world.database.query<{ id: string; expiresAt: Date }>(
      'SELECT id, expires_at AS "expiresAt" FROM payment.attempts WHERE tid = $1',
      [tid],
    );
    if (!row) throw new Error(`no attempt has the tid ${tid}`);
    return row;
  }
});

it('charges once and ends as S when approve takes longer than its time-out, and does the work all the same', async () => {
  const world = await World.start({ KAKAOPAY_TIMEOUT_MS: '300' });
  const order = await world.orderAwaitingPayment();
  const release = world.kakaopay.hold('approve');
  await world.callback(order);
  await world.until(order, 'S');
  expect(world.kakaopay.charged(order.tid)).toEqual([13_500]);
  release();
  await world.stop();
});
