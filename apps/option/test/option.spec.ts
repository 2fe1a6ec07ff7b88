import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { choice, commerceSchema, Stock } from '@biz/commerce';
import { defineMerchant, merchantSchema } from '@biz/merchant';
import { merchants } from '@biz/merchants';
import { eventually, HttpStub, ManualClock, startTestApp, testDatabase, times } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { optionApp } from '../src/option.module';
import guideT1 from '../src/options/guide-t1-sample.json';
import guideT2 from '../src/selections/guide-t2-sample.json';

const otherShop = defineMerchant({
  id: 'other-shop',
  name: '다른샵',
  app: { id: '777', environment: 'test' },
  plugins: { option: { kind: 'commerce' } },
  catalogue: [
    { id: 'mug', name: '다른 머그', kind: 'commerce', price: 9_000, stock: 1, groups: [choice('색상', ['초록'])] },
  ],
});

const clock = new ManualClock();
let database: TestDatabase;
let shop: HttpStub;
let app: TestApp;

beforeAll(async () => {
  database = await testDatabase(merchantSchema, commerceSchema);
  shop = (await HttpStub.start()).on('POST /webhook', { status: 200 });
  const env = {
    DEMO_SHOP_WEBHOOK_URL: `${shop.url}/webhook`,
    OTHER_SHOP_WEBHOOK_URL: `${shop.url}/other`,
  };
  app = await startTestApp(optionApp([...merchants, otherShop]), { database, clock, env });
});
afterAll(async () => {
  await app.close();
  await shop.close();
  await database.drop();
});

interface Answer {
  status: number;
  data?: unknown;
  message?: string;
}
const call = async (path: string, init?: RequestInit): Promise<{ http: number; body: Answer; text: string }> => {
  const response = await fetch(`${app.url}${path}`, init);
  const text = await response.text();
  return { http: response.status, body: JSON.parse(text) as Answer, text };
};
const t2 = (body: unknown, headers: Record<string, string> = {}, path = '/option') =>
  call(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
const operator = (path: string, init: RequestInit = {}) =>
  call(`/operator${path}`, {
    ...init,
    headers: { authorization: 'Bearer dev-operator-token', 'content-type': 'application/json' },
  });
const draftsStored = async () => Number((await database.query('SELECT count(*) FROM commerce.drafts'))[0]?.count);

const MUG = {
  id: 'mug',
  name: '데모샵 머그',
  price: 12_000,
  quantity: 2,
  option_groups: [
    { option_group_id: '색상', option_id: '검정', add_price: 1_000, quantity: 2 },
    { option_group_id: '추가 상품', option_id: '축하 카드', add_price: 1_000, quantity: 1 },
    { option_group_id: '각인 문구', text: '생일 축하해' },
    { option_group_id: '연락처', text: '01012345678' },
    { option_group_id: '보증 기간(일)', text: '365' },
    { option_group_id: '배송 희망일', text: '20261224' },
  ],
};

describe('T1', () => {
  it("answers the guide's sample field for field, in its order, whichever of the two ids is asked for", async () => {
    const { http, text } = await call('/options?id=10013529');
    expect(http).toBe(200);
    expect(text).toBe(JSON.stringify(guideT1));
    expect((await call('/options?id=101:10013529')).text).toBe(text);
    expect((await call('/m/demo-shop/options?id=10013529')).text).toBe(text);
  });

  it('shows a non-commerce product with one question of each type', async () => {
    const { body } = await call('/options?id=survey');
    const { option_groups: groups } = body.data as { option_groups: { type: string }[] };
    expect(groups.map(({ type }) => type)).toEqual(['SELECT', 'MULTI_SELECT', 'TEXT', 'NUMBERS', 'INTEGER', 'DATE']);
    expect(body.data).not.toHaveProperty('price');
  });

  it('shows what is left: on hand less what is reserved', async () => {
    const colours = async () => {
      const { body } = await call('/options?id=mug');
      const { option_groups: groups } = body.data as {
        option_groups: { option_sub_groups?: { options: { stock?: number }[] }[] }[];
      };
      return groups.map((group) => group.option_sub_groups?.[0]?.options.map(({ stock }) => stock));
    };
    expect((await colours())[0]).toEqual([5, 5, 5]);
    const stock = app.get(Stock);
    await database.dataSource.transaction((manager) =>
      stock.reserve(manager, 'demo-shop', 'order-t1', [{ productId: 'mug', sku: 'mug', quantity: 2 }]),
    );
    expect((await colours())[0]).toEqual([3, 3, 3]);
    expect((await colours())[1]).toEqual([undefined, undefined]);
    await database.dataSource.transaction((manager) => stock.release(manager, 'demo-shop', 'order-t1'));
    expect((await colours())[0]).toEqual([5, 5, 5]);
  });

  it('is packed for those who ask for it, and for nobody else', async () => {
    const ask = async (acceptEncoding: string) => {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const headers = { 'accept-encoding': acceptEncoding };
        get(`${app.url}/options?id=10013529`, { headers }, resolve).on('error', reject);
      });
      const body = Buffer.concat((await answer.toArray()) as Buffer[]);
      expect(answer.headers).toMatchObject({
        vary: 'accept-encoding',
        'content-type': 'application/json; charset=utf-8',
      });
      const packed = answer.headers['content-encoding'] === 'gzip';
      expect((packed ? gunzipSync(body) : body).toString()).toBe(JSON.stringify(guideT1));
      return packed;
    };
    expect(await Promise.all(['gzip', 'br;q=1, GZIP;q=0.5', '*'].map(ask))).toEqual([true, true, true]);
    expect(await Promise.all(['', 'identity', 'br', 'gzip;q=0', '*;q=0'].map(ask))).toEqual(times(5, () => false));
  });

  it('tells an unknown product with the message of a business answer', async () => {
    expect(await call('/options?id=nothing')).toMatchObject({
      http: 200,
      body: { status: 500, message: '판매하지 않는 상품입니다.' },
    });
  });

  it.each(['/options', '/options?id=', '/options?id=a&id=b', '/options?id=%00'])('calls %s malformed', async (path) => {
    expect(await call(path)).toMatchObject({
      http: 400,
      body: { status: 400, message: expect.stringMatching(/[가-힣]/) as string },
    });
  });

  it('knows no other path key', async () => {
    expect(await call('/m/unknown/options?id=mug')).toMatchObject({ http: 404, body: { status: 404 } });
  });
});

