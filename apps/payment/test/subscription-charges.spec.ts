import { randomUUID } from 'node:crypto';
import type { OrderSheet } from '@biz/merchant';
import { Jobs } from '@biz/platform';
import { eventually, ManualClock, times } from '@biz/testing';
import { DataSource } from 'typeorm';
import { atKstHour, daysAfter, kstDay } from '../src/charges/kst-day';
import { MISSED_AFTER_SECONDS } from '../src/charges/charge-periods';
import { CHARGE } from '../src/charges/charges';
import { DueCharges } from '../src/charges/due-charges';
import { StuckWork } from '../src/sweep/stuck-work';
import { BROKEN, BROKEN_AFTER, DROPPED_AFTER, DROPPED_BEFORE, refusal, type Fault } from './fake-kakaopay';
import { shop } from './shops';
import { type Delivered, World } from './world';

type Plan = NonNullable<OrderSheet['subscription']>;

interface SubscriptionSeen {
  id: string;
  state: string;
  partnerOrderId: string;
  periodsCharged: number;
  nextChargeOn?: string;
  nextAmount?: number;
  failedTries?: number;
  nextTryAt?: string;
  endReason?: string;
  charges: { period: number; partnerOrderId: string; state: string; totalAmount: number; paidAt?: string }[];
  history: { to: string; note: string }[];
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe('the later charges of a subscription', () => {
  let clock: ManualClock;
  let world: World;
  /** Each test begins a long time after the one before, with no subscription left to charge. */
  beforeAll(async () => {
    clock = new ManualClock('2027-01-31T01:00:00Z');
    world = await World.start({}, clock);
    world.kakaopay.clock = clock;
  });
  afterAll(() => world.stop());
  afterEach(async () => {
    world.kakaopay.releaseApprovals();
    await world.database.query(
      `UPDATE payment.subscriptions SET state = 'ended', charge_at = NULL WHERE state <> 'ended'`,
    );
  });

  const subscribe = async (
    plan: Partial<Plan> = {},
    {
      firstAmount = 4_900,
      kind = 'plan',
      more = {},
      prefix = '',
      lines = [{ name: '정기 이용권', quantity: 1 }] as OrderSheet['lines'],
    } = {},
  ): Promise<{ id: string; orderId: string; user: string }> => {
    const today = kstDay(clock.now());
    shop.sheets[kind] = () => ({
      lines,
      totalAmount: firstAmount,
      needsShipping: 'shipping_address' in more,
      agreements: [{ company: '데모샵', title: '정기결제 동의' }],
      subscription: {
        message: '매달',
        billingCycle: '월',
        details: [
          { date: today, amount: firstAmount },
          { date: daysAfter(today, 10), amount: 10_000 },
        ],
        ...plan,
      },
    });
    const { id: orderId, user } = await world.paidOrder(kind, { more, prefix });
    const [row] = await world.database.query<{ id: string }>(
      `SELECT id FROM payment.subscriptions WHERE order_id = $1`,
      [orderId],
    );
    return { id: row!.id, orderId, user };
  };

  const seen = async (id: string): Promise<SubscriptionSeen> =>
    (await world.operator(`subscriptions/${id}`)).body as SubscriptionSeen;
  const handOut = (): Promise<void> => world.app.get<DueCharges>(DueCharges).handOut();
  const toDue = async (id: string): Promise<void> => {
    const { nextChargeOn } = await seen(id);
    clock.set(atKstHour(nextChargeOn ?? '', 9));
    await handOut();
  };
  const until = (id: string, expected: Partial<SubscriptionSeen>): Promise<void> =>
    eventually(async () => {
      expect(await seen(id)).toMatchObject(expected);
    }, 10_000);
  /** Deliveries come at least once; each is shown once. */
  const events = (id: string): Delivered[] => [
    ...new Map(
      world.delivered
        .filter(({ data }) => data.id === id)
        .map((each) => [JSON.stringify([each.type, each.data]), each]),
    ).values(),
  ];
  const told = (id: string, type: string): Delivered[] => events(id).filter((each) => each.type === type);
  const orderOf = async (id: string, period: number): Promise<string> =>
    (await seen(id)).charges.find((each) => each.period === period)?.partnerOrderId ?? '';
  const decide = (orderId: string, decision: 'accept' | 'refund', body: object) =>
    world.operator(`orders/${orderId}/${decision}`, {
      method: 'POST',
      headers: { 'Idempotency-Key': randomUUID() },
      body: JSON.stringify(body),
    });
  /** Until KakaoPay has been asked so often for this order. */
  const asked = (user: string, count: number): Promise<void> =>
    eventually(() => {
      const calls = world.kakaopay.calls('subscription').filter((call) => call.form().get('partner_user_id') === user);
      expect(calls).toHaveLength(count);
    });
  const amounts = (user: string): number[] => world.kakaopay.chargesOf(user).map(({ amount }) => amount);

  it('charges three years of months from 31 January on the right days, each once', async () => {
    clock.set('2027-01-31T01:00:00Z');
    const { id, user } = await subscribe({ details: [{ date: '2027-01-31', amount: 4_900 }] });
    for (const period of times(36, (n) => n + 2)) {
      const { nextChargeOn = '' } = await seen(id);
      // A minute before the hour of charging nothing is due, whatever day it is elsewhere.
      clock.set(new Date(atKstHour(nextChargeOn, 9).getTime() - MINUTE));
      await handOut();
      expect((await seen(id)).charges).toHaveLength(period - 1);
      await toDue(id);
      await until(id, { periodsCharged: period });
    }
    const days = world.kakaopay.chargesOf(user).map(({ at }) => at.slice(0, 10));
    expect(days).toHaveLength(36);
    expect(days.slice(0, 3)).toEqual(['2027-02-28', '2027-03-31', '2027-04-30']);
    expect(days).toContain('2028-02-29');
    expect(days.at(-1)).toBe('2030-01-31');
    expect(new Set(days.map((day) => day.slice(0, 7))).size).toBe(36);
    expect(new Set(world.kakaopay.chargesOf(user).map(({ orderId }) => orderId)).size).toBe(36);
    await eventually(() => {
      expect(told(id, 'subscription.charged').map(({ data }) => data.period)).toEqual(times(36, (n) => n + 2));
    });
  }, 60_000);

  it.each([
    ['일', '2028-02-28', ['2028-02-29', '2028-03-01', '2028-03-02']],
    ['주', '2028-12-25', ['2029-01-01', '2029-01-08', '2029-01-15']],
    ['년', '2028-02-29', ['2029-02-28', '2030-02-28', '2031-02-28', '2032-02-29']],
  ] as const)('charges every %s by the days of Seoul', async (billingCycle, first, days) => {
    // Ten past midnight in Seoul is the day before in UTC.
    clock.set(`${daysAfter(first, -1)}T15:10:00Z`);
    const { id, user } = await subscribe({ billingCycle, details: [{ date: first, amount: 4_900 }] });
    for (const period of days.keys()) {
      await toDue(id);
      await until(id, { periodsCharged: period + 2 });
    }
    expect(world.kakaopay.chargesOf(user).map(({ at }) => at)).toEqual(days.map((day) => `${day}T09:00:00`));
  });

  it('tells the shop of every charge as of an order of its own', async () => {
    clock.set('2033-01-10T01:00:00Z');
    const { id, orderId, user } = await subscribe();
    await toDue(id);
    await until(id, { periodsCharged: 2, nextChargeOn: '2033-02-20', nextAmount: 10_000 });
    const charge = await orderOf(id, 2);
    expect(charge).not.toBe(orderId);
    await eventually(() => {
      expect(told(id, 'subscription.charged')).toMatchObject([
        {
          data: {
            merchant: 'first',
            id,
            partnerOrderId: charge,
            period: 2,
            appUserId: user,
            totalAmount: 10_000,
            taxFreeAmount: 0,
            vatAmount: 909,
            tid: expect.any(String) as unknown,
            nextChargeOn: '2033-02-20',
            nextAmount: 10_000,
          },
        },
      ]);
    });
    expect(world.about(charge).map(({ type }) => type)).toEqual(['subscription.charged']);
    expect(await seen(id)).toMatchObject({
      charges: [
        { period: 2, state: 'paid', totalAmount: 10_000 },
        { period: 1, state: 'paid', totalAmount: 4_900, partnerOrderId: orderId },
      ],
    });
    // A refund of a later charge leaves the subscription alone.
    expect((await world.cancel(charge, 'k', { reason: '한 달 환불' })).http).toBe(202);
    await eventually(async () => {
      expect((await world.detail(charge)).state).toBe('cancelled');
    });
    expect(await seen(id)).toMatchObject({ state: 'active', periodsCharged: 2 });
  });

  it('charges once on two instances, however often the period is found due', async () => {
    clock.set('2033-03-10T01:00:00Z');
    const other = await world.startInstance();
    const all = await Promise.all(times(5, () => subscribe()));
    clock.advance(10 * DAY);
    const sweeps = [world.app, other].map((app) => app.get<DueCharges>(DueCharges));
    await Promise.all(times(8, (n) => sweeps[n % 2]!.handOut()));
    // As if every job had been lost and found again.
    await world.database.query(`UPDATE payment.subscriptions SET charge_at = $1 WHERE periods_charged = 1`, [
      clock.now(),
    ]);
    await Promise.all(times(4, (n) => sweeps[n % 2]!.handOut()));
    for (const { id } of all) await until(id, { periodsCharged: 2 });
    await other.close();
    expect(all.map(({ user }) => amounts(user))).toEqual(times(5, () => [10_000]));
    expect((await seen(all[0]!.id)).charges).toHaveLength(2);
  });

  it.each<[string, Fault[]]>([
    ['the line before KakaoPay saw it', [DROPPED_BEFORE]],
    ['5xx twice', [BROKEN, BROKEN]],
    ['maintenance', [refusal(-9798)]],
  ])('charges once after %s', async (_what, faults) => {
    clock.advance(30 * DAY);
    const { id, user } = await subscribe();
    world.kakaopay.next('subscription', ...faults);
    await toDue(id);
    for (const [n] of faults.entries()) {
      await asked(user, n + 1);
      clock.advance(2 * MINUTE);
    }
    await until(id, { periodsCharged: 2 });
    expect(amounts(user)).toEqual([10_000]);
  });

  it('does not ask again while a call may still be on its way', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await subscribe();
    world.kakaopay.next('subscription', { work: true, delayMs: 1_500 });
    await toDue(id);
    await asked(user, 1);
    // Our side gave up after 1 s and has looked again since, but KakaoPay cannot be believed to know yet.
    await eventually(async () => {
      const looks = `SELECT 1 FROM pgboss.job WHERE name = $1 AND data->'data'->>'orderId' = $2 AND (data->>'attempt')::int > 3`;
      expect(await world.database.query(looks, [CHARGE.name, await orderOf(id, 2)])).not.toEqual([]);
    });
    expect(await seen(id)).toMatchObject({ periodsCharged: 1 });
    await asked(user, 1);
    clock.advance(2 * MINUTE);
    await eventually(async () => {
      expect((await world.detail(await orderOf(id, 2))).state).toBe('review');
    });
    expect(amounts(user)).toEqual([10_000]);
  });

  it.each<[string, Fault]>([
    ['the line', DROPPED_AFTER],
    ['a 502', BROKEN_AFTER],
    ['a duplicate refused', { work: true, status: 400, json: { code: -785, msg: 'duplicate' } }],
  ])(
    'shows a person a charge whose tid was lost with %s, never charges it twice, and goes on',
    async (_what, fault) => {
      clock.advance(30 * DAY);
      const { id, user } = await subscribe();
      world.kakaopay.next('subscription', fault);
      await toDue(id);
      await asked(user, 1);
      clock.advance(2 * MINUTE);
      await until(id, { state: 'active', periodsCharged: 2 });
      const charge = await orderOf(id, 2);
      const { state, reviewReason } = await world.detail(charge);
      expect(state).toBe('review');
      expect(reviewReason).toContain('its answer was lost');
      await eventually(() => {
        expect(world.about(charge)).toMatchObject([
          { type: 'payment.review', data: { period: 2, subscriptionId: id } },
        ]);
      });
      // Nobody can give back a payment without its tid.
      expect((await world.cancel(charge, 'k', { reason: 'x' })).http).toBe(409);
      await toDue(id);
      await until(id, { periodsCharged: 3 });
      expect(amounts(user)).toEqual([10_000, 10_000]);
    },
  );

  it.each([
    ['gives back what the operator finds at KakaoPay', true, 'cancelled'],
    ['fails when the operator finds nothing there', false, 'failed'],
  ])('%s for a charge whose tid was lost', async (_what, work, state) => {
    clock.advance(30 * DAY);
    const { id, user } = await subscribe();
    world.kakaopay.next('subscription', DROPPED_AFTER);
    await toDue(id);
    await asked(user, 1);
    clock.advance(2 * MINUTE);
    await until(id, { periodsCharged: 2 });
    const charge = await orderOf(id, 2);
    const found = work ? { tid: world.kakaopay.tidOf(charge) } : { notCharged: true };
    expect((await decide(charge, 'refund', { reason: 'looked', ...found })).http).toBe(202);
    await eventually(async () => {
      expect((await world.detail(charge)).state).toBe(state);
    });
    expect(await seen(id)).toMatchObject({ state: 'active', periodsCharged: 2 });
  });

  it('finishes what an instance left between its intent and the answer', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await subscribe();
    world.kakaopay.holdApprovals();
    world.kakaopay.next('subscription', DROPPED_BEFORE);
    await toDue(id);
    await asked(user, 1);
    const stopping = world.app.close();
    world.kakaopay.releaseApprovals();
    await stopping;
    await world.startApp();
    expect(await seen(id)).toMatchObject({ periodsCharged: 1 });
    clock.advance(2 * MINUTE);
    await until(id, { periodsCharged: 2 });
    expect(amounts(user)).toEqual([10_000]);
    expect((await world.detail(await orderOf(id, 2))).attempts).toMatchObject([{ state: 'paid', calls: 2 }]);
  });

