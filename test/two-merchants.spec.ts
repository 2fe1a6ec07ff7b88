import { merchants } from '@biz/merchants';
import { customerPath, eventually, HttpStub } from '@biz/testing';
import { House } from './house';
import type { Json } from './house';
import { teaHouse } from './tea-house';

/** Demo Shop and Tea House share one deployment, the same ids and the same customer; nothing else. */
describe('two merchants', () => {
  let house: House;
  let teaWebhook: HttpStub;
  const TEA = '/m/tea-9f2c77aa01';
  const CUSTOMER = '4242';
  const user = { 'X-Kakao-AppUserId': CUSTOMER };

  beforeAll(async () => {
    teaWebhook = await HttpStub.start();
    teaWebhook.on('POST /hook', { status: 200 });
    house = await House.start([...merchants, teaHouse], {
      TEA_HOUSE_PATH_KEY: 'tea-9f2c77aa01',
      TEA_HOUSE_WEBHOOK_URL: `${teaWebhook.url}/hook`,
      TEA_HOUSE_WEBHOOK_SECRET: `whsec_${Buffer.from('known to the tea house only').toString('base64')}`,
    });
  });
  afterAll(async () => {
    await house.stop();
    await teaWebhook.close();
  });

  const toldTeaHouse = (type: string): Promise<Json[]> =>
    eventually(() => {
      const events = teaWebhook.requests.map((request) => request.json() as { type: string; data: Json });
      const found = events.filter((event) => event.type === type);
      expect(found).not.toEqual([]);
      return found.map(({ data }) => data);
    });
  const items = async (app: 'profile' | 'payment' | 'sync', path: string): Promise<Json[]> =>
    (await house.operator(app, path)).body.items as Json[];

  it('sell under the same ids at their own prices, to the same customer', async () => {
    const demo = await house.get('payment', '/ordersheet?ordersheet_id=sheet-coffee', user);
    const tea = await house.get('payment', `${TEA}/ordersheet?ordersheet_id=sheet-coffee`, user);
    const [demoOrder, teaOrder] = [demo.body.data, tea.body.data] as Json[];
    expect(demoOrder).toMatchObject({ total_amount: 13_500, rest_api_key: 'demo-shop-rest-api-key' });
    expect(teaOrder).toMatchObject({ total_amount: 4_000, rest_api_key: 'tea-house-rest-api-key' });
    expect(teaOrder!.partner_order_id).not.toBe(demoOrder!.partner_order_id);
    expect(decodeURIComponent(String(teaOrder!.approval_url))).toContain(customerPath(TEA));

    const options = await Promise.all([
      house.get('option', '/options?id=mug'),
      house.get('option', `${TEA}/options?id=mug`),
    ]);
    expect(options.map(({ body }) => (body.data as Json).name)).toEqual(['데모샵 머그', '찻잔']);
  });

  it('do not see, pay or cancel each other’s orders', async () => {
    const { body } = await house.get('payment', '/ordersheet?ordersheet_id=sheet-coffee', user);
    const { partner_order_id: id } = body.data as { partner_order_id: string };
    const before = await house.operator('payment', `orders/${id}`);
    expect((await house.get('payment', `${TEA}/order/status?order_id=${id}`, user)).body.status).toBe(300);
    const stolen = { partner_order_id: id, tid: 'T0000000000000000000' };
    expect((await house.post('payment', `${TEA}/order/approve`, stolen, user)).body.status).toBe(300);
    await house.get('payment', `${customerPath(TEA)}/order/cancel?partner_order_id=${id}`, user);
    expect((await house.operator('payment', `orders/${id}`)).body).toEqual(before.body);
  });

  it('pay through their own KakaoPay and are told by their own webhook', async () => {
    const played = await house.play('payment', {
      orderSheetId: 'sheet-coffee',
      pathKey: TEA.slice(3),
      appUserId: CUSTOMER,
    });
    expect(played.verdict).toMatchObject({ ok: true, outcome: 'paid' });
    expect(await toldTeaHouse('payment.paid')).toEqual([
      expect.objectContaining({ merchant: 'tea-house', partnerOrderId: played.facts.partnerOrderId }),
    ]);
    expect(await house.received('payment.paid')).toEqual([]);
    const orders = await items('payment', 'orders?state=paid');
    expect(orders.map(({ merchant }) => merchant)).toEqual(['tea-house']);
  });

  it('keep stock of their own', async () => {
    const chosen = {
      id: 'mug',
      name: '찻잔',
      price: 7_000,
      quantity: 1,
      option_groups: [{ option_group_id: '색상', option_id: '청자' }],
    };
    const draft = await house.post('option', `${TEA}/option`, chosen, user);
    expect(draft.body.status).toBe(200);
    const paid = await house.play('payment', {
      orderSheetId: draft.body.data,
      pathKey: TEA.slice(3),
      appUserId: CUSTOMER,
    });
    expect(paid.verdict).toMatchObject({ outcome: 'paid' });
    const again = await house.post('option', `${TEA}/option`, chosen, user);
    expect(again.body).toMatchObject({ status: 500 });
    expect((await house.play('option', { productId: 'mug' })).verdict.outcome).toBe('chosen');
    expect((await house.get('payment', `/ordersheet?ordersheet_id=${String(draft.body.data)}`, user)).body.status).toBe(
      300,
    );
  });

  it('redeem OTP URLs with their own REST API keys', async () => {
    const own = await house.play('profile', { pathKey: TEA.slice(3), restApiKey: 'tea-house-rest-api-key' });
    expect(own.verdict.outcome).toBe('delivered');
    const foreign = await house.play('profile', {
      pathKey: TEA.slice(3),
      restApiKey: 'demo-shop-rest-api-key',
      expect: 'not-redeemed',
      timeoutSeconds: 2,
    });
    expect(foreign.verdict.outcome).toBe('not-redeemed');
    expect(await toldTeaHouse('profile.received')).toHaveLength(1);
    expect(await house.received('profile.received')).toEqual([]);
    const captures = await items('profile', 'captures');
    expect(captures.map(({ merchant }) => merchant)).toEqual(['tea-house', 'tea-house']);
  });

  it('know only their own plugins', async () => {
    const otp = { otp: `${house.url('simulator')}/otp/abc/onetimeprofile` };
    expect((await house.post('profile', `${TEA}/callback/delivery`, otp)).status).toBe(404);
    expect((await house.post('profile', '/callback/member', otp)).status).toBe(404);
    expect(
      (await house.post('location', `${TEA}/callback`, { ...otp, extra: { app: { name: 'a', company: 'b' } } })).status,
    ).toBe(404);
  });

  it('have members of their own, though the user id is the same', async () => {
    for (const pathKey of [undefined, TEA.slice(3)]) {
      const joined = await house.play('sync', { appUserId: '77', ...(pathKey && { pathKey }) });
      expect(joined.verdict).toMatchObject({ ok: true, outcome: 'joined' });
    }
    const leave = (path: string, key: string): Promise<{ status: number }> =>
      house.get('sync', `${path}/unlink?app_id=555&user_id=77&referrer_type=UNLINK_FROM_APPS`, {
        authorization: `KakaoAK ${key}`,
      });
    expect((await leave(TEA, 'demo-shop-admin-key')).status).toBe(401);
    expect((await leave(TEA, 'tea-house-admin-key')).status).toBe(200);
    const members = await items('sync', 'members');
    expect(members.map(({ merchant, state }) => [merchant, state]).sort()).toEqual([
      ['demo-shop', 'joined'],
      ['tea-house', 'unlinked'],
    ]);
  });
});