describe('T2', () => {
  it("accepts the guide's sample", async () => {
    const { http, body } = await t2(guideT2);
    expect(http).toBe(200);
    expect(Object.keys(body)).toEqual(['status', 'data']);
    expect(await operator(`/drafts/${String(body.data)}`)).toMatchObject({
      http: 200,
      body: { productId: '10013529', total: 0, state: 'open', lines: [{ sku: 'S12:R23:추가옵션/A', quantity: 1 }] },
    });
  });

  it('prices, stores and delivers a selection to the shop', async () => {
    const { body } = await t2(MUG, { 'X-Kakao-AppUserId': '4892761', 'X-Kakao-Plugin-Relay-Id': 'relay-mug' });

    const draft = await operator(`/drafts/${String(body.data)}`);
    expect(draft.body).toMatchObject({
      merchant: 'demo-shop',
      state: 'open',
      total: 2 * 12_000 + 2 * 1_000 + 1_000,
      quantity: 2,
      useShipping: true,
      appUserId: '4892761',
      relayId: 'relay-mug',
      lines: [{ productId: 'mug', sku: 'mug', quantity: 2 }],
    });
    expect(draft.text).not.toContain('01012345678');

    const event = await eventually(() => {
      const found = shop.requests.find(({ body: sent }) => sent.includes(String(body.data)));
      if (found === undefined) throw new Error('not delivered yet');
      return found.json() as { type: string; data: Record<string, unknown> };
    });
    expect(event).toMatchObject({
      type: 'option.selected',
      data: {
        merchant: 'demo-shop',
        id: body.data,
        relayId: 'relay-mug',
        appUserId: '4892761',
        productId: 'mug',
        total: 27_000,
      },
    });
    expect(event.data.chosen).toContainEqual({
      groupId: '연락처',
      group: '연락처',
      kind: 'numbers',
      text: '01012345678',
    });
  });

  it('answers one id to twenty equal calls at once, and tells the shop once', async () => {
    const headers = { 'X-Kakao-AppUserId': '20', 'X-Kakao-Plugin-Relay-Id': 'relay-20' };
    const reordered = { ...MUG, option_groups: MUG.option_groups.toReversed() };

    const answers = await Promise.all(times(20, (at) => t2(at % 2 ? MUG : reordered, headers)));

    const ids = new Set(answers.map(({ body }) => body.data));
    expect(ids.size).toBe(1);
    const deliveries = await database.query('SELECT count(*)::int AS n FROM merchant.deliveries WHERE subject = $1', [
      [...ids][0],
    ]);
    expect(deliveries).toEqual([{ n: 1 }]);
    expect((await t2(MUG, { ...headers, 'X-Kakao-AppUserId': '21' })).body.data).not.toBe([...ids][0]);
  });

  it('takes the relay id from header, query or body, the header first', async () => {
    const relayOf = async (id: unknown) =>
      (await operator(`/drafts/${String(id)}`)).body as unknown as { relayId?: string };
    const inHeader = await t2({ ...MUG, relay_id: 'b' }, { 'X-Kakao-Plugin-Relay-Id': 'h' }, '/option?relay_id=q');
    const inQuery = await t2({ ...MUG, relay_id: 'b' }, {}, '/option?relay_id=q');
    const inBody = await t2({ ...MUG, relay_id: 'b' });
    expect((await relayOf(inHeader.body.data)).relayId).toBe('h');
    expect((await relayOf(inQuery.body.data)).relayId).toBe('q');
    expect((await relayOf(inBody.body.data)).relayId).toBe('b');
  });

  it('refuses with 500 and the first problem in Korean, and stores nothing', async () => {
    const before = await draftsStored();
    const changed = { ...MUG, price: 1, option_groups: MUG.option_groups.slice(1) };
    expect(await t2(changed, { 'X-Kakao-AppUserId': '1' })).toMatchObject({
      http: 200,
      body: { status: 500, message: '상품 가격이 변경되었습니다. 옵션을 다시 선택해 주세요.' },
    });
    expect(await t2({ ...MUG, id: 'nothing' })).toMatchObject({
      http: 200,
      body: { status: 500, message: '판매하지 않는 상품입니다.' },
    });
    expect(await draftsStored()).toBe(before);
  });

  it.each<[string, unknown]>([
    ['no id', { ...MUG, id: undefined }],
    ['a number as id', { ...MUG, id: 7 }],
    ['groups that are no list', { ...MUG, option_groups: {} }],
    ['a group that is no object', { ...MUG, option_groups: ['색상'] }],
    ['a quantity in words', { ...MUG, quantity: 'two' }],
    ['a half piece', { ...MUG, quantity: 1.5 }],
    ['a list', [MUG]],
    ['a text', 'mug'],
    ['null', null],
  ])('calls a body with %s malformed', async (_, body) => {
    expect(await t2(body)).toMatchObject({
      http: 400,
      body: { status: 400, message: expect.stringMatching(/[가-힣]/) as string },
    });
  });

  it('ignores unknown fields and reads null as absent', async () => {
    const odd = {
      ...MUG,
      new_field: { a: 1 },
      option_groups: MUG.option_groups.map((group) => ({ extra: null, new_field: 1, ...group })),
    };
    expect((await t2(odd)).body.status).toBe(200);
  });
});

