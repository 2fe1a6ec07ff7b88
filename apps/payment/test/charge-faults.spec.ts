import { randomUUID } from 'node:crypto';
import { eventually } from '@biz/testing';
import type { ManualClock } from '@biz/testing';
import { CHARGE } from '../src/charges/charges';
import { Billing, DAY } from './billing';
import { BROKEN, BROKEN_AFTER, DROPPED_AFTER, DROPPED_BEFORE, refusal, type Fault } from './fake-kakaopay';
import type { World } from './world';

describe('a later charge of a subscription that KakaoPay does not simply answer', () => {
  let billing: Billing;
  let clock: ManualClock;
  let world: World;

  beforeAll(async () => {
    billing = await Billing.start();
    ({ clock, world } = billing);
  });
  afterAll(() => world.stop());
  afterEach(() => billing.endAll());

  it.each<[string, Fault[]]>([
    ['the line before KakaoPay saw it', [DROPPED_BEFORE]],
    ['5xx twice', [BROKEN, BROKEN]],
    ['maintenance', [refusal(-9798)]],
  ])('charges once after %s', async (_what, faults) => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe();
    world.kakaopay.next('subscription', ...faults);
    await billing.toDue(id);
    await billing.asTimeGoesBy(async () => {
      expect(await billing.seen(id)).toMatchObject({ periodsCharged: 2 });
    });
    expect(billing.callsFor(user)).toHaveLength(faults.length + 1);
    expect(billing.amounts(user)).toEqual([10_000]);
  });

  it('does not ask again while a call may still be on its way', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe();
    world.kakaopay.next('subscription', DROPPED_AFTER);
    await billing.toDue(id);
    // The answer was lost and the app has looked again since, but KakaoPay cannot be believed to know yet.
    await eventually(async () => {
      const looks = `SELECT 1 FROM pgboss.job WHERE name = $1 AND data->'data'->>'orderId' = $2 AND (data->>'attempt')::int > 3`;
      expect(await world.database.query(looks, [CHARGE.name, await billing.orderOf(id, 2)])).not.toEqual([]);
    });
    expect(await billing.seen(id)).toMatchObject({ periodsCharged: 1 });
    expect(billing.callsFor(user)).toHaveLength(1);
    await billing.asTimeGoesBy(async () => {
      expect((await world.detail(await billing.orderOf(id, 2))).state).toBe('review');
    });
    expect(billing.callsFor(user)).toHaveLength(1);
    expect(billing.amounts(user)).toEqual([10_000]);
  });

  it.each([
    ['names no last approval', {}],
    ['names one that cannot be read', { last_approved_at: 'soon' }],
    ['names one of nothing', { last_approved_at: null }],
  ])(
    'shows a person a charge whose answer was lost when status %s, and charges no second time',
    async (_what, said) => {
      clock.advance(30 * DAY);
      const { id, user } = await billing.subscribe();
      world.kakaopay.next('status', { work: true });
      const status: Fault = { work: true, status: 200, json: { available: true, status: 'ACTIVE', ...said } };
      world.kakaopay.next('status', ...Array.from({ length: 5 }, () => status));
      world.kakaopay.next('subscription', DROPPED_AFTER);
      await billing.toDue(id);
      await billing.asTimeGoesBy(async () => {
        expect(await world.detail(await billing.orderOf(id, 2))).toMatchObject({
          state: 'review',
          reviewReason: expect.stringContaining('does not say when it last charged') as string,
        });
      });
      expect(billing.amounts(user)).toEqual([10_000]);
      world.kakaopay.forget('status');
    },
  );

  it.each<[string, Fault]>([
    ['the line', DROPPED_AFTER],
    ['a 502', BROKEN_AFTER],
    ['a duplicate refused', { work: true, status: 400, json: { code: -785, msg: 'duplicate' } }],
  ])(
    'shows a person a charge whose tid was lost with %s, never charges it twice, and goes on',
    async (_what, fault) => {
      clock.advance(30 * DAY);
      const { id, user } = await billing.subscribe();
      world.kakaopay.next('subscription', fault);
      await billing.toDue(id);
      await billing.asTimeGoesBy(async () => {
        expect(await billing.seen(id)).toMatchObject({ state: 'active', periodsCharged: 2 });
      });
      const charge = await billing.orderOf(id, 2);
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
      await billing.toDue(id);
      await billing.until(id, { periodsCharged: 3 });
      expect(billing.amounts(user)).toEqual([10_000, 10_000]);
    },
  );

  it.each([
    ['gives back what the operator finds at KakaoPay', true, 'cancelled'],
    ['fails when the operator finds nothing there', false, 'failed'],
  ])('%s for a charge whose tid was lost', async (_what, work, state) => {
    clock.advance(30 * DAY);
    const { id } = await billing.subscribe();
    world.kakaopay.next('subscription', DROPPED_AFTER);
    await billing.toDue(id);
    await billing.asTimeGoesBy(async () => {
      expect(await billing.seen(id)).toMatchObject({ periodsCharged: 2 });
    });
    const charge = await billing.orderOf(id, 2);
    const found = work ? { tid: world.kakaopay.tidOf(charge) } : { notCharged: true };
    expect((await world.press('refund', charge, randomUUID(), { reason: 'looked', ...found })).http).toBe(202);
    await eventually(async () => {
      expect((await world.detail(charge)).state).toBe(state);
    });
    expect(await billing.seen(id)).toMatchObject({ state: 'active', periodsCharged: 2 });
  });

  it('finishes what an instance left between its intent and the answer', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe();
    world.kakaopay.holdApprovals();
    world.kakaopay.next('subscription', DROPPED_BEFORE);
    await billing.toDue(id);
    await billing.asked(user);
    const stopping = world.app.close();
    world.kakaopay.releaseApprovals();
    await stopping;
    await world.startApp();
    expect(await billing.seen(id)).toMatchObject({ periodsCharged: 1 });
    await billing.asTimeGoesBy(async () => {
      expect(await billing.seen(id)).toMatchObject({ periodsCharged: 2 });
    });
    expect(billing.amounts(user)).toEqual([10_000]);
    expect((await world.detail(await billing.orderOf(id, 2))).attempts).toMatchObject([{ state: 'paid', calls: 2 }]);
  });

  it('waits while KakaoPay does not say how the SID stands', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe();
    world.kakaopay.next('status', DROPPED_BEFORE, BROKEN);
    await billing.toDue(id);
    await billing.until(id, { periodsCharged: 2 });
    expect(billing.amounts(user)).toEqual([10_000]);
  });

  it('is not concluded from a status of another SID: asked once, charged once, and still active', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe();
    const ofAnother = (status: string): Fault => ({
      work: false,
      status: 200,
      json: {
        available: true,
        cid: 'TCSUBSCRIP',
        sid: 'S-of-another',
        status,
        last_approved_at: '2020-01-01T00:00:00',
      },
    });
    world.kakaopay.next('status', ofAnother('INACTIVE'));
    world.kakaopay.next('subscription', DROPPED_AFTER);
    await billing.toDue(id);
    await billing.asked(user);
    world.kakaopay.next('status', ofAnother('ACTIVE'), ofAnother('INACTIVE'));
    await billing.asTimeGoesBy(async () => {
      expect(await world.detail(await billing.orderOf(id, 2))).toMatchObject({ state: 'review' });
    });
    expect(billing.amounts(user)).toEqual([10_000]);
    expect(await billing.seen(id)).toMatchObject({ state: 'active' });
  });

  /** Neither amount, tid nor time of an answer about another payment, and no refund of it. */
  const keepsNothing = async (charge: string): Promise<void> => {
    const { attempts } = await world.detail(charge);
    for (const name of ['chargedAmount', 'tid', 'approvedAt']) expect(attempts[0]).not.toHaveProperty(name);
    expect((await world.cancel(charge, 'k', { reason: 'x' })).http).toBe(409);
    expect((await world.press('refund', charge, 'r')).http).toBe(409);
  };

  it('shows a person a charge of something else', async () => {
    clock.advance(30 * DAY);
    const { id } = await billing.subscribe();
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
    await billing.toDue(id);
    await billing.until(id, { periodsCharged: 2 });
    expect(await world.detail(await billing.orderOf(id, 2))).toMatchObject({
      state: 'review',
      reviewReason: 'KakaoPay charged something else: partner_order_id, partner_user_id, total differ',
    });
    await keepsNothing(await billing.orderOf(id, 2));
  });

  it('keeps no amount of an answer with the tid of another payment', async () => {
    clock.advance(30 * DAY);
    const { id, orderId, user } = await billing.subscribe();
    let release = (): void => undefined;
    const until = new Promise<void>((resolve) => (release = resolve));
    const fault: Fault = { work: true, until };
    world.kakaopay.next('subscription', fault);
    await billing.toDue(id);
    await billing.asked(user);
    const charge = await billing.orderOf(id, 2);
    const { tid } = (await world.detail(orderId)).attempts[0] ?? {};
    const ids = { cid: 'TCSUBSCRIP', tid, partner_order_id: charge, partner_user_id: user };
    fault.json = { aid: 'A1', ...ids, amount: { total: 10_000, tax_free: 0, vat: 909 } };
    release();
    await billing.until(id, { periodsCharged: 2 });
    expect(await world.detail(charge)).toMatchObject({
      state: 'review',
      reviewReason: 'KakaoPay answered with the tid of another payment',
    });
    await keepsNothing(charge);
    const body = { reason: '카카오페이에서 확인', tid: world.kakaopay.tidOf(charge) };
    expect(await world.press('accept', charge, 'k', body)).toMatchObject({ http: 200, body: { state: 'paid' } });
    expect((await world.detail(charge)).chargedAmount).toBe(10_000);
  });
});
