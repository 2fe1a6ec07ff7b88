import { eventually, times } from '@biz/testing';
import type { ManualClock } from '@biz/testing';
import { atKstHour, daysAfter } from '../src/charges/kst-day';
import { Billing, DAY } from './billing';
import { refusal } from './fake-kakaopay';
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
