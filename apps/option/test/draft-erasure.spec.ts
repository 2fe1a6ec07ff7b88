import { commerceSchema, text } from '@biz/commerce';
import { defineMerchant, merchantSchema } from '@biz/merchant';
import { eventually, HttpStub, ManualClock, startTestApp, testDatabase, times } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { optionApp } from '../src/option.module';

const catalogue = [{ id: 'survey', name: '설문', kind: 'non-commerce' as const, groups: [text('이름')] }];
const shop = (id: string, retainDays?: number) =>
  defineMerchant({
    id,
    name: id,
    app: { id: '1', environment: 'test' },
    plugins: { option: { kind: 'non-commerce', ...(retainDays !== undefined && { retainDays }) } },
    catalogue,
  });

/** RETRY_TIME_SCALE shortens it, as every delay. */
const DAY = 86_400_000 * 0.01;
const DRAFT = 1_800_000 * 0.01;

describe('what a customer answered', () => {
  const clock = new ManualClock();
  let database: TestDatabase;
  let hook: HttpStub;
  let app: TestApp;

  beforeAll(async () => {
    database = await testDatabase(merchantSchema, commerceSchema);
    hook = (await HttpStub.start()).on('POST /hook', { status: 503 }).on('POST /taken', { status: 200 });
    app = await startTestApp(optionApp([shop('acme'), shop('brief', 2)]), {
      database,
      clock,
      env: {
        ACME_WEBHOOK_URL: `${hook.url}/hook`,
        BRIEF_WEBHOOK_URL: `${hook.url}/taken`,
        DEFAULT_MERCHANT: 'acme',
      },
    });
  });
  afterAll(async () => {
    await app.close();
    await hook.close();
    await database.drop();
  });

  interface Draft {
    state: string;
    chosen?: { filledIn?: true }[];
    eraseAt: string;
    erasedAt?: string;
  }
  const call = async (path: string, init: RequestInit = {}): Promise<{ http: number; body: unknown }> => {
    const headers = {
      authorization: 'Bearer dev-operator-token',
      ...(init.body !== undefined && { 'content-type': 'application/json' }),
    };
    const response = await fetch(`${app.url}${path}`, { ...init, headers });
    return { http: response.status, body: await response.json() };
  };
  const answer = async (name: string, merchant = 'acme'): Promise<string> => {
    const body = JSON.stringify({
      id: 'survey',
      name: '설문',
      option_groups: [{ option_group_id: '이름', text: name }],
    });
    const { body: told } = await call(`/m/${merchant}/option`, { method: 'POST', body });
    return (told as { data: string }).data;
  };
  const draft = async (id: string): Promise<Draft> => (await call(`/operator/drafts/${id}`)).body as Draft;
  const erased = (id: string): Promise<void> =>
    eventually(async () => {
      expect(await draft(id)).toHaveProperty('erasedAt');
    });
  const deliveryOf = async (id: string): Promise<{ id: string; state: string; payload: string | null }> => {
    const [row] = await database.query<{ id: string; state: string; payload: string | null }>(
      'SELECT id, state, payload FROM merchant.deliveries WHERE subject = $1',
      [id],
    );
    return row!;
  };

  it('is erased thirty days after the draft has expired, and with it what the shop was not told; the fact stays', async () => {
    const id = await answer('홍길동');
    const { chosen, ...before } = await draft(id);
    expect(chosen).toMatchObject([{ filledIn: true }]);
    expect(before.eraseAt).toBe(new Date(clock.now().getTime() + DRAFT + 30 * DAY).toISOString());
    const delivery = await deliveryOf(id);
    expect(delivery.payload).toMatch(/^ey/);
    await database.query(`UPDATE merchant.deliveries SET state = 'failed'`);

    clock.advance(DRAFT + 30 * DAY);
    await erased(id);

    expect(await draft(id)).toEqual({ ...before, state: 'expired', erasedAt: clock.now().toISOString() });
    expect(await deliveryOf(id)).toEqual({ ...delivery, state: 'failed', payload: null });
    expect(await call(`/operator/deliveries/${delivery.id}/retry`, { method: 'POST' })).toMatchObject({ http: 409 });
  });

  it('is kept for as long as its merchant says, and not a moment less', async () => {
    const [kept, brief] = [await answer('홍길동'), await answer('홍길동', 'brief')];
    clock.advance(DRAFT + 2 * DAY - 1);
    const due = await answer('누군가', 'brief');
    await database.query(`UPDATE commerce.drafts SET erase_at = $2, expires_at = $2 WHERE id = $1`, [due, clock.now()]);
    await erased(due);
    expect(await draft(brief)).toHaveProperty('chosen');
    clock.advance(1);
    await erased(brief);
    expect(await draft(kept)).toHaveProperty('chosen');
  });

  it('is erased also when more drafts than are looked at together cannot be', async () => {
    await database.query(
      `INSERT INTO commerce.drafts (id, merchant_id, relay_id, product_id, product_name, product_kind, quantity, total, use_shipping,
         lines, chosen_sealed, expires_at, erase_at)
       SELECT gen_random_uuid(), 'acme', 'stuck', 'survey', '설문', 'non-commerce', 1, 0, false, '[]', 'x', $1, $1
         FROM generate_series(1, 250)`,
      [clock.now()],
    );
    await database.query(`
      CREATE FUNCTION commerce.stick() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stuck'; END $$;
      CREATE TRIGGER stick BEFORE UPDATE ON commerce.drafts FOR EACH ROW WHEN (OLD.relay_id = 'stuck')
        EXECUTE FUNCTION commerce.stick()`);
    const id = await answer('홍길동', 'brief');
    clock.advance(DRAFT + 2 * DAY);
    await erased(id);
    await database.query('DROP FUNCTION commerce.stick CASCADE');
    await eventually(async () => {
      expect(
        await database.query('SELECT FROM commerce.drafts WHERE erase_at <= $1 AND erased_at IS NULL', [clock.now()]),
      ).toEqual([]);
    });
  });

  it('is erased while somebody holds another draft for longer', async () => {
    const [held, free] = [await answer('하나', 'brief'), await answer('둘', 'brief')];
    const holder = database.dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query('SELECT FROM commerce.drafts WHERE id = $1 FOR UPDATE', [held]);
    clock.advance(DRAFT + 2 * DAY);
    await erased(free);
    expect(await draft(held)).toHaveProperty('chosen');
    await holder.rollbackTransaction();
    await holder.release();
    await erased(held);
  });

  it('is kept in time and on request while the shop is still to be told of it, and no longer', async () => {
    const [owed, free] = [await answer('홍길동'), await answer('홍길동', 'brief')];
    await database.query(`UPDATE commerce.drafts SET erase_at = $2, expires_at = $2 WHERE id = ANY($1)`, [
      [owed, free],
      clock.now(),
    ]);
    await erased(free);
    expect(await call(`/operator/drafts/${owed}`, { method: 'DELETE' })).toMatchObject({ http: 409 });
    expect(await draft(owed)).toMatchObject({ state: 'expired', chosen: [{ filledIn: true }] });
    expect(await deliveryOf(owed)).toMatchObject({ state: 'pending', payload: expect.stringMatching(/^ey/) as string });

    hook.on('POST /hook', { status: 200 });
    clock.advance(DAY);
    await erased(owed);
    expect(await deliveryOf(owed)).toMatchObject({ state: 'delivered' });
  });

  it('is erased on request also when nobody can open it any more', async () => {
    const id = await answer('홍길동', 'brief');
    await eventually(async () => {
      expect(await deliveryOf(id)).toMatchObject({ state: 'delivered' });
    });
    clock.advance(DRAFT);
    await database.query(`UPDATE commerce.drafts SET chosen_sealed = 'of a key that is gone' WHERE id = $1`, [id]);
    expect(await call(`/operator/drafts/${id}`)).toMatchObject({ http: 500 });
    expect(await call(`/operator/drafts/${id}`, { method: 'DELETE' })).toMatchObject({ http: 200 });
    expect(await draft(id)).toHaveProperty('erasedAt');
  });

  it('is erased on request, as soon as nobody can pay the draft any more', async () => {
    const id = await answer('홍길동');
    const erase = (of = id) => call(`/operator/drafts/${of}`, { method: 'DELETE' });
    expect(await erase()).toMatchObject({ http: 409 });
    expect(await draft(id)).toMatchObject({ state: 'open', chosen: [{ filledIn: true }] });
    await eventually(async () => {
      expect(await deliveryOf(id)).toMatchObject({ state: 'delivered' });
    });
    clock.advance(DRAFT);
    const answers = await Promise.all(times(3, () => erase()));
    for (const each of answers)
      expect(each).toEqual({ http: 200, body: { ...(await draft(id)), erasedAt: clock.now().toISOString() } });
    expect(await draft(id)).not.toHaveProperty('chosen');
    expect(await deliveryOf(id)).toMatchObject({ state: 'delivered', payload: null });
    expect(await erase('none')).toMatchObject({ http: 404 });
  });
});
