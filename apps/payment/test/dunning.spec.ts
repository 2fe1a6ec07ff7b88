import { eventually, times } from '@biz/testing';
import type { ManualClock } from '@biz/testing';
import { atKstHour, daysAfter } from '../src/charges/kst-day';
import { FinalLooks } from '../src/reconciliation/final-looks';
import { Billing, DAY } from './billing';
import { BROKEN, refusal, type Fault } from './fake-kakaopay';
import type { World } from './world';

describe('dunning', () => {
  let billing: Billing;
  let clock: ManualClock;
  let world: World;

  beforeAll(async () => {
    billing = await Billing.start();
    ({ clock, world } = billing);
  });
  afterAll(() => world.stop());
  afterEach(() => billing.endAll());

  const declined = refusal(-780, '잔액이 부족합니다.');
  const inactive = refusal(-751);

  /** Until KakaoPay has been asked by `status` once more about every try of this order. */
  const compared = async (charge: string): Promise<void> => {
    await world.app.get<FinalLooks>(FinalLooks).run();
    await eventually(async () => {
      const due = `SELECT 1 FROM payment.attempts WHERE order_id = $1 AND compare_at <= $2`;
      expect(await world.database.query(due, [charge, clock.now()])).toEqual([]);
    });
  };

  it('tries again after 1, 3, 5 and 7 days and goes on once it is paid', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe();
    const due = (await billing.seen(id)).nextChargeOn ?? '';
    world.kakaopay.next('subscription', declined, declined);
    await billing.toDue(id);
    const secondTry = atKstHour(daysAfter(due, 1), 9);
    await billing.until(id, { failedTries: 1, nextTryAt: secondTry.toISOString(), periodsCharged: 1 });
    const charge = await billing.orderOf(id, 2);
    expect(await world.detail(charge)).toMatchObject({ state: 'failed' });
    await eventually(() => {
      expect(billing.told(id, 'subscription.failed')).toMatchObject([
        {
          data: {
            ...{ partnerOrderId: charge, period: 2, totalAmount: 10_000, code: -780, message: '잔액이 부족합니다.' },
            nextTryAt: secondTry.toISOString(),
          },
        },
      ]);
    });
    clock.set(secondTry);
    await billing.handOut();
    const thirdTry = atKstHour(daysAfter(due, 4), 9);
    await billing.until(id, { failedTries: 2, nextTryAt: thirdTry.toISOString() });
    clock.set(thirdTry);
    await billing.handOut();
    await billing.until(id, { periodsCharged: 2 });
    expect((await billing.seen(id)).failedTries).toBeUndefined();
    expect(billing.amounts(user)).toEqual([10_000]);
    expect((await world.detail(charge)).attempts).toMatchObject([
      { state: 'failed', failureCode: -780 },
      { state: 'failed' },
      { state: 'paid' },
    ]);
  });

  it('does not try again what KakaoPay took while it said that it did not: a person looks', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe();
    world.kakaopay.next('subscription', { ...declined, work: true });
    await billing.toDue(id);
    await billing.until(id, { failedTries: 1 });
    const charge = await billing.orderOf(id, 2);
    clock.set((await billing.seen(id)).nextTryAt ?? '');
    await billing.handOut();
    await eventually(async () => {
      expect(await world.detail(charge)).toMatchObject({
        state: 'review',
        reviewReason: 'KakaoPay refused this charge, but has charged the SID since: look the payment up at KakaoPay',
        attempts: [{ state: 'failed' }, { state: 'review', calls: 0 }],
      });
    });
    expect(billing.amounts(user)).toEqual([10_000]);
    // The next period is charged in its time, and this one accepted by the tid that a person found.
    expect(await billing.seen(id)).toMatchObject({ state: 'active', periodsCharged: 2 });
    const body = { reason: '카카오페이에서 확인', tid: world.kakaopay.tidOf(charge) };
    expect(await world.press('accept', charge, 'k', body)).toMatchObject({ http: 200, body: { state: 'paid' } });
    await billing.toDue(id);
    await billing.until(id, { periodsCharged: 3 });
    expect(billing.amounts(user)).toEqual([10_000, 10_000]);
  });

  it('ends the subscription after the last try', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe();
    world.kakaopay.next('subscription', ...times(5, () => refusal(-752)));
    await billing.toDue(id);
    for (const tries of [1, 2, 3, 4]) {
      await billing.until(id, { failedTries: tries });
      clock.set((await billing.seen(id)).nextTryAt ?? '');
      await billing.handOut();
    }
    await billing.until(id, { state: 'ended', endReason: 'period 2 could not be charged in 5 tries' });
    expect(billing.amounts(user)).toEqual([]);
    expect(await world.detail(await billing.orderOf(id, 2))).toMatchObject({ state: 'failed' });
    await eventually(() => {
      expect(billing.events(id).map(({ type }) => type)).toEqual([
        ...times(5, () => 'subscription.failed'),
        'subscription.ended',
      ]);
    });
    expect(billing.told(id, 'subscription.failed').at(-1)).toMatchObject({ data: { final: true, code: -752 } });
    // KakaoPay is asked once more about each try, and has nothing of the buyer's.
    clock.advance(DAY);
    await compared(await billing.orderOf(id, 2));
    expect((await world.detail(await billing.orderOf(id, 2))).attempts).toMatchObject(
      times(5, () => ({ state: 'failed' })),
    );
  });

  describe('KakaoPay took the money of a refused try after which no other comes', () => {
    const body = '{"reason":"고객 요청"}';
    const taken: Fault = { ...declined, work: true };

    /** The period failed, and the SID was charged all the same. */
    const refused = async (): Promise<{ id: string; user: string; charge: string }> => {
      clock.advance(30 * DAY);
      const { id, user } = await billing.subscribe();
      world.kakaopay.next('subscription', taken);
      await billing.toDue(id);
      await billing.until(id, { failedTries: 1 });
      return { id, user, charge: await billing.orderOf(id, 2) };
    };
    const isShown = async (charge: string): Promise<void> => {
      await world.app.get<FinalLooks>(FinalLooks).run();
      await eventually(async () => {
        const { attempts } = await world.detail(charge);
        expect(attempts.at(-1)).toMatchObject({
          state: 'review',
          failureMessage:
            'KakaoPay refused this charge, but has charged the SID since: look the payment up at KakaoPay',
        });
      });
    };
    const isGivenBack = async (charge: string): Promise<void> => {
      const tid = world.kakaopay.tidOf(charge);
      expect(await world.press('refund', charge, 'r', { reason: '카카오페이에서 확인', tid })).toMatchObject({
        http: 202,
      });
      await eventually(async () => {
        const { attempts, refunds } = await world.detail(charge);
        expect(attempts.at(-1)).toMatchObject({ state: 'refunded', tid });
        expect(refunds).toMatchObject([{ state: 'done', amount: 10_000 }]);
      });
    };

    it('is shown to a person after the last try, and goes back by the tid that the person found', async () => {
      clock.advance(30 * DAY);
      const { id, user } = await billing.subscribe();
      world.kakaopay.next('subscription', ...times(4, () => declined), taken);
      await billing.toDue(id);
      for (const tries of [1, 2, 3, 4]) {
        await billing.until(id, { failedTries: tries });
        clock.set((await billing.seen(id)).nextTryAt ?? '');
        await billing.handOut();
      }
      await billing.until(id, { state: 'ended' });
      clock.advance(DAY);
      const charge = await billing.orderOf(id, 2);
      await isShown(charge);
      expect((await world.detail(charge)).attempts).toMatchObject([
        ...times(4, () => ({ state: 'failed' })),
        { state: 'review' },
      ]);
      const { body: waiting } = await world.operator('orders?attention=true&limit=100');
      expect((waiting as { items: { id: string }[] }).items.map((order) => order.id)).toContain(charge);
      expect(world.about(charge).at(-1)).toMatchObject({ type: 'payment.review', data: { period: 2 } });
      expect(billing.amounts(user)).toEqual([10_000]);
      await isGivenBack(charge);
    });

    it.each<[string, (of: { id: string; user: string; charge: string }) => Promise<unknown>]>([
      [
        'the operator ends the subscription',
        ({ id }) => world.operator(`subscriptions/${id}/end`, { method: 'POST', body }),
      ],
      [
        'the buyer ends it at KakaoPay',
        async ({ id, user }) => {
          world.kakaopay.endSid(user);
          clock.set((await billing.seen(id)).nextTryAt ?? '');
          await billing.handOut();
        },
      ],
      [
        'the SID is refused at the next try',
        async ({ id }) => {
          world.kakaopay.next('status', inactive);
          clock.set((await billing.seen(id)).nextTryAt ?? '');
          await billing.handOut();
        },
      ],
      ['the operator lets the period off', ({ charge }) => world.cancel(charge, 'k', { reason: '면제' })],
    ])('is shown to a person when %s', async (_what, end) => {
      const subscription = await refused();
      await end(subscription);
      await eventually(async () => {
        const { state, periodsCharged } = await billing.seen(subscription.id);
        expect(state !== 'active' || periodsCharged === 2).toBe(true);
      });
      clock.advance(DAY);
      await isShown(subscription.charge);
      await isGivenBack(subscription.charge);
    });

    it('is not concluded from an answer that does not tell, and is a difference when KakaoPay never tells', async () => {
      const { id, charge } = await refused();
      const of = (sid: string): Fault => ({
        work: false,
        status: 200,
        json: { available: true, cid: 'TCSUBSCRIP', sid, status: 'ACTIVE', last_approved_at: '2020-01-01T00:00:00' },
      });
      const silent: Fault = { work: false, status: 200, json: { available: true, status: 'ACTIVE' } };
      world.kakaopay.next('status', BROKEN, of('S-of-another'), silent, inactive, BROKEN);
      await world.operator(`subscriptions/${id}/end`, { method: 'POST', body });
      for (let looks = 1; looks <= 5; looks++) {
        clock.advance(4 * DAY);
        await world.app.get<FinalLooks>(FinalLooks).run();
        await eventually(async () => {
          const asked = `SELECT 1 FROM payment.evidence WHERE order_id = $1 AND operation = 'status'`;
          expect(await world.database.query(asked, [charge])).toHaveLength(looks);
        });
      }
      await eventually(async () => {
        const { body: order } = await world.operator(`orders/${charge}`);
        expect((order as { differences: unknown }).differences).toMatchObject([
          { state: 'open', kinds: ['not-asked'], acts: ['reconcile'], amount: 10_000 },
        ]);
      });
      expect((await world.detail(charge)).attempts).toMatchObject([{ state: 'failed' }]);
      expect(await world.press('reconcile', charge)).toMatchObject({
        http: 200,
        body: { lookedAt: [{ state: 'review' }] },
      });
      await isGivenBack(charge);
    });

    it('is not hidden by the charge of the next period', async () => {
      const { id, user, charge } = await refused();
      world.kakaopay.next('status', BROKEN);
      await world.cancel(charge, 'k', { reason: '면제' });
      await compared(charge);
      // No look comes in time.
      await world.database.query(`UPDATE payment.attempts SET compare_at = '9999-01-01' WHERE order_id = $1`, [charge]);
      await billing.toDue(id);
      await billing.until(id, { periodsCharged: 3 });
      await isShown(charge);
      expect(billing.amounts(user)).toEqual([10_000, 10_000]);
    });

    it('leaves the decision to the next try while one comes', async () => {
      const { charge } = await refused();
      clock.advance(DAY / 2);
      await world.app.get<FinalLooks>(FinalLooks).run();
      expect(await world.press('reconcile', charge)).toMatchObject({
        http: 200,
        body: { lookedAt: [{ state: 'failed', says: 'the next try of this period looks first' }] },
      });
    });
  });

  it('counts no try while the shop’s own key is refused', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe();
    world.kakaopay.next('subscription', ...times(3, () => refusal(-401)));
    await billing.toDue(id);
    await billing.until(id, { periodsCharged: 2 });
    expect(billing.told(id, 'subscription.failed')).toEqual([]);
    expect(billing.amounts(user)).toEqual([10_000]);
  });

  it('asks a person when the SID is somebody else’s', async () => {
    clock.advance(30 * DAY);
    const { id } = await billing.subscribe();
    world.kakaopay.next('subscription', refusal(-753));
    await billing.toDue(id);
    await eventually(async () => {
      expect(await world.detail(await billing.orderOf(id, 2))).toMatchObject({ state: 'review' });
    });
    expect(await billing.seen(id)).toMatchObject({ periodsCharged: 1 });
    // The person lets the period off.
    await world.cancel(await billing.orderOf(id, 2), 'k', { reason: '이번 달은 면제' });
    await billing.until(id, { state: 'active', periodsCharged: 2 });
  });

  it('lets a period off whose failed charge is cancelled', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe();
    world.kakaopay.next('subscription', declined);
    await billing.toDue(id);
    await billing.until(id, { failedTries: 1 });
    expect(await world.cancel(await billing.orderOf(id, 2), 'k', { reason: '면제' })).toMatchObject({
      body: { state: 'cancelled' },
    });
    expect(await billing.seen(id)).toMatchObject({ periodsCharged: 2, state: 'active' });
    await billing.toDue(id);
    await billing.until(id, { periodsCharged: 3 });
    expect(billing.amounts(user)).toEqual([10_000]);
  });
});