  it('waits while KakaoPay does not say how the SID stands', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await subscribe();
    world.kakaopay.next('status', DROPPED_BEFORE, BROKEN);
    await toDue(id);
    await until(id, { periodsCharged: 2 });
    expect(amounts(user)).toEqual([10_000]);
  });

  it('shows a person a charge of something else', async () => {
    clock.advance(30 * DAY);
    const { id } = await subscribe();
    world.kakaopay.next('subscription', {
      work: false,
      json: {
        ...{
          aid: 'A1',
          tid: `T-${randomUUID()}`,
          cid: 'TCSUBSCRIP',
          partner_user_id: 'somebody',
          partner_order_id: 'x',
        },
        amount: { total: 99_000, tax_free: 0, vat: 909 },
      },
    });
    await toDue(id);
    await until(id, { periodsCharged: 2 });
    expect(await world.detail(await orderOf(id, 2))).toMatchObject({
      state: 'review',
      reviewReason: 'KakaoPay charged something else: partner_order_id, partner_user_id, total differ',
    });
  });

  describe('dunning', () => {
    const declined = refusal(-780, '잔액이 부족합니다.');

    it('tries again after 1, 3, 5 and 7 days and goes on once it is paid', async () => {
      clock.advance(30 * DAY);
      const { id, user } = await subscribe();
      const due = (await seen(id)).nextChargeOn ?? '';
      world.kakaopay.next('subscription', declined, declined);
      await toDue(id);
      const secondTry = atKstHour(daysAfter(due, 1), 9);
      await until(id, { failedTries: 1, nextTryAt: secondTry.toISOString(), periodsCharged: 1 });
      const charge = await orderOf(id, 2);
      expect(await world.detail(charge)).toMatchObject({ state: 'failed' });
      await eventually(() => {
        expect(told(id, 'subscription.failed')).toMatchObject([
          {
            data: {
              ...{ partnerOrderId: charge, period: 2, totalAmount: 10_000, code: -780, message: '잔액이 부족합니다.' },
              nextTryAt: secondTry.toISOString(),
            },
          },
        ]);
      });
      clock.set(secondTry);
      await handOut();
      const thirdTry = atKstHour(daysAfter(due, 4), 9);
      await until(id, { failedTries: 2, nextTryAt: thirdTry.toISOString() });
      clock.set(thirdTry);
      await handOut();
      await until(id, { periodsCharged: 2 });
      expect((await seen(id)).failedTries).toBeUndefined();
      expect(amounts(user)).toEqual([10_000]);
      expect((await world.detail(charge)).attempts).toMatchObject([
        { state: 'failed', failureCode: -780 },
        { state: 'failed' },
        { state: 'paid' },
      ]);
    });

    it('ends the subscription after the last try', async () => {
      clock.advance(30 * DAY);
      const { id, user } = await subscribe();
      world.kakaopay.next('subscription', ...times(5, () => refusal(-752)));
      await toDue(id);
      for (const tries of [1, 2, 3, 4]) {
        await until(id, { failedTries: tries });
        clock.set((await seen(id)).nextTryAt ?? '');
        await handOut();
      }
      await until(id, { state: 'ended', endReason: 'period 2 could not be charged in 5 tries' });
      expect(amounts(user)).toEqual([]);
      expect(await world.detail(await orderOf(id, 2))).toMatchObject({ state: 'failed' });
      await eventually(() => {
        expect(events(id).map(({ type }) => type)).toEqual([
          ...times(5, () => 'subscription.failed'),
          'subscription.ended',
        ]);
      });
      expect(told(id, 'subscription.failed').at(-1)).toMatchObject({ data: { final: true, code: -752 } });
    });

    it('counts no try while the shop’s own key is refused', async () => {
      clock.advance(30 * DAY);
      const { id, user } = await subscribe();
      world.kakaopay.next('subscription', ...times(3, () => refusal(-401)));
      await toDue(id);
      await until(id, { periodsCharged: 2 });
      expect(told(id, 'subscription.failed')).toEqual([]);
      expect(amounts(user)).toEqual([10_000]);
    });

    it('asks a person when the SID is somebody else’s', async () => {
      clock.advance(30 * DAY);
      const { id } = await subscribe();
      world.kakaopay.next('subscription', refusal(-753));
      await toDue(id);
      await eventually(async () => {
        expect(await world.detail(await orderOf(id, 2))).toMatchObject({ state: 'review' });
      });
      expect(await seen(id)).toMatchObject({ periodsCharged: 1 });
      // The person lets the period off.
      await world.cancel(await orderOf(id, 2), 'k', { reason: '이번 달은 면제' });
      await until(id, { state: 'active', periodsCharged: 2 });
    });

    it('lets a period off whose failed charge is cancelled', async () => {
      clock.advance(30 * DAY);
      const { id, user } = await subscribe();
      world.kakaopay.next('subscription', declined);
      await toDue(id);
      await until(id, { failedTries: 1 });
      expect(await world.cancel(await orderOf(id, 2), 'k', { reason: '면제' })).toMatchObject({
        body: { state: 'cancelled' },
      });
      expect(await seen(id)).toMatchObject({ periodsCharged: 2, state: 'active' });
      await toDue(id);
      await until(id, { periodsCharged: 3 });
      expect(amounts(user)).toEqual([10_000]);
    });
  });

  describe('the end', () => {
    it('by the buyer at KakaoPay is noticed before a charge', async () => {
      clock.advance(30 * DAY);
      const { id, user } = await subscribe();
      world.kakaopay.endSid(user);
      await toDue(id);
      await until(id, { state: 'ended' });
      expect(world.kakaopay.calls('subscription').some((call) => call.form().get('partner_user_id') === user)).toBe(
        false,
      );
      await eventually(async () => {
        expect((await world.detail(await orderOf(id, 2))).state).toBe('cancelled');
      });
      await eventually(() => {
        expect(told(id, 'subscription.ended')).toMatchObject([{ data: { periodsCharged: 1 } }]);
      });
    });

    it('by the buyer at KakaoPay is noticed within a day, without a charge', async () => {
      clock.advance(30 * DAY);
      const { id, user } = await subscribe();
      world.kakaopay.endSid(user);
      clock.advance(DAY - MINUTE);
      await world.app.get<DueCharges>(DueCharges).handOutChecks();
      expect(await seen(id)).toMatchObject({ state: 'active' });
      clock.advance(2 * MINUTE);
      await world.app.get<DueCharges>(DueCharges).handOutChecks();
      await until(id, { state: 'ended' });
      await eventually(() => {
        expect(told(id, 'subscription.ended')).toHaveLength(1);
      });
    });

    it('by the buyer between the check and the charge is told as failed, then ended', async () => {
      clock.advance(30 * DAY);
      const { id } = await subscribe();
      world.kakaopay.next('subscription', refusal(-751));
      await toDue(id);
      await until(id, { state: 'ended', endReason: 'KakaoPay: SID is inactive' });
      await eventually(() => {
        expect(events(id)).toMatchObject([
          { type: 'subscription.failed', data: { final: true, code: -751 } },
          { type: 'subscription.ended' },
        ]);
      });
    });

    it('by the operator lets a running charge finish, and nothing after it', async () => {
      clock.advance(30 * DAY);
      const { id, user } = await subscribe();
      world.kakaopay.next('subscription', { work: true, delayMs: 500 });
      await toDue(id);
      await asked(user, 1);
      await world.operator(`subscriptions/${id}/end`, { method: 'POST', body: '{"reason":"고객 요청"}' });
      await until(id, { state: 'ended', periodsCharged: 2 });
      expect((await seen(id)).nextChargeOn).toBeUndefined();
      await eventually(() => {
        expect(told(id, 'subscription.charged')).toHaveLength(1);
      });
      clock.advance(100 * DAY);
      await handOut();
      expect((await seen(id)).charges).toHaveLength(2);
      expect(amounts(user)).toEqual([10_000]);
    });

    it('by the operator between the check and the intent lets the period off', async () => {
      const { id } = await subscribe();
      world.kakaopay.next('status', { work: true, delayMs: 500 });
      const before = world.kakaopay.calls('status').length;
      await toDue(id);
      await eventually(() => {
        expect(world.kakaopay.calls('status').length).toBe(before + 1);
      });
      await world.operator(`subscriptions/${id}/end`, {
        method: 'POST',
        body: JSON.stringify({ reason: '고객 요청' }),
      });
      await until(id, {
        state: 'ended',
        charges: [{ period: 2, state: 'cancelled' }, { period: 1 }] as never,
      });
      expect(told(id, 'subscription.charged')).toEqual([]);
    });

    it('leaves no period that waits for ever, whatever became of its job', async () => {
      const { id } = await subscribe();
      await toDue(id);
      await until(id, { charges: [{ period: 2, state: 'paid' }, { period: 1 }] as never });
      await world.database.query(
        `WITH ended AS (UPDATE payment.subscriptions SET state = 'ended', charge_at = NULL WHERE id = $1)
         UPDATE payment.orders SET state = 'pending', attempt_id = NULL, updated_at = $2 WHERE subscription_id = $1`,
        [id, new Date(clock.now().getTime() - DAY)],
      );
      await world.database.query(
        `UPDATE payment.attempts SET state = 'failed' WHERE order_id IN (SELECT id FROM payment.orders WHERE subscription_id = $1)`,
        [id],
      );
      await world.app.get<StuckWork>(StuckWork).endOrders();
      expect(await seen(id)).toMatchObject({
        charges: [{ period: 2, state: 'cancelled' }, { period: 1 }],
      });
    });

    it('by the operator keeps a charge from being asked again', async () => {
      clock.advance(30 * DAY);
      const { id, user } = await subscribe();
      world.kakaopay.next('subscription', DROPPED_BEFORE);
      await toDue(id);
      await asked(user, 1);
      await world.operator(`subscriptions/${id}/end`, { method: 'POST', body: '{}' });
      clock.advance(2 * MINUTE);
      await eventually(async () => {
        expect((await world.detail(await orderOf(id, 2))).state).toBe('failed');
      });
      await asked(user, 1);
      expect(amounts(user)).toEqual([]);
    });

    it('comes with a full refund of the first payment', async () => {
      clock.advance(30 * DAY);
      const { id, orderId } = await subscribe();
      await world.cancel(orderId, 'k', { reason: '가입 취소' });
      await until(id, { state: 'ended', endReason: 'the first payment was given back' });
    });

    it('comes with the cancellation of a free first payment', async () => {
      clock.advance(30 * DAY);
      const { id, orderId } = await subscribe({}, { firstAmount: 0 });
      await world.cancel(orderId, 'k', { reason: '가입 취소' });
      await until(id, { state: 'ended' });
    });
  });

  it('charges each missed period, one after another, an hour apart', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await subscribe({ billingCycle: '일' });
    const first = (await seen(id)).nextChargeOn ?? '';
    // At the time scale of the tests.
    const hour = MISSED_AFTER_SECONDS * 1000 * 0.01;
    // The shop was down for two days and comes back in the afternoon.
    clock.set(new Date(atKstHour(daysAfter(first, 2), 9).getTime() + 5 * 60 * MINUTE));
    for (const period of [2, 3, 4]) {
      await handOut();
      await until(id, { periodsCharged: period });
      clock.advance(hour - 1_000);
      await handOut();
      expect((await seen(id)).charges).toHaveLength(period);
      expect(amounts(user)).toHaveLength(period - 1);
      clock.advance(1_000);
    }
    await handOut();
    expect(await seen(id)).toMatchObject({ periodsCharged: 4, nextChargeOn: daysAfter(first, 3) });
    expect((await seen(id)).charges).toHaveLength(4);
  });

  it('is not set back by a job that comes again', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await subscribe();
    for (const period of [2, 3]) {
      await toDue(id);
      await until(id, { periodsCharged: period });
    }
    const jobs = world.app.get<Jobs>(Jobs);
    const again = [2, 3].map((period) => orderOf(id, period).then((orderId) => ({ orderId, tries: 0 })));
    const data = await Promise.all(again);
    const before = await seen(id);
    await world.app.get<DataSource>(DataSource).transaction((manager) => jobs.addAll(CHARGE, data, manager));
    await eventually(async () => {
      const left = `SELECT 1 FROM pgboss.job WHERE name = $1 AND state < 'completed' AND data->'data'->>'orderId' = ANY($2)`;
      expect(await world.database.query(left, [CHARGE.name, data.map(({ orderId }) => orderId)])).toEqual([]);
    });
    expect(await seen(id)).toEqual(before);
    expect(amounts(user)).toEqual([10_000, 10_000]);
  });

  it('waits for the shop’s own work, and goes on when the shop refuses', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await subscribe({}, { prefix: '/m/second' });
    const fulfilled = new Map<number, string>();
    shop.fulfil = ({ subscription }) => {
      if (subscription) fulfilled.set(subscription.period, subscription.id);
      return Promise.resolve(subscription?.period === 3 ? { refused: '이번 달은 쉽니다.' } : undefined);
    };
    for (const period of [2, 3]) {
      await toDue(id);
      await until(id, { state: 'active', periodsCharged: period });
    }
    await eventually(() => {
      expect(told(id, 'subscription.charged')).toMatchObject([{ data: { period: 2 } }]);
      expect(told(id, 'subscription.failed')).toMatchObject([
        { data: { period: 3, final: true, message: '이번 달은 쉽니다.' } },
      ]);
    });
    expect([...fulfilled]).toEqual([
      [2, id],
      [3, id],
    ]);
    await eventually(async () => {
      expect(world.kakaopay.cancelled(world.kakaopay.tidOf(await orderOf(id, 3)))).toBe(10_000);
    });
    expect(amounts(user)).toEqual([10_000, 10_000]);
  });

  it('counts a free period without asking KakaoPay for money', async () => {
    clock.advance(30 * DAY);
    const today = kstDay(clock.now());
    const { id, user } = await subscribe({
      details: [
        { date: today, amount: 4_900 },
        { date: daysAfter(today, 1), amount: 0 },
        { date: daysAfter(today, 2), amount: 7_000, taxFreeAmount: 2_000 },
      ],
    });
    await toDue(id);
    await until(id, { periodsCharged: 2 });
    await eventually(() => {
      expect(told(id, 'subscription.charged')).toMatchObject([
        { data: { period: 2, totalAmount: 0, nextAmount: 7_000 } },
      ]);
    });
    await toDue(id);
    await until(id, { periodsCharged: 3 });
    const [call, ...others] = world.kakaopay
      .calls('subscription')
      .filter((c) => c.form().get('partner_user_id') === user);
    expect(others).toEqual([]);
    expect(Object.fromEntries(call!.form())).toMatchObject({
      total_amount: '7000',
      tax_free_amount: '2000',
      vat_amount: '455',
    });
  });

  it('takes what it sells from the stock, and waits a day for more', async () => {
    clock.advance(30 * DAY);
    await world.setStock('beans', 2);
    const { id } = await subscribe({}, { lines: [{ name: '원두', quantity: 1, productId: 'beans' }] });
    expect(await world.stock('beans')).toEqual({ on_hand: 1, reserved: 0 });
    await toDue(id);
    await until(id, { periodsCharged: 2 });
    expect(await world.stock('beans')).toEqual({ on_hand: 0, reserved: 0 });
    await toDue(id);
    await until(id, { failedTries: 1 });
    await eventually(() => {
      expect(told(id, 'subscription.failed')).toMatchObject([{ data: { message: '주문 상품이 품절되었습니다.' } }]);
    });
    await world.setStock('beans', 5);
    clock.set((await seen(id)).nextTryAt ?? '');
    await handOut();
    await until(id, { periodsCharged: 3 });
    expect(await world.stock('beans')).toEqual({ on_hand: 4, reserved: 0 });
  });

  it('cannot be reached by T1, T2 or a stranger', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await subscribe();
    world.kakaopay.next('subscription', refusal(-780));
    await toDue(id);
    await until(id, { failedTries: 1 });
    const charge = await orderOf(id, 2);
    shop.sheets[`subscription:${id}:2`.split('-')[0] ?? ''] = shop.sheets.coffee!;
    const sheet = await world.get(`/ordersheet?ordersheet_id=subscription:${id}:2`, user);
    expect(sheet).toMatchObject({ http: 200, status: 300 });
    expect(await world.approve({ id: charge, user }, 'T-foreign')).toMatchObject({ status: 300 });
    expect(await world.detail(charge)).toMatchObject({ state: 'failed', attempts: [{ state: 'failed' }] });
    expect(await world.status({ id: charge, user })).toMatchObject({ order_status: 'F' });
  });

  it('keeps the SID out of logs, deliveries and the database', async () => {
    clock.advance(30 * DAY);
    const lines: string[] = [];
    await world.app.close();
    world.app = await world.startInstance({ write: (line: string) => void lines.push(line) });
    const { id, user } = await subscribe();
    world.kakaopay.next('subscription', BROKEN, refusal(-780));
    await toDue(id);
    await asked(user, 1);
    clock.advance(2 * MINUTE);
    await until(id, { failedTries: 1 });
    const tables = ['payment.orders', 'payment.attempts', 'payment.subscriptions', 'payment.history', 'pgboss.job'];
    const rows = await Promise.all(tables.map((table) => world.database.query(`SELECT * FROM ${table}`)));
    const everything = JSON.stringify([rows, world.delivered, lines]);
    expect(lines.length).toBeGreaterThan(0);
    expect(world.kakaopay.sids.length).toBeGreaterThan(0);
    expect(world.kakaopay.sids.filter((sid) => everything.includes(sid))).toEqual([]);
  });
});
