import { request } from 'node:http';
import { eventually, HttpStub, startTestApp, type TestApp } from '@biz/testing';
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
  /** A payment whose user has authenticated. */
  const authenticated = async (approvalUrl: string): Promise<{ tid: string; pgToken: string; redirect: string }> => {
    const headers = { authorization: 'KakaoAK x' };
    const form = {
      cid: 'TC0ONETIME',
      partner_order_id: 'o-1',
      partner_user_id: 'u-1',
      item_name: 'i',
      quantity: '1',
      total_amount: '100',
      tax_free_amount: '0',
      approval_url: approvalUrl,
      cancel_url: 'http://127.0.0.1/c',
      fail_url: 'http://127.0.0.1/f',
    };
    const { tid } = (await call('POST', `${simulator.url}/v1/payment/ready`, { form, headers })).json;
    const { json } = await post(`${simulator.url}/payments/${String(tid)}/user`, { does: 'authenticate' });
    expect(json).toMatchObject({ status: 'AUTH_PASSWORD', pgToken: expect.any(String) as string });
    return { tid: String(tid), pgToken: String(json.pgToken), redirect: String(json.redirect) };
  };
  const wrapper = (approvalUrl: string, more = ''): Promise<Answer> =>
    get(`${simulator.url}/kakaopay/callback?approval_url=${approvalUrl}${more}`);

  it('hands the approval on with the ids of the payment, encoded once or twice', async () => {
    const inner = `${simulator.url}/time?keep=a%20b`;
    const once = encodeURIComponent(inner);
    const { redirect, pgToken } = await authenticated(`${simulator.url}/kakaopay/callback?approval_url=${once}`);
    expect((await get(redirect)).json).toHaveProperty('now');
    for (const spelling of [once, encodeURIComponent(once), encodeURIComponent(once.replaceAll('%3A', '%3a'))])
      expect((await wrapper(spelling, `&pg_token=${pgToken}`)).json).toHaveProperty('now');
    const nothing = await authenticated('http://127.0.0.1:1/');
    expect((await wrapper(encodeURIComponent('http://127.0.0.1:1/'), `&pg_token=${nothing.pgToken}`)).status).toBe(502);
  });

  it('calls no address but the one that the payment of this pg_token was prepared with', async () => {
    const elsewhere = await HttpStub.start();
    elsewhere.on('GET *', { text: '<script>alert(1)</script>', headers: { 'content-type': 'text/html' } });
    const mine = `${elsewhere.url}/approval`;
    const { tid, pgToken } = await authenticated(mine);
    const other = await authenticated(`${elsewhere.url}/another`);
    const token = `&pg_token=${pgToken}`;
    const foreign: [string, string][] = [
      [mine, ''],
      [mine, '&pg_token='],
      [mine, '&pg_token=x'],
      [mine, '&pg_token=undefined'],
      [mine, `&pg_token=${tid}`],
      [mine, `&pg_token=${other.pgToken}`],
      [mine, `${token}${token}`],
      [`${mine}/more`, token],
      [`${mine}?x=1`, token],
      [`${mine}#x`, token],
      [`${mine}/../approval`, token],
      [mine.replace('127.0.0.1', '127.0.0.1.'), token],
      [mine.replace('http://', 'http://user@'), token],
      [mine.replace('http:', 'HTTP:'), token],
      [` ${mine}`, token],
      [encodeURIComponent(encodeURIComponent(mine)), token],
      [`${elsewhere.url}/`, token],
      ['file:///etc/passwd', token],
      ['data:text/html,<script>alert(1)</script>', token],
      [`${simulator.url}/reset`, token],
    ];
    for (const [url, more] of foreign)
      expect([url, more, (await wrapper(encodeURIComponent(url), more)).status]).toEqual([url, more, 404]);
    expect((await wrapper('%E0%A4%A', token)).status).toBe(404);
    expect((await wrapper('', token)).status).toBe(400);
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.close();
  });

  it.each([
    ['text/html', 'text/plain'],
    ['application/xhtml+xml', 'text/plain'],
    ['image/svg+xml', 'text/plain'],
    ['text/javascript', 'text/plain'],
    ['application/jsonp', 'text/plain'],
    ['application/json', 'application/json'],
  ])('hands on an answer of %s as %s', async (theirs, ours) => {
    const shop = await HttpStub.start();
    const text = '{"status":0,"message":"<script>alert(1)</script>"}';
    shop.on('GET /approval', { status: 201, text, headers: { 'content-type': theirs, 'set-cookie': 'a=b' } });
    const { redirect, pgToken } = await authenticated(
      `${simulator.url}/kakaopay/callback?approval_url=${encodeURIComponent(`${shop.url}/approval`)}`,
    );
    const answer = await get(redirect);
    expect([answer.status, answer.text]).toEqual([201, text]);
    expect(answer.headers.get('content-type')).toBe(`${ours}; charset=utf-8`);
    expect([answer.headers.get('x-content-type-options'), answer.headers.get('set-cookie')]).toEqual(['nosniff', null]);
    expect(Object.fromEntries(shop.requests[0]!.query)).toEqual({
      pg_token: pgToken,
      partner_order_id: 'o-1',
      partner_user_id: 'u-1',
    });
    await shop.close();
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

describe('a foreign page in the browser of a developer', () => {
  const asked = (method: string, path: string, headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      // fetch() sets Host and Sec-Fetch-Site itself.
      request(`${simulator.url}${path}`, { method, headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
  const port = (): string => new URL(simulator.url).port;
  const changing: [string, string][] = [
    ['POST', '/reset'],
    ['POST', '/scenarios/payment'],
    ['POST', '/faults'],
    ['POST', '/v1/payment/ready'],
    ['POST', '/login/codes'],
    ['POST', '/oauth/token'],
    ['POST', '/shop/webhook'],
    ['DELETE', '/shop/events'],
    ['GET', '/mockup/v1/T1/do/pay'],
  ];

  it.each(changing)('%s %s: has nothing done', async (method, path) => {
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: '' },
      { origin: `http://evil.example:${port()}` },
      { origin: `http://127.0.0.1:${Number(port()) + 1}` },
      { origin: `http://127.0.0.1.evil.example:${port()}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', origin: simulator.url },
    ])
      expect([headers, await asked(method, path, headers as Record<string, string>)]).toEqual([headers, 403]);
  });

  it.each(['evil.example', 'evil.example:3000', '127.0.0.1.evil.example', 'localhost.evil.example', 'a b'])(
    'under the name %s reads nothing',
    async (host) => {
      expect([400, 403]).toContain(await asked('GET', '/ledger', { host }));
      expect([400, 403]).toContain(await asked('POST', '/reset', { host, origin: `http://${host}` }));
    },
  );

  it.each(['localhost', 'localhost:3000', 'simulator:3000', '[::1]:3000', '192.168.0.7', 'host.docker.internal:3000'])(
    'is told from our own page and from a program, under %s',
    async (host) => {
      expect(await asked('GET', '/ledger', { host, 'sec-fetch-site': 'cross-site' })).toBe(200);
      expect(await asked('POST', '/reset', { host })).toBe(200);
      expect(await asked('POST', '/reset', { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' })).toBe(
        200,
      );
      expect(await asked('GET', '/mockup/v1/T1/do/pay', { host, 'sec-fetch-site': 'none' })).toBe(404);
    },
  );

  it('is no target of a login: a browser is sent to a web address only', async () => {
    for (const [redirectUri, status] of [
      ['javascript:alert(1)', 400],
      ['data:text/html,x', 400],
      ['file:///etc', 400],
      ['https://shop.example/callback', 302],
    ] as const) {
      const query = new URLSearchParams({ client_id: 'k', redirect_uri: redirectUri, response_type: 'code' });
      expect([redirectUri, (await get(`${simulator.url}/oauth/authorize?${query.toString()}`)).status]).toEqual([
        redirectUri,
        status,
      ]);
    }
  });
});
