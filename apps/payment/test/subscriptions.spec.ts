import { eventually } from '@biz/testing';
import { DROPPED_AFTER, DROPPED_BEFORE, refusal } from './fake-kakaopay';
import { World } from './world';

interface SubscriptionSeen {
  id: string;
  state: string;
  partnerOrderId: string;
  nextChargeOn?: string;
  nextAmount?: number;
  periodsCharged: number;
}

const [SINGLE, MONTHLY] = ['a'.repeat(24), 'b'.repeat(24)];

describe('a subscription', () => {
  let world: World;
  beforeAll(async () => {
    // Patient: an approval whose answer comes too late has lost its SID.
    world = await World.start({ FIRST_CID_SECRET: SINGLE, FIRST_SUBSCRIPTION_CID_SECRET: MONTHLY });
  });
  afterAll(() => world.stop());

  const subscriptionOf = async (orderId: string): Promise<SubscriptionSeen | undefined> => {
    const { body } = await world.operator('subscriptions?limit=100');
    return (body as { items: SubscriptionSeen[] }).items.find(({ partnerOrderId }) => partnerOrderId === orderId);
  };

  const end = (id: string, body: object = { reason: '고객 요청' }) =>
    world.operator(`subscriptions/${id}/end`, { method: 'POST', body: JSON.stringify(body) });

  it('begins with its first payment, free of charge, and keeps its SID sealed', async () => {
    const order = await world.paidOrder('subscription');
    const subscription = await subscriptionOf(order.id);
    expect(subscription).toMatchObject({
      state: 'active',
      periodsCharged: 1,
      nextChargeOn: '2099-12-23',
      nextAmount: 5_000,
    });
    await eventually(() => {
      expect(world.about(order.id)).toMatchObject([
        { type: 'payment.paid', data: { subscription: { id: subscription!.id, nextAmount: 5_000 } } },
      ]);
    });
    const rows = JSON.stringify(await world.database.query(`SELECT * FROM payment.subscriptions`));
    expect(world.kakaopay.sids.every((sid) => !rows.includes(sid))).toBe(true);
  });

  it('waits for the SID of an approval whose answer is still on its way, though KakaoPay already says paid', async () => {
    const order = await world.orderAwaitingPayment('subscription');
    world.kakaopay.next('approve', { work: true, delayMs: 1_500 });
    await world.callback(order);
    await world.until(order, 'S');
    expect(await subscriptionOf(order.id)).toMatchObject({ state: 'active' });
  });

  it('shows a person a first payment whose SID was lost with the answer', async () => {
    const order = await world.orderAwaitingPayment('subscription');
    world.kakaopay.next('approve', DROPPED_AFTER);
    await world.callback(order);
    await eventually(async () => {
      expect(await world.detail(order.id)).toMatchObject({
        state: 'review',
        reviewReason: 'paid, but the SID of the subscription was lost',
      });
    });
    expect(await world.cancel(order.id, 'k', { reason: '다시 가입' })).toMatchObject({ body: { state: 'cancelled' } });
  });

  it.each([
    ['answers', []],
    ['drops the line', [DROPPED_BEFORE, DROPPED_AFTER]],
    ['says that the SID is inactive already', [refusal(-751)]],
  ])('is ended by the operator at KakaoPay when KakaoPay %s', async (_what, faults) => {
    const order = await world.paidOrder('subscription');
    const { id } = (await subscriptionOf(order.id))!;
    world.kakaopay.next('inactive', ...faults);
    expect(await end(id)).toMatchObject({ http: 202, body: { state: 'ending' } });
    await eventually(async () => {
      expect(await subscriptionOf(order.id)).toMatchObject({ state: 'ended' });
    });
    expect(await end(id)).toMatchObject({ http: 202, body: { state: 'ended' } });
    expect((await subscriptionOf(order.id))?.nextChargeOn).toBeUndefined();
    await eventually(() => {
      const ended = world.about(order.id).filter(({ type }) => type === 'subscription.ended');
      expect(ended).toMatchObject([{ data: { id, reason: '고객 요청' } }]);
    });
  });

  it('knows no subscription by a wrong id', async () => {
    expect((await end('00000000-0000-0000-0000-000000000000')).http).toBe(404);
    expect((await end('nonsense')).http).toBe(400);
  });

  it('is paid under a CID with a secret of its own, which every call names with that CID and no other', async () => {
    const [single, monthly] = [await world.paidOrder('coffee'), await world.paidOrder('subscription')];
    expect([single.sheet, monthly.sheet]).toMatchObject([
      { cid: 'TC0ONETIME', cid_secret: SINGLE },
      { cid: 'TCSUBSCRIP', cid_secret: MONTHLY },
    ]);
    await world.cancel(single.id, 'two-secrets', { reason: '고객 변심' });
    await end((await subscriptionOf(monthly.id))?.id ?? '');
    await eventually(() => {
      expect(world.kakaopay.cancelled(single.tid)).toBe(13_500);
      expect(world.kakaopay.calls('inactive')).not.toEqual([]);
    });
    const calls = (['approve', 'order', 'cancel', 'inactive', 'status'] as const).flatMap((operation) =>
      world.kakaopay.calls(operation).map((call) => call.form()),
    );
    const said = new Set(calls.map((form) => `${form.get('cid') ?? ''} ${form.get('cid_secret') ?? ''}`));
    expect(said).toEqual(new Set([`TC0ONETIME ${SINGLE}`, `TCSUBSCRIP ${MONTHLY}`]));
  });
});
