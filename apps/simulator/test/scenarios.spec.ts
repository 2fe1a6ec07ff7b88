import { type HttpStub, startTestApp, type TestApp } from '@biz/testing';
import type { ScenarioShown } from '../src/scenarios/scenario-shown.dto';
import { simulatorApp } from '../src/simulator.module';
import { fakeMerchant, PRODUCT, SHEET } from './fake-merchant';
import { get, post } from './http';

let simulator: TestApp;
let merchant: HttpStub;

beforeAll(async () => {
  simulator = await startTestApp(simulatorApp());
});
afterAll(() => simulator.close());
beforeEach(async () => {
  await post(`${simulator.url}/reset`);
  merchant = await fakeMerchant(() => simulator.url);
});
afterEach(() => merchant.close());

const run = async (kind: string, options: object = {}): Promise<ScenarioShown> => {
  const answer = await post(`${simulator.url}/scenarios/${kind}`, { target: merchant.url, ...options });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json as unknown as ScenarioShown;
};
const rules = ({ verdict }: ScenarioShown): string[] => (verdict?.violations ?? []).map(({ rule }) => rule);
const calls = ({ timeline }: ScenarioShown): string[] => timeline.map(({ from, to, what }) => `${from}→${to} ${what}`);
const sync = { paths: { redirect: '/redirect' } };

describe('with a merchant that reads the guide well', () => {
  it.each([
    ['profile', {}, 'delivered'],
    ['profile', { shape: 'big-ids', faults: ['otp-5xx:2', 'callback-twice'] }, 'delivered'],
    ['location', {}, 'delivered'],
    ['location', { shape: 'unavailable' }, 'unavailable'],
    ['image', { count: 2, bytes: 50_000, faults: ['image-cut'] }, 'delivered'],
    ['option', { productId: 'p1', faults: ['t2-twice'] }, 'chosen'],
    ['payment', { orderSheetId: 'a' }, 'paid'],
    ['payment', { orderSheetId: 'b', faults: ['approve-drop-after', 't3-twice'] }, 'paid'],
    ['payment', { orderSheetId: 'c', faults: ['approve-refused'] }, 'failed'],
    ['payment', { orderSheetId: 'd', faults: ['user-quits'] }, 'cancelled'],
    ['payment', { orderSheetId: 'e', faults: ['user-fails'] }, 'failed'],
    ['payment', { orderSheetId: 'f', faults: ['no-user'] }, 'refused-400'],
    ['payment', { orderSheetId: 'g', faults: ['tid-expired'] }, 'failed'],
    ['payment', { orderSheetId: 'h', faults: ['t3-lost'], timeoutSeconds: 3 }, 'waiting'],
    ['sync', { ...sync, steps: ['join', 'events', 'unlink'] }, 'unlinked'],
    ['sync', { ...sync, faults: ['user-denies'] }, 'denied'],
    ['chain', { ...sync, productId: 'p1' }, 'paid'],
  ])('%s %j ends as %s without a violation', async (kind, options, outcome) => {
    const scenario = await run(kind, options);
    expect({ rules: scenario.verdict?.violations, outcome: scenario.verdict?.outcome }).toEqual({ rules: [], outcome });
  });

  it('tells the whole story of a payment in its timeline', async () => {
    const scenario = await run('payment', { orderSheetId: 'a' });
    expect(calls(scenario).filter((line) => !line.includes('T4'))).toEqual([
      'plugin→merchant T1 주문생성 (ordersheet)',
      'plugin→kakaopay 결제 준비 (ready)',
      'plugin→merchant T2 결제번호저장 (approve)',
      'user→kakaopay 결제 인증 (authenticates)',
      expect.stringMatching(/결제 승인|T3/),
      expect.stringMatching(/결제 승인|T3/),
      'merchant→kakaopay 주문 조회 (order)',
    ]);
    expect(scenario.facts).toMatchObject({ orderStatus: 'S', charged: 13_500, kept: 13_500, approvalUrl: 'wrapped' });
    const shown = await get(`${simulator.url}/scenarios/${scenario.id}`);
    expect(shown.json).toEqual(scenario);
  });

  it('chooses what is in stock and writes what each type of answer wants', async () => {
    await run('option', { productId: 'p1', quantity: 2 });
    const t2 = merchant.requests.find(({ path }) => path === '/option');
    expect(t2?.json()).toEqual({
      id: 'p1',
      name: '머그',
      price: 1000,
      quantity: 2,
      option_groups: [
        { option_group_id: '색상', option_id: 'B', add_price: 500, extra: 'sku-7' },
        { option_group_id: '문구', text: '테스트' },
        { option_group_id: '전화', text: '0101234567' },
      ],
    });
  });

  it('carries the relay id as the guide says: a header for callbacks, a field for payments', async () => {
    await run('profile', { relayId: 'relay-1', plugin: 'delivery' });
    expect(merchant.requests[0]).toMatchObject({
      path: '/callback/delivery',
      headers: { 'x-kakao-plugin-relay-id': 'relay-1' },
    });
    await run('payment', { orderSheetId: 'a', relayId: 'relay-2' });
    const t1 = merchant.requests.find(({ path }) => path === '/ordersheet');
    expect(t1?.query.get('relay_id')).toBe('relay-2');
    expect(t1?.headers).not.toHaveProperty('x-kakao-plugin-relay-id');
  });

  it('runs below a path key and shows a running scenario at once when asked', async () => {
    const answer = await post(`${simulator.url}/scenarios/profile`, {
      target: merchant.url,
      pathKey: 'acme-9f2c',
      wait: false,
      expect: 'refused-404',
    });
    expect([answer.status, answer.json.state]).toEqual([202, 'running']);
    expect((await get(`${simulator.url}/scenarios`)).json.items).toMatchObject([{ id: answer.json.id }]);
  });

  it('refuses a fault that the scenario does not know', async () => {
    const answer = await post(`${simulator.url}/scenarios/profile`, { faults: ['approve-5xx'] });
    expect(answer.status).toBe(400);
  });
});

