import { Writable } from 'node:stream';
import { commerceSchema, Refusals } from '@biz/commerce';
import { merchantSchema } from '@biz/merchant';
import { merchants } from '@biz/merchants';
import { eventually, ManualClock, startTestApp, testDatabase, times } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { optionApp } from '../src/option.module';

/** What nobody may see again outside the shop. */
const PERSONAL = '01099998888-김철수';
const DAY_MS = 86_400_000;

const clock = new ManualClock(new Date());
let database: TestDatabase;
let app: TestApp;
let log = '';

beforeAll(async () => {
  database = await testDatabase(merchantSchema, commerceSchema);
  const logDestination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      log += chunk.toString();
      done();
    },
  });
  app = await startTestApp(optionApp(merchants), { database, clock, logDestination });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
beforeEach(() => database.query('DELETE FROM commerce.refusals'));

interface Page {
  items: {
    id: string;
    productId: string;
    relayId?: string;
    state: string;
    problems: { path: string; message: string }[];
  }[];
  nextCursor: string | null;
}
const listed = async (query = ''): Promise<Page> => {
  const response = await fetch(`${app.url}/operator/refusals${query}`, {
    headers: { authorization: 'Bearer dev-operator-token' },
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Page;
};
const select = (relayId: string, groups: object[] = []): Promise<Response> =>
  fetch(`${app.url}/option`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'X-Kakao-AppUserId': '4892761', 'X-Kakao-Plugin-Relay-Id': relayId },
    body: JSON.stringify({ id: 'mug', price: 1, quantity: 9, option_groups: groups }),
  });
const refused = (productId = 'mug') => ({
  merchantId: 'demo-shop',
  productId,
  problems: [{ path: 'price', message: '가격' }],
});

it('keeps every problem of a refused selection for log and operator, the told one first, and nothing the customer wrote', async () => {
  const response = await select('relay-refused', [
    { option_group_id: '색상', option_id: '검정', add_price: 7 },
    { option_group_id: '연락처', text: PERSONAL },
    { option_group_id: '각인 문구', text: PERSONAL, extra: PERSONAL },
    { option_group_id: PERSONAL, option_id: PERSONAL },
  ]);
  const { message } = (await response.json()) as { message: string };
  const { items } = await listed();
  expect(items).toMatchObject([
    {
      state: 'refused',
      productId: 'mug',
      relayId: 'relay-refused',
      problems: [{ path: 'price', message }, {}, {}, {}, {}, {}, {}],
    },
  ]);
  expect(items[0]?.problems.map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      'price',
      'quantity',
      'answers[0].addPrice',
      'answers[1].text',
      'answers[2].extra',
      'answers[3].groupId',
    ]),
  );
  await eventually(() => {
    expect(log).toContain('selection refused');
  });
  for (const { path } of items[0]?.problems ?? []) expect(log).toContain(path);
  expect(JSON.stringify(items) + log).not.toContain('99998888');
  expect(JSON.stringify(items) + log).not.toContain('김철수');
  expect(JSON.stringify(items)).not.toContain('4892761');
});

it('lists them newest first, by product, page by page, and only the merchant’s own', async () => {
  const refusals = app.get<Refusals>(Refusals);
  for (const productId of ['a', 'b', 'a', 'a']) await refusals.add(refused(productId));
  await refusals.add({ ...refused('a'), merchantId: 'other-shop' });
  const first = await listed('?product=a&limit=2');
  const second = await listed(`?product=a&limit=2&cursor=${first.nextCursor ?? ''}`);
  expect([first.items.length, second.items.length, second.nextCursor]).toEqual([2, 1, null]);
  const ids = [...first.items, ...second.items].map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted().reverse());
  expect((await listed('?product=b')).items).toHaveLength(1);
});

it('keeps a thousand of a merchant, however many come and how many at once', async () => {
  await database.query(
    `INSERT INTO commerce.refusals (id, merchant_id, product_id, problems, created_at)
     SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'demo-shop', 'old', '[]', $1 FROM generate_series(1, 1200) n`,
    [clock.now()],
  );
  const refusals = app.get<Refusals>(Refusals);
  await Promise.all(times(30, () => refusals.add(refused('new'))));
  await refusals.add(refused('new'));
  const count = async (product: string) =>
    (
      await database.query<{ n: number }>(`SELECT count(*)::int AS n FROM commerce.refusals WHERE product_id = $1`, [
        product,
      ])
    )[0]?.n;
  expect([await count('old'), await count('new')]).toEqual([969, 31]);
});

it('forgets them after thirty days', async () => {
  const refusals = app.get<Refusals>(Refusals);
  await refusals.add(refused());
  clock.advance(30 * DAY_MS + 1);
  expect((await listed()).items).toEqual([]);
  await refusals.add(refused('new'));
  expect(await database.query('SELECT product_id FROM commerce.refusals')).toEqual([{ product_id: 'new' }]);
});
