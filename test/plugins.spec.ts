import { merchants } from '@biz/merchants';
import type { AppName } from '@biz/platform';
import { eventually } from '@biz/testing';
import { documentChecker } from './documents';
import { House } from './house';
import type { Json, Played } from './house';

/** Every plugin of the guide, played by the simulator against the six apps, as `npm run demo` does. */
describe('the house', () => {
  let house: House;
  const check = documentChecker();

  beforeAll(async () => {
    house = await House.start(merchants, { RETRY_TIME_SCALE: '0.2' });
  });
  afterAll(() => house.stop());

  /** Answers of our apps in the timeline that their OpenAPI document does not describe. */
  const undocumented = ({ timeline }: Played): string[] =>
    timeline.flatMap(({ to, request, response }) => {
      if (to !== 'merchant' || !URL.canParse(request.url)) return [];
      const { origin, pathname } = new URL(request.url);
      const app = (['profile', 'location', 'image', 'option', 'payment', 'sync'] as AppName[]).find(
        (name) => house.url(name) === origin,
      );
      if (!app || response.status === undefined || response.status === 302) return [];
      return check(app, request.method, pathname, response.status, response.body) ?? [];
    });

  const play = async (kind: string, options: Json = {}): Promise<Played> => {
    const played = await house.play(kind, options);
    expect({ ...played.verdict, undocumented: undocumented(played) }).toMatchObject({
      ok: true,
      violations: [],
      undocumented: [],
    });
    return played;
  };

  const told = (type: string, relayId: string | undefined): Promise<Json> =>
    eventually(async () => {
      const events = await house.received(type);
      const event = events.find(({ data }) => data.relayId === relayId);
      expect(event).toBeDefined();
      return event!.data;
    });

  const charged = async ({ tid }: Played['facts']): Promise<unknown> => {
    const { body } = await house.get('simulator', `/ledger?tid=${tid ?? ''}`);
    const [item] = body.items as { charges: { amount: number }[]; cancels: { amount: number }[] }[];
    return { charges: item?.charges.map(({ amount }) => amount), cancels: item?.cancels.map(({ amount }) => amount) };
  };

  it('hands a profile to the shop, phone in E.164 beside the raw text, long ids digit for digit', async () => {
    const { verdict, facts } = await play('profile', { shape: 'big-ids' });
    expect(verdict.outcome).toBe('delivered');
    expect(JSON.stringify(await told('profile.received', facts.relayId))).toMatch(/"\+8210\d{8}"/);
  });

  it('hands a location to the shop, and says so when there is none', async () => {
    const { facts } = await play('location');
    expect(JSON.stringify(await told('location.received', facts.relayId))).toContain('latitude');
    const none = await play('location', { shape: 'unavailable' });
    expect(none.verdict.outcome).toBe('unavailable');
    await told('location.unavailable', none.facts.relayId);
  });

  it('stores every picture in three sizes before its address expires', async () => {
    const { facts } = await play('image', { count: 2 });
    const event = await told('image.received', facts.relayId);
    expect(JSON.stringify(event)).toContain('sha256');
  });

  it.each(['10013529', 'survey', 'mug'])('shows the options of %s and keeps a selection', async (productId) => {
    const { verdict, facts } = await play('option', { productId });
    expect(verdict.outcome).toBe('chosen');
    await told('option.selected', facts.relayId);
  });

  it('charges a single payment once', async () => {
    const { verdict, facts } = await play('payment', { orderSheetId: 'sheet-coffee' });
    expect(verdict.outcome).toBe('paid');
    expect(await charged(facts)).toEqual({ charges: [13_500], cancels: [] });
    await told('payment.paid', facts.relayId);
  });

  it('charges the same buyer again for a repeatable sheet, and not for another', async () => {
    const buys = (orderSheetId: string, expect: string) =>
      play('payment', { orderSheetId, appUserId: '7002', zipCode: '13494', expect });
    const coffees = [await buys('sheet-coffee', 'paid'), await buys('sheet-coffee', 'paid')];
    expect(new Set(coffees.map(({ facts }) => facts.partnerOrderId)).size).toBe(2);
    await buys('sheet-mug', 'paid');
    await buys('sheet-mug', 'refused-300');
  });

  it('serves each registered plugin at addresses of its own, with what it was registered to sell', async () => {
    const at = (key: string) => ({
      paths: { ordersheet: `/ordersheet/${key}`, approve: `/approve/${key}`, status: `/status/${key}` },
    });
    const [club, coffee] = [{ orderSheetId: 'sheet-subscription' }, { orderSheetId: 'sheet-coffee' }];
    await play('subscription', { ...club, ...at('club'), expect: 'paid' });
    await play('payment', { ...coffee, ...at('club'), expect: 'refused-300' });
    await play('payment', { ...coffee, ...at('order'), expect: 'paid' });
    await play('subscription', { ...club, ...at('order'), expect: 'refused-300' });
    const options = (key: string) => ({ paths: { options: `/options/${key}`, option: `/option/${key}` } });
    await play('option', { productId: 'survey', ...options('survey'), expect: 'chosen' });
    await play('option', { productId: 'mug', ...options('survey'), expect: 'refused-500' });
    await play('option', { productId: 'mug', ...options('shop'), expect: 'chosen' });
    const mixed = { paths: { options: '/options', option: '/option/survey' } };
    await play('option', { productId: 'mug', ...mixed, expect: 'refused-500' });
    for (const [app, path] of [
      ['option', '/options/nobody?id=mug'],
      ['option', '/options/order?id=mug'],
      ['payment', '/ordersheet/survey?ordersheet_id=sheet-coffee'],
      ['payment', '/status/nobody?order_id=1'],
    ] as const)
      expect((await house.get(app, path, { 'X-Kakao-AppUserId': '7002' })).status).toBe(404);
  });

  it('charges more for shipping to Jeju', async () => {
    const { facts } = await play('payment', { orderSheetId: 'sheet-mug', zipCode: '63000' });
    expect(await charged(facts)).toEqual({ charges: [15_000], cancels: [] });
  });

  it('starts a subscription whose first month is free', async () => {
    const { verdict, facts } = await play('subscription', { orderSheetId: 'sheet-subscription' });
    expect(verdict.outcome).toBe('paid');
    const { body } = await house.operator('payment', 'subscriptions');
    expect(JSON.stringify(body)).toContain(facts.partnerOrderId);
  });

  it.each([
    't1-twice',
    't2-twice',
    't2-concurrent',
    't3-twice',
    't3-concurrent',
    't3-late',
    'approve-5xx',
    'approve-garbage',
    'approve-drop-before',
    'approve-drop-after',
    'order-5xx',
  ])('charges once when the scenario has %s', async (fault) => {
    const { verdict, facts } = await play('payment', {
      orderSheetId: 'sheet-coffee',
      appUserId: fault,
      faults: [fault],
      expect: 'paid',
    });
    expect(verdict.outcome).toBe('paid');
    expect(await charged(facts)).toEqual({ charges: [13_500], cancels: [] });
  });

  it('refunds a payment in full, once, at an operator’s word', async () => {
    const { facts } = await play('payment', { orderSheetId: 'sheet-coffee', appUserId: 'refund-1' });
    const order = `/operator/orders/${facts.partnerOrderId ?? ''}`;
    const headers = { authorization: 'Bearer dev-operator-token', 'idempotency-key': 'return-1' };
    for (let times = 0; times < 2; times++) {
      expect((await house.post('payment', `${order}/cancel`, { reason: '단순 변심' }, headers)).status).toBeLessThan(
        300,
      );
    }
    await eventually(async () => {
      expect(await charged(facts)).toEqual({ charges: [13_500], cancels: [13_500] });
    });
  });

  it('joins a member, and forgets it when it leaves', async () => {
    const { verdict, facts } = await play('sync', {
      steps: ['join', 'events', 'unlink'],
      appUserId: '9007199254740993',
    });
    expect(verdict.outcome).toBe('unlinked');
    expect(facts).toBeDefined();
    const joined = await eventually(async () => {
      const events = await house.received('member.joined');
      expect(JSON.stringify(events)).toContain('9007199254740993');
      return events;
    });
    expect(joined).toHaveLength(1);
  });

  it('carries a customer from Kakao Sync through the options to the payment', async () => {
    const { verdict, facts } = await play('chain', { productId: 'mug', appUserId: '7001' });
    expect(verdict.outcome).toBe('paid');
    const { body } = await house.operator('option', `drafts/${facts.draftId ?? ''}`);
    expect(body.state).toBe('paid');
  });
});
