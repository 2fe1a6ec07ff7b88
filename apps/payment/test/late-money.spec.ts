import { eventually, type ManualClock, times } from '@biz/testing';
import { FinalLooks } from '../src/reconciliation/final-looks';
import { Differing } from './differing';
import { BROKEN, refusal } from './fake-kakaopay';
import type { OrderInHand, World } from './world';

/** A day, by the scale of the tests. */
const A_DAY_MS = 864_000;

describe('the money of a payment that ended without any', () => {
  let differing: Differing;
  let world: World;
  let clock: ManualClock;
  beforeAll(async () => {
    differing = await Differing.start();
    ({ world, clock } = differing);
  });
  afterAll(() => world.stop());

  const compareAt = async ({ id }: OrderInHand): Promise<{ compareAt: Date | null; updatedAt: Date } | undefined> =>
    (
      await world.database.query<{ compareAt: Date | null; updatedAt: Date }>(
        'SELECT compare_at AS "compareAt", updated_at AS "updatedAt" FROM payment.attempts WHERE order_id = $1',
        [id],
      )
    )[0];
  const gauge = async (): Promise<number> => {
    clock.advance(15_000);
    const text = await (await fetch(`${world.app.url}/metrics`)).text();
    return Number(/payment_attention\{what="difference-open"\} (\d+)/.exec(text)?.[1]);
  };

  it('is looked at once more a day later: the money goes back', async () => {
    const order = await world.orderAwaitingPayment();
    world.kakaopay.next('approve', refusal(-780));
    await world.callback(order);
    await differing.until(order, 'F');
    const { compareAt: at, updatedAt } = (await compareAt(order)) ?? {};
    expect(at?.getTime()).toBe((updatedAt?.getTime() ?? 0) + A_DAY_MS);
    differing.tookMoney(order);
    await world.app.get<FinalLooks>(FinalLooks).run();
    expect(await differing.attemptsOf(order)).toEqual(['failed']);
    clock.advance(A_DAY_MS);
    await world.app.get<FinalLooks>(FinalLooks).run();
    await differing.wentBack(order);
    expect((await world.detail(order.id)).refunds).toMatchObject([{ cause: 'surplus', amount: 13_500 }]);
    expect(await world.status(order)).toMatchObject({ order_status: 'F' });
    expect((await compareAt(order))?.compareAt).toBeNull();
  });

  it('is tried again while KakaoPay does not answer, and then seen by a person, whose reconcile sends it back', async () => {
    const order = await differing.failed();
    differing.tookMoney(order);
    world.kakaopay.next('order', ...times(5, () => BROKEN));
    for (const tries of [1, 2, 3, 4]) {
      await world.database.query(`UPDATE payment.attempts SET compare_at = $2 WHERE order_id = $1`, [
        order.id,
        clock.now(),
      ]);
      await eventually(async () => {
        const seen = `SELECT compares FROM payment.attempts WHERE order_id = $1 AND compare_at > $2`;
        expect(await world.database.query(seen, [order.id, clock.now()])).toEqual([{ compares: tries }]);
      });
      expect(await differing.of(order)).toEqual([]);
    }
    const before = await gauge();
    clock.advance(3 * A_DAY_MS);
    await eventually(async () => {
      expect(await differing.of(order)).toMatchObject([
        { state: 'open', kinds: ['not-asked'], acts: ['reconcile'], amount: 13_500 },
      ]);
    });
    expect(await gauge()).toBe(before + 1);
    const { body } = await world.operator('orders?attention=true&limit=100');
    expect((body as { items: { id: string }[] }).items.map(({ id }) => id)).toContain(order.id);
    world.kakaopay.next('order', BROKEN);
    expect((await world.press('reconcile', order.id)).http).toBe(503);
    expect(await world.press('reconcile', order.id)).toMatchObject({
      http: 200,
      body: {
        state: 'failed',
        found: [{ cause: 'surplus', amount: 13_500 }],
        lookedAt: [{ state: 'surplus', says: 'SUCCESS_PAYMENT' }],
      },
    });
    await differing.wentBack(order);
    expect(await differing.of(order)).toMatchObject([{ state: 'resolved' }]);
  });

  it('is named by the buttons that cannot mend it', async () => {
    const order = await differing.failed();
    differing.tookMoney(order);
    for (const button of ['accept', 'refund'] as const) {
      expect(await world.press(button, order.id)).toMatchObject({
        http: 409,
        body: { message: expect.stringContaining('POST …/reconcile asks KakaoPay for money of it') as string },
      });
    }
    expect(await differing.attemptsOf(order)).toEqual(['failed']);
  });

  it('goes back at once when the order is cancelled, and is looked at in its time too', async () => {
    const order = await differing.failed();
    differing.tookMoney(order);
    expect(await world.cancel(order.id, 'k', { reason: '고객 요청' })).toMatchObject({
      http: 202,
      body: { state: 'cancelled' },
    });
    await differing.wentBack(order);

    const early = await differing.failed();
    const planned = (await compareAt(early))?.compareAt;
    await world.cancel(early.id, 'k', { reason: '고객 요청' });
    await eventually(async () => {
      const looks = `SELECT 1 FROM payment.evidence WHERE order_id = $1 AND sent_at >= $2`;
      expect((await world.database.query(looks, [early.id, clock.now()])).length).toBeGreaterThan(0);
      expect((await compareAt(early))?.compareAt).toEqual(planned);
    });
    differing.tookMoney(early);
    clock.advance(A_DAY_MS);
    await differing.wentBack(early);
  });

  it('is a person’s when its amount differs: refund gives it back', async () => {
    const order = await differing.failed();
    differing.tookMoney(order, 9_000);
    await world.press('reconcile', order.id);
    expect(await differing.attemptsOf(order)).toEqual(['review']);
    expect((await world.press('accept', order.id)).http).toBe(409);
    expect(await world.press('refund', order.id)).toMatchObject({ http: 202, body: { state: 'failed' } });
    await differing.wentBack(order, 9_000);
  });

  it('is a person’s when no document names its status: refund gives it back', async () => {
    const order = await differing.failed();
    differing.tookMoney(order);
    world.kakaopay.set(order.tid, { status: 'ZID_CERTIFICATE' });
    // Before the tid's end the buyer may still be on the screen.
    await world.database.query(`UPDATE payment.attempts SET expires_at = $2 WHERE tid = $1`, [order.tid, clock.now()]);
    await world.press('reconcile', order.id);
    expect(await differing.attemptsOf(order)).toEqual(['review']);
    await world.press('refund', order.id);
    await differing.wentBack(order);
  });

  it('is written down when KakaoPay speaks of another payment', async () => {
    const order = await differing.failed();
    differing.tookMoney(order);
    world.kakaopay.set(order.tid, { orderSays: { partner_user_id: 'another' } });
    clock.advance(A_DAY_MS);
    await eventually(async () => {
      expect(await differing.of(order)).toMatchObject([
        { state: 'open', kinds: ['money-there', 'partner_user_id'], amount: 13_500 },
      ]);
    });
    expect(await differing.attemptsOf(order)).toEqual(['failed']);
  });

  it('waits for its turn behind no other merchant', async () => {
    const many = await Promise.all(times(6, () => world.orderAwaitingPayment()));
    const one = await world.orderAwaitingPayment('coffee', { prefix: '/m/second' });
    const all = [...many, one];
    for (const { tid } of all) world.kakaopay.set(tid, { status: 'QUIT_PAYMENT' });
    for (const order of all) await differing.until(order, 'F');
    const before = world.kakaopay.calls('order').length;
    await world.database.query(
      `UPDATE payment.attempts SET compare_at = CASE merchant WHEN 'first' THEN $2::timestamptz - interval '1 hour' ELSE $2 END
        WHERE tid = ANY ($1)`,
      [all.map(({ tid }) => tid), clock.now()],
    );
    await eventually(() => {
      expect(world.kakaopay.calls('order').length - before).toBeGreaterThanOrEqual(all.length);
    });
    const first = world.kakaopay.calls('order').slice(before, before + 4);
    expect(first.map(({ body }) => body).join()).toContain(one.tid);
  });
});
