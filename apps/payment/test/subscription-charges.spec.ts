import { Jobs } from '@biz/platform';
import { eventually, times } from '@biz/testing';
import type { ManualClock } from '@biz/testing';
import { DataSource } from 'typeorm';
import { MISSED_AFTER_SECONDS } from '../src/charges/charge-periods';
import { CHARGE } from '../src/charges/charges';
import { DueCharges } from '../src/charges/due-charges';
import { atKstHour, daysAfter, kstDay } from '../src/charges/kst-day';
import { Billing, DAY, MINUTE } from './billing';
import { BROKEN, refusal } from './fake-kakaopay';
import { shop } from './shops';
import type { World } from './world';

describe('the later charges of a subscription', () => {
  let billing: Billing;
  let clock: ManualClock;
  let world: World;

  beforeAll(async () => {
    billing = await Billing.start();
    ({ clock, world } = billing);
  });
  afterAll(() => world.stop());
  afterEach(() => billing.endAll());

  it('charges three years of months from 31 January on the right days, each once', async () => {
    clock.set('2027-01-31T01:00:00Z');
    const { id, user } = await billing.subscribe({ details: [{ date: '2027-01-31', amount: 4_900 }] });
    for (const period of times(36, (n) => n + 2)) {
      const { nextChargeOn = '' } = await billing.seen(id);
      // A minute before the hour of charging nothing is due, whatever day it is elsewhere.
      clock.set(new Date(atKstHour(nextChargeOn, 9).getTime() - MINUTE));
      await billing.handOut();
      expect((await billing.seen(id)).charges).toHaveLength(period - 1);
      await billing.toDue(id);
      await billing.until(id, { periodsCharged: period });
    }
    const days = world.kakaopay.chargesOf(user).map(({ at }) => at.slice(0, 10));
    expect(days).toHaveLength(36);
    expect(days.slice(0, 3)).toEqual(['2027-02-28', '2027-03-31', '2027-04-30']);
    expect(days).toContain('2028-02-29');
    expect(days.at(-1)).toBe('2030-01-31');
    expect(new Set(days.map((day) => day.slice(0, 7))).size).toBe(36);
    expect(new Set(world.kakaopay.chargesOf(user).map(({ orderId }) => orderId)).size).toBe(36);
    await eventually(() => {
      expect(billing.told(id, 'subscription.charged').map(({ data }) => data.period)).toEqual(times(36, (n) => n + 2));
    });
  });

  it.each([
    ['일', '2028-02-28', ['2028-02-29', '2028-03-01', '2028-03-02']],
    ['주', '2028-12-25', ['2029-01-01', '2029-01-08', '2029-01-15']],
    ['년', '2028-02-29', ['2029-02-28', '2030-02-28', '2031-02-28', '2032-02-29']],
    ['분기', '2040-11-30', ['2041-02-28', '2041-05-30', '2041-08-30']],
    ['격주', '2042-12-22', ['2043-01-05', '2043-01-19']],
  ] as const)('charges every %s by the days of Seoul', async (billingCycle, first, days) => {
    // Ten past midnight in Seoul is the day before in UTC.
    clock.set(`${daysAfter(first, -1)}T15:10:00Z`);
    const { id, user } = await billing.subscribe({ billingCycle, details: [{ date: first, amount: 4_900 }] });
    for (const period of days.keys()) {
      await billing.toDue(id);
      await billing.until(id, { periodsCharged: period + 2 });
    }
    expect(world.kakaopay.chargesOf(user).map(({ at }) => at)).toEqual(days.map((day) => `${day}T09:00:00`));
  });

  it.each([
    ['with its planned charges', 'after-details', [10_000, 15_000]],
    ['as the shop does not say', undefined, [10_000, 15_000]],
    ['on a day, that day included', 'day', [10_000, 15_000, 15_000]],
  ] as const)('charges nothing beyond what the buyer was shown when the plan ends %s', async (_what, ends, amounts) => {
    clock.advance(60 * DAY);
    const today = kstDay(clock.now());
    const [second, third, fourth] = [7, 14, 21].map((days) => daysAfter(today, days));
    const { id, user } = await billing.subscribe({
      billingCycle: '1주',
      details: [
        { date: today, amount: 4_900 },
        { date: second ?? '', amount: 10_000 },
        { date: third ?? '', amount: 15_000 },
      ],
      ends: ends === 'day' ? (fourth as `${number}-${number}-${number}`) : ends,
    });
    const plan = await world.database.query(`SELECT plan->'every' AS every FROM payment.subscriptions WHERE id = $1`, [
      id,
    ]);
    expect(plan).toEqual([{ every: { count: 1, unit: 'week' } }]);
    for (const period of amounts.keys()) {
      expect((await billing.seen(id)).state).toBe('active');
      await billing.toDue(id);
      await billing.until(id, { periodsCharged: period + 2 });
    }
    await billing.until(id, { state: 'ended', endReason: expect.stringContaining('the plan is over') as string });
    expect(await billing.seen(id)).not.toHaveProperty('nextChargeOn');
    // Nor a year later, with everything that was due until then.
    clock.advance(365 * DAY);
    await billing.handOut();
    expect(billing.amounts(user)).toEqual(amounts);
    expect((await billing.seen(id)).charges).toHaveLength(amounts.length + 1);
    await eventually(() => {
      expect(billing.told(id, 'subscription.charged').map(({ data }) => data.totalAmount)).toEqual(amounts);
      expect(billing.told(id, 'subscription.ended')).toHaveLength(1);
    });
  });

  it('tells the shop of every charge as of an order of its own', async () => {
    clock.set('2033-01-10T01:00:00Z');
    const { id, orderId, user } = await billing.subscribe();
    await billing.toDue(id);
    await billing.until(id, { periodsCharged: 2, nextChargeOn: '2033-02-20', nextAmount: 10_000 });
    const charge = await billing.orderOf(id, 2);
    expect(charge).not.toBe(orderId);
    await eventually(() => {
      expect(billing.told(id, 'subscription.charged')).toMatchObject([
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
    expect(await billing.seen(id)).toMatchObject({
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
    expect(await billing.seen(id)).toMatchObject({ state: 'active', periodsCharged: 2 });
  });

  it('charges once on two instances, however often the period is found due', async () => {
    clock.set('2033-03-10T01:00:00Z');
    const other = await world.startInstance();
    const all = await Promise.all(times(5, () => billing.subscribe()));
    clock.advance(10 * DAY);
    const sweeps = [world.app, other].map((app) => app.get<DueCharges>(DueCharges));
    await Promise.all(times(8, (n) => sweeps[n % 2]!.handOut()));
    // As if every job had been lost and found again.
    await world.database.query(`UPDATE payment.subscriptions SET charge_at = $1 WHERE periods_charged = 1`, [
      clock.now(),
    ]);
    await Promise.all(times(4, (n) => sweeps[n % 2]!.handOut()));
    for (const { id } of all) await billing.until(id, { periodsCharged: 2 });
    await other.close();
    expect(all.map(({ user }) => billing.amounts(user))).toEqual(times(5, () => [10_000]));
    expect((await billing.seen(all[0]!.id)).charges).toHaveLength(2);
  });

  it('charges each missed period, one after another, an hour apart', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe({ billingCycle: '일' });
    const first = (await billing.seen(id)).nextChargeOn ?? '';
    // At the time scale of the tests.
    const hour = MISSED_AFTER_SECONDS * 1000 * 0.01;
    // The shop was down for two days and comes back in the afternoon.
    clock.set(new Date(atKstHour(daysAfter(first, 2), 9).getTime() + 5 * 60 * MINUTE));
    for (const period of [2, 3, 4]) {
      await billing.handOut();
      await billing.until(id, { periodsCharged: period });
      clock.advance(hour - 1_000);
      await billing.handOut();
      expect((await billing.seen(id)).charges).toHaveLength(period);
      expect(billing.amounts(user)).toHaveLength(period - 1);
      clock.advance(1_000);
    }
    await billing.handOut();
    expect(await billing.seen(id)).toMatchObject({ periodsCharged: 4, nextChargeOn: daysAfter(first, 3) });
    expect((await billing.seen(id)).charges).toHaveLength(4);
  });

  it('is not set back by a job that comes again', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe();
    for (const period of [2, 3]) {
      await billing.toDue(id);
      await billing.until(id, { periodsCharged: period });
    }
    const jobs = world.app.get<Jobs>(Jobs);
    const again = [2, 3].map((period) => billing.orderOf(id, period).then((orderId) => ({ orderId, tries: 0 })));
    const data = await Promise.all(again);
    const before = await billing.seen(id);
    await world.app.get<DataSource>(DataSource).transaction((manager) => jobs.addAll(CHARGE, data, manager));
    await eventually(async () => {
      const left = `SELECT 1 FROM pgboss.job WHERE name = $1 AND state < 'completed' AND data->'data'->>'orderId' = ANY($2)`;
      expect(await world.database.query(left, [CHARGE.name, data.map(({ orderId }) => orderId)])).toEqual([]);
    });
    expect(await billing.seen(id)).toEqual(before);
    expect(billing.amounts(user)).toEqual([10_000, 10_000]);
  });

  it('waits for the shop’s own work, and goes on when the shop refuses', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe({}, { prefix: '/m/second' });
    const fulfilled = new Map<number, string>();
    shop.fulfil = ({ subscription }) => {
      if (subscription) fulfilled.set(subscription.period, subscription.id);
      return Promise.resolve(subscription?.period === 3 ? { refused: '이번 달은 쉽니다.' } : undefined);
    };
    for (const period of [2, 3]) {
      await billing.toDue(id);
      await billing.until(id, { state: 'active', periodsCharged: period });
    }
    await eventually(() => {
      expect(billing.told(id, 'subscription.charged')).toMatchObject([{ data: { period: 2 } }]);
      expect(billing.told(id, 'subscription.failed')).toMatchObject([
        { data: { period: 3, final: true, message: '이번 달은 쉽니다.' } },
      ]);
    });
    expect([...fulfilled]).toEqual([
      [2, id],
      [3, id],
    ]);
    await eventually(async () => {
      expect(world.kakaopay.cancelled(world.kakaopay.tidOf(await billing.orderOf(id, 3)))).toBe(10_000);
    });
    expect(billing.amounts(user)).toEqual([10_000, 10_000]);
  });

  it('counts a free period without asking KakaoPay for money', async () => {
    clock.advance(30 * DAY);
    const today = kstDay(clock.now());
    const { id, user } = await billing.subscribe({
      details: [
        { date: today, amount: 4_900 },
        { date: daysAfter(today, 1), amount: 0 },
        { date: daysAfter(today, 2), amount: 7_000, taxFreeAmount: 2_000 },
      ],
    });
    await billing.toDue(id);
    await billing.until(id, { periodsCharged: 2 });
    await eventually(() => {
      expect(billing.told(id, 'subscription.charged')).toMatchObject([
        { data: { period: 2, totalAmount: 0, nextAmount: 7_000 } },
      ]);
    });
    await billing.toDue(id);
    await billing.until(id, { periodsCharged: 3 });
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
    const { id } = await billing.subscribe({}, { lines: [{ name: '원두', quantity: 1, productId: 'beans' }] });
    expect(await world.stock('beans')).toEqual({ on_hand: 1, reserved: 0 });
    await billing.toDue(id);
    await billing.until(id, { periodsCharged: 2 });
    expect(await world.stock('beans')).toEqual({ on_hand: 0, reserved: 0 });
    await billing.toDue(id);
    await billing.until(id, { failedTries: 1 });
    await eventually(() => {
      expect(billing.told(id, 'subscription.failed')).toMatchObject([
        { data: { message: '주문 상품이 품절되었습니다.' } },
      ]);
    });
    await world.setStock('beans', 5);
    clock.set((await billing.seen(id)).nextTryAt ?? '');
    await billing.handOut();
    await billing.until(id, { periodsCharged: 3 });
    expect(await world.stock('beans')).toEqual({ on_hand: 4, reserved: 0 });
  });

  it('cannot be reached by T1, T2 or a stranger', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe();
    world.kakaopay.next('subscription', refusal(-780));
    await billing.toDue(id);
    await billing.until(id, { failedTries: 1 });
    const charge = await billing.orderOf(id, 2);
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
    const { id } = await billing.subscribe();
    world.kakaopay.next('subscription', BROKEN, refusal(-780));
    await billing.toDue(id);
    await billing.asTimeGoesBy(async () => {
      expect(await billing.seen(id)).toMatchObject({ failedTries: 1 });
    });
    const tables = ['payment.orders', 'payment.attempts', 'payment.subscriptions', 'payment.history', 'pgboss.job'];
    const rows = await Promise.all(tables.map((table) => world.database.query(`SELECT * FROM ${table}`)));
    const everything = JSON.stringify([rows, world.delivered, lines]);
    expect(lines.length).toBeGreaterThan(0);
    expect(world.kakaopay.sids.length).toBeGreaterThan(0);
    expect(world.kakaopay.sids.filter((sid) => everything.includes(sid))).toEqual([]);
  });
});
