import { eventually } from '@biz/testing';
import type { ManualClock } from '@biz/testing';
import { DueCharges } from '../src/charges/due-charges';
import { StuckWork } from '../src/sweep/stuck-work';
import { Billing, DAY, MINUTE } from './billing';
import { DROPPED_BEFORE, refusal } from './fake-kakaopay';
import type { World } from './world';

describe('the end of a subscription', () => {
  let billing: Billing;
  let clock: ManualClock;
  let world: World;

  beforeAll(async () => {
    billing = await Billing.start();
    ({ clock, world } = billing);
  });
  afterAll(() => world.stop());
  afterEach(() => billing.endAll());

  it('by the buyer at KakaoPay is noticed before a charge', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe();
    world.kakaopay.endSid(user);
    await billing.toDue(id);
    await billing.until(id, { state: 'ended' });
    expect(world.kakaopay.calls('subscription').some((call) => call.form().get('partner_user_id') === user)).toBe(
      false,
    );
    await eventually(async () => {
      expect((await world.detail(await billing.orderOf(id, 2))).state).toBe('cancelled');
    });
    await eventually(() => {
      expect(billing.told(id, 'subscription.ended')).toMatchObject([{ data: { periodsCharged: 1 } }]);
    });
  });

  it('by the buyer at KakaoPay is noticed within a day, without a charge', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe();
    world.kakaopay.endSid(user);
    clock.advance(DAY - MINUTE);
    await world.app.get<DueCharges>(DueCharges).handOutChecks();
    expect(await billing.seen(id)).toMatchObject({ state: 'active' });
    clock.advance(2 * MINUTE);
    await world.app.get<DueCharges>(DueCharges).handOutChecks();
    await billing.until(id, { state: 'ended' });
    await eventually(() => {
      expect(billing.told(id, 'subscription.ended')).toHaveLength(1);
    });
  });

  it('by the buyer between the check and the charge is told as failed, then ended', async () => {
    clock.advance(30 * DAY);
    const { id } = await billing.subscribe();
    world.kakaopay.next('subscription', refusal(-751));
    await billing.toDue(id);
    await billing.until(id, { state: 'ended', endReason: 'KakaoPay: SID is inactive' });
    await eventually(() => {
      expect(billing.events(id)).toMatchObject([
        { type: 'subscription.failed', data: { final: true, code: -751 } },
        { type: 'subscription.ended' },
      ]);
    });
  });

  it('by the operator lets a running charge finish, and nothing after it', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe();
    const release = world.kakaopay.hold('subscription');
    await billing.toDue(id);
    await billing.asked(user);
    await world.operator(`subscriptions/${id}/end`, { method: 'POST', body: '{"reason":"고객 요청"}' });
    release();
    await billing.until(id, { state: 'ended', periodsCharged: 2 });
    expect((await billing.seen(id)).nextChargeOn).toBeUndefined();
    await eventually(() => {
      expect(billing.told(id, 'subscription.charged')).toHaveLength(1);
    });
    clock.advance(100 * DAY);
    await billing.handOut();
    expect((await billing.seen(id)).charges).toHaveLength(2);
    expect(billing.amounts(user)).toEqual([10_000]);
  });

  it('by the operator between the check and the intent lets the period off', async () => {
    const { id } = await billing.subscribe();
    const release = world.kakaopay.hold('status');
    const before = world.kakaopay.calls('status').length;
    await billing.toDue(id);
    await eventually(() => {
      expect(world.kakaopay.calls('status').length).toBeGreaterThan(before);
    });
    await world.operator(`subscriptions/${id}/end`, {
      method: 'POST',
      body: JSON.stringify({ reason: '고객 요청' }),
    });
    release();
    await billing.until(id, {
      state: 'ended',
      charges: [{ period: 2, state: 'cancelled' }, { period: 1 }] as never,
    });
    expect(billing.told(id, 'subscription.charged')).toEqual([]);
  });

  it('leaves no period that waits for ever, whatever became of its job', async () => {
    const { id } = await billing.subscribe();
    await billing.toDue(id);
    await billing.until(id, { charges: [{ period: 2, state: 'paid' }, { period: 1 }] as never });
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
    expect(await billing.seen(id)).toMatchObject({
      charges: [{ period: 2, state: 'cancelled' }, { period: 1 }],
    });
  });

  it('by the operator keeps a charge from being asked again', async () => {
    clock.advance(30 * DAY);
    const { id, user } = await billing.subscribe();
    world.kakaopay.next('subscription', DROPPED_BEFORE);
    await billing.toDue(id);
    await billing.asked(user);
    await world.operator(`subscriptions/${id}/end`, { method: 'POST', body: '{}' });
    await billing.asTimeGoesBy(async () => {
      expect((await world.detail(await billing.orderOf(id, 2))).state).toBe('failed');
    });
    expect(billing.callsFor(user)).toHaveLength(1);
    expect(billing.amounts(user)).toEqual([]);
  });

  it('comes with a full refund of the first payment', async () => {
    clock.advance(30 * DAY);
    const { id, orderId } = await billing.subscribe();
    await world.cancel(orderId, 'k', { reason: '가입 취소' });
    await billing.until(id, { state: 'ended', endReason: 'the first payment was given back' });
  });

  it('comes with the cancellation of a free first payment', async () => {
    clock.advance(30 * DAY);
    const { id, orderId } = await billing.subscribe({}, { firstAmount: 0 });
    await world.cancel(orderId, 'k', { reason: '가입 취소' });
    await billing.until(id, { state: 'ended' });
  });
});