it('keeps two merchants with the same product id apart', async () => {
  const theirs = {
    id: 'mug',
    price: 9_000,
    quantity: 1,
    option_groups: [{ option_group_id: '색상', option_id: '초록' }],
  };
  expect((await call('/m/other-shop/options?id=mug')).body.data).toMatchObject({ name: '다른 머그', price: 9_000 });
  expect((await call('/m/other-shop/options?id=10013529')).body.status).toBe(500);
  expect((await t2(theirs)).body.status).toBe(500);
  const { body } = await t2(theirs, {}, '/m/other-shop/option');
  expect((await operator(`/drafts/${String(body.data)}`)).body).toMatchObject({ merchant: 'other-shop', total: 9_000 });
});

it('starts a new draft once the old one has expired', async () => {
  const headers = { 'X-Kakao-AppUserId': '30' };
  const first = await t2(MUG, headers);
  clock.advance(1_799 * 10);
  expect((await t2(MUG, headers)).body.data).toBe(first.body.data);
  clock.advance(10);
  expect((await t2(MUG, headers)).body.data).not.toBe(first.body.data);
  expect((await operator(`/drafts/${String(first.body.data)}`)).body).toMatchObject({ state: 'expired' });
});

describe('the operator', () => {
  it('needs the token', async () => {
    expect(await call('/operator/products/mug')).toMatchObject({ http: 401, body: { status: 401 } });
    expect(await call('/operator/drafts/x')).toMatchObject({ http: 401 });
  });

  it('saves a product as it was read, and T1 shows the change at once', async () => {
    const read = await operator('/products/survey');
    const changed = { ...(read.body as object), name: '새 설문' };
    expect(await operator('/products/survey', { method: 'PUT', body: JSON.stringify(changed) })).toMatchObject({
      http: 200,
      body: { id: 'survey', name: '새 설문', merchant: 'demo-shop', levels: [] },
    });
    expect((await call('/options?id=survey')).body.data).toMatchObject({ name: '새 설문' });
  });

  it('creates a product, counts its stock, and leaves counts alone when asked', async () => {
    const tea = {
      name: '차',
      kind: 'commerce',
      price: 5_000,
      groups: [
        {
          id: '맛',
          name: '맛',
          kind: 'choice',
          subGroups: [{ id: '맛', options: [{ id: '녹차', value: '녹차', stock: 7 }] }],
        },
      ],
    };
    const put = (body: unknown, query = '') =>
      operator(`/products/tea${query}`, { method: 'PUT', body: JSON.stringify(body) });
    expect((await put(tea)).body).toMatchObject({ levels: [{ sku: '맛/녹차', onHand: 7, reserved: 0, available: 7 }] });
    const more = JSON.parse(JSON.stringify(tea).replace('"stock":7', '"stock":9')) as unknown;
    expect((await put(more, '?stock=keep')).body).toMatchObject({ levels: [{ onHand: 7 }] });
    expect((await put(more)).body).toMatchObject({ levels: [{ onHand: 9 }] });

    const stock = app.get(Stock);
    await database.dataSource.transaction((manager) =>
      stock.reserve(manager, 'demo-shop', 'order-tea', [{ productId: 'tea', sku: '맛/녹차', quantity: 8 }]),
    );
    expect(await put(tea)).toMatchObject({ http: 400, body: { problems: [{ path: 'stock of 맛/녹차' }] } });
    expect((await operator('/products/tea')).body).toMatchObject({
      levels: [{ onHand: 9, reserved: 8, available: 1 }],
    });
  });

  it('is told every problem of a product at once, and nothing is saved', async () => {
    const broken = { name: 7, kind: 'gift', groups: [{ id: 'a', name: 'a', kind: 'numbers' }] };
    const { http, body } = await operator('/products/broken', { method: 'PUT', body: JSON.stringify(broken) });
    expect(http).toBe(400);
    expect((body as unknown as { problems: { path: string }[] }).problems.map(({ path }) => path)).toEqual([
      'name',
      'kind',
      'groups[0].minLength',
      'groups[0].maxLength',
    ]);
    expect(await operator('/products/broken')).toMatchObject({ http: 404 });
  });

  it.each(['null', '[]', ''])('is told that %j is no product', async (body) => {
    expect(await operator('/products/none', { method: 'PUT', body })).toMatchObject({ http: 400 });
  });

  it('is told of characters that cannot be kept', async () => {
    const body = JSON.stringify({ name: 'a\0b', kind: 'commerce', groups: [] });
    expect(await operator('/products/nul', { method: 'PUT', body })).toMatchObject({
      http: 400,
      body: { problems: [{ path: 'name' }] },
    });
  });

  it('cannot give a product an id that names another', async () => {
    const mug = (await operator('/products/mug')).body as object;
    const put = (id: string, changes: object) =>
      operator(`/products/${id}`, { method: 'PUT', body: JSON.stringify({ ...mug, id, ...changes }) });
    expect(await put('101:10013529', {})).toMatchObject({
      http: 400,
      body: { problems: [{ path: 'id', message: 'is taken by product 10013529' }] },
    });
    expect(await put('new', { kakaoId: 'survey' })).toMatchObject({
      http: 400,
      body: { problems: [{ path: 'kakaoId' }] },
    });
    expect(await put('mug', { id: 'cup' })).toMatchObject({ http: 400 });
  });

  it('finds no merchant, product or draft that is not there', async () => {
    expect(await operator('/products/mug?merchant=nobody')).toMatchObject({ http: 404 });
    expect(await operator('/products/mug?merchant=other-shop')).toMatchObject({
      http: 200,
      body: { name: '다른 머그' },
    });
    expect(await operator('/drafts/none')).toMatchObject({ http: 404 });
    expect(await operator('/products/%00')).toMatchObject({ http: 404 });
    expect(await operator('/drafts/%00')).toMatchObject({ http: 404 });
  });
});

it('keeps what an operator changed when it starts again', async () => {
  const again = await startTestApp(optionApp([...merchants, otherShop]), { database, clock });
  const response = await fetch(`${again.url}/options?id=survey`);
  expect(((await response.json()) as { data: { name: string } }).data.name).toBe('새 설문');
  await again.close();
});
