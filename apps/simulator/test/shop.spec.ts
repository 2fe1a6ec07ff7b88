import { eventually, startTestApp, type TestApp } from '@biz/testing';
import { Webhook } from 'standardwebhooks';
import { simulatorApp } from '../src/simulator.module';
import { type Answer, call, get, post } from './http';

const SECRET = `whsec_${Buffer.from('a secret of the shop').toString('base64')}`;
let simulator: TestApp;

beforeAll(async () => {
  simulator = await startTestApp(simulatorApp(), { env: { DEMO_SHOP_WEBHOOK_SECRET: SECRET } });
});
afterAll(() => simulator.close());
beforeEach(() => post(`${simulator.url}/reset`));

const deliver = (type: string, { id = 'evt-1', secret = SECRET, data = {} } = {}): Promise<Answer> => {
  const body = { type, timestamp: '2026-11-23T00:00:00Z', data };
  const at = new Date();
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, JSON.stringify(body)),
  };
  return call('POST', `${simulator.url}/shop/webhook`, { json: body, headers });
};
const inbox = async (query = ''): Promise<Record<string, unknown>[]> =>
  (await get(`${simulator.url}/shop/events${query}`)).json.items as Record<string, unknown>[];

describe("the shop's inbox", () => {
  it('keeps what is signed rightly, by type and relay id', async () => {
    expect((await deliver('payment.paid', { data: { relayId: 'r-1', 금액: 13500 } })).status).toBe(200);
    expect((await deliver('profile.received', { id: 'evt-2' })).status).toBe(200);
    expect(await inbox('?type=payment.paid')).toMatchObject([
      { type: 'payment.paid', verified: true, arrival: 1, webhookId: 'evt-1', data: { relayId: 'r-1', 금액: 13500 } },
    ]);
    expect(await inbox('?relayId=r-1')).toHaveLength(1);
  });

  it('answers 401 to a signature of another secret, and shows why', async () => {
    expect((await deliver('payment.paid', { secret: 'whsec_bm90IHRoZSBzZWNyZXQ=' })).status).toBe(401);
    expect((await post(`${simulator.url}/shop/webhook`, { type: 'x' })).status).toBe(401);
    expect(await inbox()).toMatchObject([
      { verified: false, reason: 'No matching signature found' },
      { verified: false, reason: 'Missing required headers' },
    ]);
  });

  it('counts how often the same delivery arrives, and fails on order', async () => {
    await post(`${simulator.url}/faults`, { point: 'shop', kind: 'status', status: 503 });
    expect((await deliver('payment.paid')).status).toBe(503);
    await deliver('payment.paid');
    await deliver('payment.paid');
    expect((await inbox()).map(({ arrival }) => arrival)).toEqual([1, 2]);
  });
});

describe('the wrapper around an approval URL', () => {
  it('hands the approval on with the ids of the payment, encoded once or twice', async () => {
    const headers = { authorization: 'KakaoAK x' };
    const inner = `${simulator.url}/time?keep=a%20b`;
    const form = {
      cid: 'TC0ONETIME',
      partner_order_id: 'o-1',
      partner_user_id: 'u-1',
      item_name: 'i',
      quantity: '1',
      total_amount: '100',
      tax_free_amount: '0',
      approval_url: `${simulator.url}/kakaopay/callback?approval_url=${encodeURIComponent(inner)}`,
      cancel_url: 'http://127.0.0.1/c',
      fail_url: 'http://127.0.0.1/f',
    };
    const { tid } = (await call('POST', `${simulator.url}/v1/payment/ready`, { form, headers })).json;
    const act = await post(`${simulator.url}/payments/${String(tid)}/user`, { does: 'authenticate' });
    expect(act.json).toMatchObject({ status: 'AUTH_PASSWORD', pgToken: expect.any(String) as string });
    expect((await get(String(act.json.redirect))).json).toHaveProperty('now');
    const twice = encodeURIComponent(encodeURIComponent(inner));
    const answer = await get(`${simulator.url}/kakaopay/callback?approval_url=${twice}&pg_token=x`);
    expect(answer.json).toHaveProperty('now');
    expect(
      (await get(`${simulator.url}/kakaopay/callback?approval_url=${encodeURIComponent('http://127.0.0.1:1/')}`))
        .status,
    ).toBe(502);
  });

  it('is reached from the payment screen in a browser', async () => {
    const headers = { authorization: 'KakaoAK x' };
    const form = {
      cid: 'TC0ONETIME',
      partner_order_id: 'o-2',
      partner_user_id: 'u',
      item_name: '<b>커피',
      quantity: '1',
      total_amount: '100',
      tax_free_amount: '0',
      approval_url: 'http://127.0.0.1:1/ok',
      cancel_url: 'http://127.0.0.1:1/c',
      fail_url: 'http://127.0.0.1:1/f',
    };
    const { json } = await call('POST', `${simulator.url}/v1/payment/ready`, { form, headers });
    const page = await get(String(json.next_redirect_pc_url));
    expect(page.text).toContain('&#60;b&#62;커피');
    const paid = await get(`${simulator.url}/mockup/v1/${String(json.tid)}/do/pay`);
    expect([paid.status, paid.headers.get('location')]).toEqual([302, expect.stringMatching(/\/ok\?pg_token=\w+$/)]);
  });
});

describe('the page for people', () => {
  it('is served with its script, its style and the faults of every scenario', async () => {
    expect((await get(simulator.url)).text).toContain('카카오 시뮬레이터');
    for (const script of ['page.js', 'words.js']) {
      const answer = await get(`${simulator.url}/page/${script}`);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringContaining('javascript')]);
    }
    expect((await get(`${simulator.url}/page/page.css`)).headers.get('content-type')).toContain('css');
    expect((await get(`${simulator.url}/page/faults.json`)).json.payment).toContain('approve-drop-after');
  });
});

it('forgets everything on a reset', async () => {
  await deliver('payment.paid');
  await post(`${simulator.url}/faults`, { point: 'otp', kind: 'slow' });
  await post(`${simulator.url}/time/advance`, { seconds: 3600 });
  await post(`${simulator.url}/reset`);
  await eventually(async () => {
    expect(await inbox()).toEqual([]);
  });
  expect((await get(`${simulator.url}/faults`)).text).toBe('[]');
  const ahead = new Date(String((await get(`${simulator.url}/time`)).json.now)).getTime() - Date.now();
  expect(Math.abs(ahead)).toBeLessThan(60_000);
});
