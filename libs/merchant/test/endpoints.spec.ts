import { writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  defineMerchant,
  Fulfilment,
  MemberDirectory,
  Merchants,
  MerchantsModule,
  merchantSchema,
  OrderPolicy,
  OrderSheetSource,
} from '@biz/merchant';
import type { Merchant } from '@biz/merchant';
import { ConfigError } from '@biz/platform';
import type { AppDefinition } from '@biz/platform';
import { HttpStub, ManualClock, startTestApp, testDatabase } from '@biz/testing';
import type { StubAnswer, TestApp, TestDatabase } from '@biz/testing';
import { Module } from '@nestjs/common';
import { encode } from 'iconv-lite';
import { Webhook } from 'standardwebhooks';

@Module({})
class ShopModule {}

const SECRET = `whsec_${Buffer.from('the only secret of the shop').toString('base64')}`;
const SHEET = { lines: [{ name: '공책', quantity: 1 }], totalAmount: 7_000, needsShipping: false };
const BUYER = { appUserId: '42', zipCode: '13494' };

const appOf = (definitions: Parameters<typeof MerchantsModule.for>[0]): AppDefinition => ({
  name: 'payment',
  title: '',
  description: '',
  schemas: [merchantSchema],
  module: { module: ShopModule, imports: [MerchantsModule.for(definitions)] },
});

