import { listenToStatements, ManualClock, stillStatistics, times } from '@biz/testing';
import type { Statement } from '@biz/testing';
import { World } from './world';

const TTL_MS = 900_000;
/** An order copied so often; what is set of it wins. */
const COPIES = `
  INSERT INTO payment.orders SELECT copy.* FROM payment.orders AS model, generate_series(1, $2::integer) AS n,
         json_populate_record(model, json_build_object('id', gen_random_uuid(), 'sheet_id', n || gen_random_uuid()::text)) AS named,
         json_populate_record(named, $3::json) AS copy
   WHERE model.id = $1`;
const TOO_MANY = '결제하지 않은 주문이 너무 많습니다. 잠시 후 다시 시도해 주세요.';
const FULL = '지금은 주문이 많아 새 주문을 받을 수 없습니다. 잠시 후 다시 시도해 주세요.';

describe('what may be open at a time', () => {
  const clock = new ManualClock();
  const said: Statement[] = [];
  let world: World;
  let sheets = 0;

  beforeAll(async () => {
    world = await World.start({ OPEN_LIMIT_MERCHANT: '150', ORDER_TTL_SECONDS: '900', RETRY_TIME_SCALE: '1' }, clock);
    listenToStatements(world.app, (statement) => said.push(statement));
  });
  afterAll(() => world.stop());
  beforeEach(() => {
    clock.advance(TTL_MS);
  });

  const t1 = (user: string, sheet = `coffee-${++sheets}`, prefix = '') =>
    world.get(`${prefix}/ordersheet?ordersheet_id=${sheet}`, user);
  const statuses = async (answers: Promise<{ status: number }>[]) =>
    (await Promise.all(answers)).map(({ status }) => status);
  const stored = async (): Promise<unknown> =>
    (
      await world.database.query(
        `SELECT (SELECT count(*) FROM payment.orders)::int AS orders, (SELECT count(*) FROM payment.history)::int AS history`,
      )
    )[0];
  const limited = async (by: string): Promise<number> => {
    const metrics = await (await fetch(`${world.app.url}/metrics`)).text();
    return Number(new RegExp(`biz_open_limited_total\\{what="orders",by="${by}"\\} (\\d+)`).exec(metrics)?.[1] ?? 0);
  };

  it('is 100 orders of one customer; known ones are renewed, and end by payment or by time', async () => {
    const known = `coffee-${++sheets}`;
    const first = await t1('collector', known);
    expect(await statuses(times(99, () => t1('collector')))).toEqual(times(99, () => 200));
    const before = await stored();
    const refused = await limited('customer');

    for (const answer of await Promise.all(times(3, () => t1('collector')))) {
      expect(answer).toMatchObject({ http: 200, status: 500, message: TOO_MANY });
    }

    expect(await stored()).toEqual(before);
    expect(await limited('customer')).toBe(refused + 3);
    expect((await t1('collector', known)).data).toMatchObject({ partner_order_id: first.data?.partner_order_id });
    expect(await statuses([t1('neighbour'), t1('collector', undefined, '/m/second')])).toEqual([200, 200]);

    const id = String(first.data?.partner_order_id);
    await world.database.query(`UPDATE payment.orders SET state = 'cancelled' WHERE id = $1`, [id]);
    expect(await statuses([t1('collector')])).toEqual([200]);
    expect(await statuses([t1('collector')])).toEqual([500]);
    clock.advance(TTL_MS);
    expect(await statuses([t1('collector')])).toEqual([200]);
  });

  it('is so many of one merchant, whatever users a caller invents', async () => {
    const known = `coffee-${++sheets}`;
    await t1('known', known);
    expect(await statuses(times(149, (at) => t1(`invented-${at}`)))).toEqual(times(149, () => 200));
    clock.advance(10_000);
    const before = await stored();
    const refused = await limited('merchant');

    for (const answer of await Promise.all(times(5, (at) => t1(`too-many-${at}`)))) {
      expect(answer).toMatchObject({ http: 200, status: 500, message: FULL });
    }

    expect(await stored()).toEqual(before);
    expect(await limited('merchant')).toBe(refused + 5);
    expect(await statuses([t1('known', known), t1('a', undefined, '/m/second')])).toEqual([200, 200]);
    clock.advance(TTL_MS);
    expect(await statuses([t1('too-many-0')])).toEqual([200]);
  });

  it('is counted along indexes of what is open, beside 40,000 orders that are not', async () => {
    const { data } = await t1('model');
    const copy = (set: object, count: number) =>
      world.database.query(COPIES, [data?.partner_order_id, count, JSON.stringify(set)]);
    // All of them over long ago: of times ahead the planner guesses that many are open, and may read the table instead.
    const over = { expires_at: '2020-01-01T00:00:00Z' };
    await copy(over, 20_000);
    await copy({ ...over, app_user_id: 'other', state: 'cancelled' }, 20_000);
    await stillStatistics(world.database);
    clock.advance(10_000);
    said.length = 0;
    expect(await statuses([t1('model')])).toEqual([200]);

    const [ofMerchant, ofUser, ...others] = said.filter(({ text }) => text.includes(`expires_at > '-infinity'`));
    const planOf = async (statement: Statement | undefined): Promise<string> => {
      const { text = '', values = [] } = statement ?? {};
      const lines = await world.database.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
      return lines.map((line) => line['QUERY PLAN']).join('\n');
    };
    expect(others).toEqual([]);
    expect(await planOf(ofMerchant)).toMatch(/^(?![\s\S]*Seq Scan)[\s\S]*orders_open_of_merchant/);
    // Where others hold much open, only the index of users tells one of them.
    await copy({ app_user_id: 'other' }, 3_000);
    await stillStatistics(world.database);
    expect(await planOf(ofUser)).toMatch(/^(?![\s\S]*Seq Scan)[\s\S]*orders_open_of_user/);
  });
});
