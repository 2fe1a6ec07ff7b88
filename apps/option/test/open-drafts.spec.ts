import { choice, commerceSchema } from '@biz/commerce';
import { defineMerchant, merchantSchema } from '@biz/merchant';
import { listenToStatements, ManualClock, startTestApp, stillStatistics, testDatabase, times } from '@biz/testing';
import type { Statement, TestApp, TestDatabase } from '@biz/testing';
import { optionApp } from '../src/option.module';

const shopOf = (id: string, appId: string) =>
  defineMerchant({
    id,
    name: id,
    app: { id: appId, environment: 'test' },
    plugins: { option: { kind: 'commerce' } },
    catalogue: [
      { id: 'mug', name: '머그', kind: 'commerce', price: 9_000, stock: 1, groups: [choice('색상', ['초록'])] },
    ],
  });

describe('what may be open at a time', () => {
  const MUG = {
    id: 'mug',
    price: 9_000,
    quantity: 1,
    option_groups: [{ option_group_id: '색상', option_id: '초록', add_price: 0, quantity: 1 }],
  };
  const clock = new ManualClock();
  let database: TestDatabase;
  let app: TestApp;

  beforeAll(async () => {
    database = await testDatabase(merchantSchema, commerceSchema);
    const merchants = [shopOf('tea-shop', '1'), shopOf('cup-shop', '2')];
    app = await startTestApp(optionApp(merchants), { database, clock, env: { OPEN_LIMIT_MERCHANT: '1000' } });
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  /** Each relay id makes another draft. */
  const choose = async (user: string | undefined, relay: string, shop = 'tea-shop') => {
    const answer = await fetch(`${app.url}/m/${shop}/option`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'X-Kakao-Plugin-Relay-Id': relay,
        ...(user !== undefined && { 'X-Kakao-AppUserId': user }),
      },
      body: JSON.stringify(MUG),
    });
    return (await answer.json()) as { status: number; data?: unknown; message?: string };
  };
  const draftsStored = async () => Number((await database.query('SELECT count(*) FROM commerce.drafts'))[0]?.count);
  const limited = async (by: string): Promise<number> => {
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    return Number(new RegExp(`biz_open_limited_total\\{what="drafts",by="${by}"\\} (\\d+)`).exec(metrics)?.[1] ?? 0);
  };
  const copies = (id: unknown, count: number, set: object) =>
    database.query(
      `INSERT INTO commerce.drafts SELECT copy.* FROM commerce.drafts AS model, generate_series(1, $2::integer) AS n,
              json_populate_record(model, json_build_object('id', gen_random_uuid(), 'fingerprint', NULL, 'app_user_id', 'invented-' || n)) AS named,
              json_populate_record(named, $3::json) AS copy
        WHERE model.id = $1`,
      [id, count, JSON.stringify(set)],
    );

  it('is 100 drafts of one customer; a known selection is answered as ever, and those without a user are not counted together', async () => {
    const first = await choose('collector', 'r-0');
    const more = await Promise.all(times(99, (at) => choose('collector', `r-${at + 1}`)));
    expect(more.map(({ status }) => status)).toEqual(times(99, () => 200));
    const before = await draftsStored();

    for (const answer of await Promise.all(times(3, (at) => choose('collector', `more-${at}`)))) {
      expect(answer).toEqual({
        status: 500,
        message: '결제하지 않은 선택이 너무 많습니다. 잠시 후 다시 시도해 주세요.',
      });
    }

    expect(await draftsStored()).toBe(before);
    expect(await limited('customer')).toBe(3);
    expect(await choose('collector', 'r-0')).toEqual(first);
    const others = [choose('neighbour', 'r'), choose(undefined, 'r'), choose('collector', 'r', 'cup-shop')];
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200, 200]);
    clock.advance(1_800_000);
    expect((await choose('collector', 'more-0')).status).toBe(200);
  });

  it('is so many of one merchant, whatever users a caller invents', async () => {
    const known = await choose('known', 'r');
    await copies(known.data, 1_000, {});
    clock.advance(10_000);
    const before = await draftsStored();

    // The first of them counts, and the others go by its count.
    expect((await choose('too-many', 'r')).status).toBe(500);
    for (const answer of await Promise.all(times(5, (at) => choose(at === 0 ? undefined : `too-many-${at}`, 'r')))) {
      expect(answer).toEqual({
        status: 500,
        message: '지금은 주문이 많아 선택을 저장할 수 없습니다. 잠시 후 다시 시도해 주세요.',
      });
    }

    expect(await draftsStored()).toBe(before);
    expect(await limited('merchant')).toBe(6);
    expect(await choose('known', 'r')).toEqual(known);
    expect((await choose('x', 'r', 'cup-shop')).status).toBe(200);
    clock.advance(1_800_000);
    expect((await choose('too-many-1', 'r')).status).toBe(200);
  });

  it('is counted along indexes of what is open, beside 40,000 drafts that are not', async () => {
    const { data } = await choose('model', 'r');
    await copies(data, 20_000, { app_user_id: 'model', expires_at: '2020-01-01T00:00:00Z' });
    // Over as well: of times ahead the planner guesses that many are open, and may read the table instead.
    await copies(data, 20_000, { paid_at: '2020-01-01T00:00:00Z', expires_at: '2020-01-01T00:00:00Z' });
    await stillStatistics(database);
    const said: Statement[] = [];
    listenToStatements(app, (statement) => {
      if (statement.text.includes('FROM commerce.drafts AS held')) said.push(statement);
    });
    clock.advance(10_000);
    expect((await choose('model', 'another')).status).toBe(200);

    const [ofMerchant, ofUser, ...others] = said;
    const planOf = async (statement: Statement | undefined): Promise<string> => {
      const { text = '', values = [] } = statement ?? {};
      const lines = await database.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
      return lines.map((line) => line['QUERY PLAN']).join('\n');
    };
    expect(others).toEqual([]);
    expect(await planOf(ofMerchant)).toContain('drafts_open_of_merchant');
    // Where others hold much open, only the index of users tells one of them.
    await copies(data, 3_000, {});
    await stillStatistics(database);
    expect(await planOf(ofUser)).toContain('drafts_open_of_user');
  });
});