describe('a merchant that answers by HTTP', () => {
  const clock = new ManualClock();
  let database: TestDatabase;
  let shop: HttpStub;
  let running: TestApp;
  let merchant: Merchant;

  beforeAll(async () => {
    [database, shop] = await Promise.all([testDatabase(merchantSchema), HttpStub.start()]);
    const { url } = shop;
    const far = defineMerchant({
      id: 'far-shop',
      name: '먼 가게',
      app: { id: '1', environment: 'test' },
      plugins: {},
      endpoints: {
        orderSheets: `${url}/sheets`,
        orderPolicy: `${url}/policy`,
        fulfilment: `${url}/fulfil`,
        members: `${url}/members`,
      },
    });
    running = await startTestApp(appOf([far]), { database, clock, env: { FAR_SHOP_WEBHOOK_SECRET: SECRET } });
    merchant = running.get(Merchants).get('far-shop');
  });
  afterAll(async () => {
    await running.close();
    await shop.close();
    await database.drop();
  });
  beforeEach(() => {
    shop.requests.length = 0;
    clock.set(new Date());
  });

  const sheets = (): OrderSheetSource => running.get(Merchants).port(merchant, OrderSheetSource)!;
  const answer = (given: StubAnswer): void => void shop.on('POST /sheets', given);

  it('says which of its members a customer is, each time anew', async () => {
    const directory = running.get(Merchants).port(merchant, MemberDirectory)!;
    const match = (given: StubAnswer): Promise<unknown> => {
      shop.on('POST /members', given);
      return directory.match({ appUserId: '42', ci: 'CI==' });
    };
    const headers = { 'cache-control': 'max-age=60' };
    expect(await match({ json: { memberId: 'm-1' }, headers })).toEqual({ memberId: 'm-1' });
    expect(await match({ json: { userMatchUrl: 'https://shop.example/' } })).toEqual({
      userMatchUrl: 'https://shop.example/',
    });
    expect(await match({ status: 404 })).toBeUndefined();
    for (const odd of [{ status: 500 }, { text: 'yes' }]) {
      await expect(match(odd)).rejects.toThrow('member.match: the shop answered');
    }
    for (const [odd, told] of [
      [{}, 'memberId is missing, and userMatchUrl'],
      [{ memberId: 7 }, 'memberId must be a text of 1 to 200 characters'],
      [{ memberId: 'm-1', other: null }, 'other is no field here'],
      [{ memberId: null }, 'memberId must not be null: leave it out'],
      [{ userMatchUrl: 'no address' }, 'userMatchUrl must be an address'],
      [{ memberId: 'm-1', userMatchUrl: 'https://shop.example/' }, 'userMatchUrl is not for a known member'],
    ] as const) {
      await expect(match({ json: odd })).rejects.toThrow(
        `merchant far-shop: endpoints.members answered what cannot be used: ${told}`,
      );
    }
    expect(shop.requests).toHaveLength(11);
    expect(shop.requests[0]!.json() as { type: string; data: object }).toMatchObject({
      type: 'member.match',
      data: { merchant: 'far-shop', customer: { appUserId: '42', ci: 'CI==' } },
    });
  });

  it('is asked by a POST that it can check like a delivery', async () => {
    answer({ json: SHEET });
    expect(await sheets().load('sheet-1', BUYER)).toEqual(SHEET);
    const [request] = shop.requests;
    const verified = new Webhook(SECRET).verify(request!.body, request!.headers as Record<string, string>);
    expect(verified).toEqual({
      type: 'order-sheet.load',
      timestamp: clock.now().toISOString(),
      data: { merchant: 'far-shop', orderSheetId: 'sheet-1', buyer: BUYER },
    });
  });

  it('may say for how long its answer holds, for that buyer and that sheet', async () => {
    answer({ json: SHEET, headers: { 'cache-control': 'private, max-age=30' } });
    for (let call = 0; call < 3; call++) await sheets().load('kept', BUYER);
    expect(shop.requests).toHaveLength(1);
    await sheets().load('kept', { ...BUYER, zipCode: '63000' });
    await sheets().load('kept', { ...BUYER, appUserId: '43' });
    expect(shop.requests).toHaveLength(3);
    clock.advance(31_000);
    await sheets().load('kept', BUYER);
    expect(shop.requests).toHaveLength(4);
  });

  it.each(['no-store', 'no-cache, max-age=60', 'max-age=0', ''])(
    'is asked each time when it says %j',
    async (header) => {
      answer({ json: SHEET, headers: { 'cache-control': header } });
      for (let call = 0; call < 2; call++) await sheets().load(`fresh-${header}`, BUYER);
      expect(shop.requests).toHaveLength(2);
    },
  );

  it('knows no such sheet: 404', async () => {
    answer({ status: 404, json: {} });
    expect(await sheets().load('none', BUYER)).toBeUndefined();
  });

  it.each<[string, object, string]>([
    ['null', { itemCode: null }, 'itemCode must not be null: leave it out'],
    ['an unknown field', { secret: 'x' }, 'secret is no field here'],
    [
      'both in a line',
      { lines: [{ ...SHEET.lines[0], cost: 1, sku: null }] },
      'lines[0].sku must not be null: leave it out; lines[0].cost is no field here',
    ],
    ['no goods', { lines: [null] }, 'lines[0] must be an object'],
    ['half an emoji', { lines: [{ name: '\uD83D', quantity: 1 }] }, 'lines[0].name must be a text'],
    ['a text for an amount', { totalAmount: '7000' }, 'totalAmount must be a whole number'],
    ['a word for repeatable', { repeatable: 'yes' }, 'repeatable must be true or false'],
  ])('is told what is wrong with a sheet: %s', async (_what, wrong, told) => {
    answer({ json: { ...SHEET, ...wrong } });
    await expect(sheets().load('wrong', BUYER)).rejects.toThrow(
      `merchant far-shop: endpoints.orderSheets answered what cannot be used: ${told}`,
    );
  });

  it('writes with a byte order mark, or in the charset that it names', async () => {
    const bytes = (text: string): Buffer => encode(text, 'cp949');
    answer({ text: `\uFEFF${JSON.stringify(SHEET)}` });
    expect(await sheets().load('marked', BUYER)).toEqual(SHEET);
    const line = { ...SHEET.lines[0], name: '똠얌' };
    const sheet = { ...SHEET, lines: [line] };
    answer({ body: bytes(JSON.stringify(sheet)), headers: { 'content-type': 'application/json; charset=EUC-KR' } });
    expect(await sheets().load('korean', BUYER)).toEqual(sheet);
    answer({ body: bytes(JSON.stringify(sheet)) });
    await expect(sheets().load('unsaid', BUYER)).rejects.toThrow('no JSON');
  });

  it('may say that its sheet is repeatable', async () => {
    answer({ json: { ...SHEET, repeatable: true } });
    expect(await sheets().load('menu', BUYER)).toEqual({ ...SHEET, repeatable: true });
  });

  it.each<[string, StubAnswer]>([
    ['500', { status: 500, json: SHEET }],
    ['a redirect', { status: 302, headers: { location: 'http://169.254.169.254/' } }],
    ['no JSON', { text: '<html>' }],
    ['a list', { json: [SHEET] }],
    ['nothing', { text: '' }],
    ['more than 64 KiB', { json: { ...SHEET, note: 'x'.repeat(65_536) } }],
    ['half of an answer', { json: SHEET, dropAfter: true }],
    ['a dropped line', { dropBefore: true }],
    ['a compressed answer', { json: SHEET, headers: { 'content-encoding': 'gzip' } }],
  ])('is an error when it answers %s', async (_what, given) => {
    answer(given);
    await expect(sheets().load('wrong', BUYER)).rejects.toThrow('order-sheet.load: ');
  });

  it('decides who may order', async () => {
    const policy = running.get(Merchants).port(merchant, OrderPolicy)!;
    shop.on('POST /policy', { json: { permission: 'closed' } });
    expect(await policy.check(BUYER)).toBe('closed');
    // A shop that sets goods aside hears of each order, whatever it lets the platform keep.
    const headers = { 'cache-control': 'max-age=60' };
    shop.on('POST /policy', { json: { permission: 'sold-out' }, headers });
    const order = { partnerOrderId: 'order-1', orderSheetId: 'sheet-1', lines: SHEET.lines, totalAmount: 7_000 };
    const before = shop.requests.length;
    for (let times = 0; times < 2; times++) expect(await policy.check(BUYER, order)).toBe('sold-out');
    const asked = shop.requests.slice(before).map((request) => request.json());
    expect(asked).toMatchObject([{ type: 'order-policy.check', data: { order } }, { data: { buyer: BUYER, order } }]);
    for (const [odd, told] of [
      [{ permission: 'perhaps' }, 'permission must be one of allowed, closed, restricted, sold-out'],
      [{}, 'permission must be one of allowed, closed, restricted, sold-out'],
      [{ permission: null }, 'permission must not be null: leave it out'],
      [{ permission: 'allowed', until: '22:00' }, 'until is no field here'],
    ] as const) {
      shop.on('POST /policy', { json: odd });
      await expect(policy.check(BUYER)).rejects.toThrow(
        `merchant far-shop: endpoints.orderPolicy answered what cannot be used: ${told}`,
      );
    }
  });

  it('does its order work under one id, however often it is asked', async () => {
    const fulfilment = running.get(Merchants).port(merchant, Fulfilment)!;
    const order = {
      partnerOrderId: '01936000-0000-7000-8000-000000000001',
      orderSheetId: 'sheet-1',
      appUserId: '42',
      lines: SHEET.lines,
      totalAmount: 7_000,
      approvedAt: clock.now(),
    };
    shop.on('POST /fulfil', { status: 503 });
    await expect(fulfilment.fulfil(order)).rejects.toThrow('503');
    shop.on('POST /fulfil', { status: 204 });
    expect(await fulfilment.fulfil(order)).toBeUndefined();
    shop.on('POST /fulfil', { json: { refused: '품절' } });
    expect(await fulfilment.fulfil(order)).toEqual({ refused: '품절' });
    shop.on('POST /fulfil', { json: { refused: `${'품절'.normalize('NFD')}\r\n${'가'.repeat(300)}` } });
    expect(await fulfilment.fulfil(order)).toEqual({ refused: `품절 ${'가'.repeat(300)}` });
    for (const [odd, told] of [
      [{ refuse: '품절' }, 'refuse is no field here'],
      [{ refused: null }, 'refused must not be null: leave it out'],
      [{ refused: ' \u200B' }, 'refused must be a text'],
      [{ refused: true }, 'refused must be a text'],
    ] as const) {
      shop.on('POST /fulfil', { json: odd });
      await expect(fulfilment.fulfil(order)).rejects.toThrow(
        `merchant far-shop: endpoints.fulfilment answered what cannot be used: ${told}`,
      );
    }
    expect(new Set(shop.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });
});

describe('MERCHANTS_FILE', () => {
  const start = async (content: unknown, env = {}): Promise<string[]> => {
    const path = join(mkdtempSync(join(tmpdir(), 'merchants-')), 'merchants.json');
    writeFileSync(path, typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content));
    const database = await testDatabase(merchantSchema);
    try {
      const app = await startTestApp(appOf([]), { database, env: { MERCHANTS_FILE: path, ...env } });
      const ids = app.get(Merchants).all.map(({ id }) => id);
      await app.close();
      return ids;
    } catch (error) {
      if (error instanceof ConfigError || (error as Error).name === 'ConfigError')
        return [...(error as ConfigError).problems];
      throw error;
    } finally {
      await database.drop();
    }
  };
  const acme = { id: 'acme', name: 'Acme', app: { id: '7', environment: 'test' }, plugins: {} };

  it('makes merchants of definitions', async () => {
    const plugins = { option: { kind: 'non-commerce', retainDays: 7 } };
    expect(await start(`\uFEFF${JSON.stringify([acme, { ...acme, id: 'zeta', plugins }])}`)).toEqual(['acme', 'zeta']);
    const several = {
      location: { name: '매장 찾기', detailAddress: false },
      image: [{ key: 'id', name: '신분증', items: '신분증 사진', notice: '심사필 1호' }],
      option: { kind: 'commerce' },
      payment: { api: 'open', subscriptionAgreement: { agreedOn: '2026-11-02', opensOn: '2026-11-30' } },
      sync: {},
    };
    const registrations = [
      { key: 'shop', scenario: 4, title: '옵션+결제', option: 'commerce', payment: 'single' },
      { key: 'club', scenario: 3, title: '정기', payment: 'subscription', relayId: 'required' },
    ];
    expect(await start([{ ...acme, plugins: several, registrations }])).toEqual(['acme']);
  });

  it('tells everything that is wrong at once, typing errors too', async () => {
    const problems = await start([
      {
        ...acme,
        app: { id: 7, environment: 'prod' },
        plugins: { payment: { api: 'new' }, sync: { keeptokens: true } },
      },
      { id: 'zeta', plugins: { profile: [{ key: 'a', scopes: ['ssn'] }] } },
      {
        ...acme,
        plugins: { location: { detailAddress: 'ON' } },
        registrations: [{ key: 'a', scenario: 9, titel: 'x' }],
      },
    ]);
    for (const expected of [
      'MERCHANTS_FILE: merchants[0].app.id: id must be a string',
      'merchants[0].app.environment: environment must be one of',
      'merchants[0].plugins.payment.api: api must be one of',
      'merchants[0].plugins.sync.keeptokens: it should not exist',
      'merchants[1].name: ',
      'merchants[1].app: ',
      'merchants[2].plugins.location.detailAddress: detailAddress must be a boolean',
      'merchants[2].registrations[0].scenario: scenario must be one of',
      'merchants[2].registrations[0].titel: it should not exist',
      'merchants[1].plugins.profile[0].scopes: each value in scopes must be one of',
    ]) {
      expect(problems.join('\n')).toContain(expected);
    }
  });

  it('names each null: it may be a sum that was none, or a setting that somebody meant to make', async () => {
    const plugins = { payment: { api: 'legacy', cid: null }, profile: [{ key: 'a', scopes: [null] }, null] };
    const told = await start([{ ...acme, title: null, plugins }, null]);
    expect(told.filter((line) => line.startsWith('MERCHANTS_FILE')).toSorted()).toEqual([
      'MERCHANTS_FILE: merchants[0].plugins.payment.cid: cid must not be null: leave it out',
      'MERCHANTS_FILE: merchants[0].plugins.profile[0].scopes[0]: 0 must not be null: leave it out',
      'MERCHANTS_FILE: merchants[0].plugins.profile[1]: 1 must not be null: leave it out',
      'MERCHANTS_FILE: merchants[0].title: title must not be null: leave it out',
      'MERCHANTS_FILE: merchants[1]: 1 must not be null: leave it out',
    ]);
  });

  it('refuses a name and a title that cannot be read as one line', async () => {
    const names = [
      { name: ' \u200B', title: 'a\nb' },
      { name: '가게'.normalize('NFD'), title: '가게\u202E' },
    ];
    for (const each of names) {
      expect(await start([{ ...acme, ...each }])).toEqual([
        'merchant acme: name must be one visible line',
        'merchant acme: title must be one visible line',
      ]);
    }
  });

  it.each<[string, unknown, object, string]>([
    ['no JSON', '[{', {}, 'a file that is no JSON'],
    ['no text', Buffer.from([0x5b, 0xc8, 0xab, 0xff, 0x5d]), {}, 'a file that is no JSON'],
    ['no list', acme, {}, 'must be a JSON list'],
    ['a broken limit of the guide', [{ ...acme, app: { id: 'x', environment: 'test' } }], {}, 'must be digits'],
    [
      'an endpoint by http to somebody else',
      [{ ...acme, endpoints: { orderSheets: 'http://shop.example/x' } }],
      {},
      'merchant acme: endpoints.orderSheets: found http:; it must be https',
    ],
    [
      'an endpoint with a password',
      [{ ...acme, endpoints: { orderPolicy: 'https://a:b@shop.example' } }],
      {},
      'endpoints.orderPolicy: found user info',
    ],
  ])('with %s stops the start', async (_what, content, env, problem) => {
    expect((await start(content, env)).join('\n')).toContain(problem);
  });

  it('that cannot be read stops the start', async () => {
    expect((await start([], { MERCHANTS_FILE: '/nowhere/merchants.json' })).join('\n')).toContain(
      'MERCHANTS_FILE: found "/nowhere/merchants.json"; it must be a readable JSON file',
    );
  });
});