describe('a violation is reported', () => {
  const sheet = (changes: object): void => {
    merchant.on('GET /ordersheet', {
      json: {
        status: 200,
        data: { ...SHEET, partner_order_id: 'x', approval_url: `${merchant.url}/done`, ...changes },
      },
    });
  };

  it('when T1 sends integers as strings and leaves out use_shipping, as the guide’s sample does', async () => {
    sheet({ quantity: '1', total_amount: '13500', use_shipping: undefined });
    const { verdict } = await run('payment');
    const messages = verdict?.violations.map(({ rule, message }) => `${rule}: ${message}`);
    expect(messages).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^type: data.quantity must be an Integer, found "1"/),
        expect.stringMatching(/^type: data.total_amount must be an Integer/),
        expect.stringMatching(/^required: data.use_shipping is missing/),
      ]),
    );
  });

  const planned = (...charges: [month: number, amount: number][]): object => ({
    ...{ message: 'm', billing_cycle: '월', currency: '원' },
    details: charges.map(([month, amount]) => ({ year: 2099, month, day: 1, amount })),
  });
  it.each([
    ['length', { item_name: 'x'.repeat(101) }],
    ['length', { approval_url: `https://shop.example/${'x'.repeat(250)}` }],
    ['form', { cid: 'SHORT' }],
    ['form', { item_name: '머그'.normalize('NFD') }],
    ['form', { item_name: '머그\n컵' }],
    ['form', { item_name: ' \u200B' }],
    ['form', { product_urls: ['javascript:alert(1)'] }],
    ['form', { order_agreements: [{ company: '가게', title: '동의', url: 'http://shop.example/' }] }],
    ['amounts', { automatic_payment: planned([11, 1]) }],
    ['form', { automatic_payment: planned([11, 13_500], [11, 5_000]) }],
    ['form', { automatic_payment: planned([11, 13_500], [10, 5_000]) }],
    ['form', { cid_secret: 'UPPERCASE' }],
    ['null', { vat_amount: null }],
    ['amounts', { tax_free_amount: 13_501 }],
    ['required', { automatic_payment: { message: 'm', billing_cycle: '월', currency: '원', details: [] } }],
    ['required', { automatic_payment: {}, order_agreements: undefined }],
  ])('as %s when T1 answers %j', async (rule, changes) => {
    sheet(changes);
    expect(rules(await run('payment', { timeoutSeconds: 1 }))).toContain(rule);
  });

  it('when the envelope is missing, is no JSON, or hides behind an HTTP status', async () => {
    merchant.on('GET /ordersheet', { json: SHEET });
    expect(rules(await run('payment'))).toEqual(['envelope', 'end']);
    merchant.on('GET /ordersheet', { text: '<html>' });
    expect(rules(await run('payment'))).toEqual(['envelope', 'end']);
    merchant.on('GET /ordersheet', { status: 404, json: { status: 300, message: '없는 주문' } });
    expect(rules(await run('payment'))).toEqual(['http-status', 'end']);
    merchant.on('GET /ordersheet', { json: { status: 999 } });
    expect(rules(await run('payment', { expect: 'refused-999' }))).toEqual(['status-code']);
  });

  it('when T4 says S although nothing was charged, or keeps the money of a failed order', async () => {
    merchant.on('GET /order/status', { json: { status: 200, data: { order_status: 'S' } } });
    merchant.on('GET /done', { json: { status: 200 } });
    expect(rules(await run('payment', { orderSheetId: 'a' }))).toEqual(['s-without-money']);
  });

  it('when an F has no message or T4 says something else', async () => {
    merchant.on('GET /order/status', { json: { status: 200, data: { order_status: 'F' } } });
    expect(rules(await run('payment', { expect: 'failed', faults: ['t3-lost'] }))).toEqual(['required']);
    merchant.on('GET /order/status', { json: { status: 200, data: { order_status: 'DONE' } } });
    expect(rules(await run('payment'))).toEqual(expect.arrayContaining(['form', 'no-status', 'end']));
  });

  it('when an OTP URL is not redeemed and a picture not downloaded', async () => {
    merchant.on('POST /callback', { json: { status: 200 } });
    expect(rules(await run('profile', { timeoutSeconds: 1 }))).toEqual(['not-redeemed', 'end']);
  });

  it('when a callback is slow, and worse when it is very slow or nobody answers', async () => {
    merchant.on('POST /callback', { json: { status: 200 }, delayMs: 1_100 });
    const slow = await run('profile', { timeoutSeconds: 2, expect: 'not-redeemed' });
    expect(slow.verdict?.warnings.map(({ rule }) => rule)).toEqual(['slow']);
    merchant.on('POST /callback', { dropBefore: true });
    expect(rules(await run('profile', { timeoutSeconds: 1 }))).toEqual(['no-answer', 'end']);
  });

  it('when the user is not sent back to continue', async () => {
    merchant.on('GET /redirect', { status: 302, headers: { location: 'https://evil.example/' } });
    expect(rules(await run('sync', sync))).toEqual(['redirect', 'no-token', 'end']);
  });

  it.each([
    ['unique', [{ ...PRODUCT.option_groups[0] }, { ...PRODUCT.option_groups[0] }]],
    ['required', [{ id: 'n', name: 'n', type: 'NUMBERS' }]],
    ['forbidden', [{ id: 't', name: 't', type: 'TEXT', option_sub_groups: [] }]],
    ['form', [{ id: 't', name: 't', type: 'RADIO' }]],
    [
      'reference',
      [
        {
          id: 'a',
          name: 'a',
          type: 'SELECT',
          option_sub_groups: [
            {
              id: 'a',
              options: [{ id: '1', value: '1', relate_option_groups: [{ group_id: 'b', sub_group_id: 'x' }] }],
            },
          ],
        },
      ],
    ],
  ])('as %s when the options of T1 do not fit', async (rule, groups) => {
    merchant.on('GET /options', { json: { status: 200, data: { id: 'p', name: 'p', option_groups: groups } } });
    expect(rules(await run('option'))).toContain(rule);
  });
});
