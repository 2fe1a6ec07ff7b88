import { Writable } from 'node:stream';
import { merchants } from '@biz/merchants';
import type { AppName } from '@biz/platform';
import { eventually } from '@biz/testing';
import { House } from './house';
import type { Played } from './house';

/** What the simulator's people hand over (apps/simulator/src/otp/people.ts, login/account-answers.ts), in pieces that nothing else holds. */
const PERSONAL = [
  'lukas',
  '루카',
  '0000-1234',
  '00001234',
  'example.com',
  '판교역로',
  '삼평동',
  'H스퀘어',
  '에이치스퀘어',
  '37.402',
  '127.108',
  'SIMULATEDci',
  'main-banner',
];
const KEYS = [
  'demo-shop-rest-api-key',
  'demo-shop-admin-key',
  'demo-shop-client-secret',
  'whsec_',
  'dev-operator-token',
];
const USER = '9007199254741881';

describe('personal data and secrets', () => {
  let house: House;
  let log = '';
  const tokens: string[] = [];
  const tids: string[] = [];

  const play = async (kind: string, options: Record<string, unknown> = {}): Promise<Played> => {
    const played = await house.play(kind, { appUserId: USER, ...options });
    const urls = played.timeline.map(({ request }) => request.url).join('\n');
    tokens.push(
      ...[...urls.matchAll(/\/otp\/([\w-]{8,})|[?&](?:pg_token|code|signature)=([\w%-]{8,})/g)].map(
        ([, otp, other]) => otp ?? other ?? '',
      ),
    );
    if (played.facts.tid) tids.push(played.facts.tid);
    return played;
  };

  beforeAll(async () => {
    const destination = new Writable({
      write(chunk: Buffer, _encoding, done) {
        log += chunk.toString();
        done();
      },
    });
    house = await House.start(merchants, { LOG_LEVEL: 'trace', RETRY_TIME_SCALE: '0.1' }, destination);
    await play('profile', { faults: ['otp-5xx'] });
    await play('profile', { faults: ['otp-4xx'], timeoutSeconds: 2 });
    await play('location');
    await play('image', { faults: ['image-5xx'] });
    await play('option', { productId: 'survey' });
    await play('payment', { orderSheetId: 'sheet-mug', faults: ['approve-drop-after'] });
    await play('payment', { faults: ['approve-refused'] });
    await play('subscription', { orderSheetId: 'sheet-subscription' });
    await play('sync', { faults: ['me-5xx'] });
    await play('sync', { steps: ['join', 'events'] });
    await house.post('payment', '/order/approve', { partner_order_id: { name: '김루카 010-0000-1234' } });
    await house.get('payment', '/ordersheet?ordersheet_id=lukas@example.com', { 'X-Kakao-AppUserId': USER });
    await eventually(async () => {
      expect((await house.received()).length).toBeGreaterThanOrEqual(6);
    });
  }, 120_000);
  afterAll(() => house.stop());

  const leaks = (text: string, secrets: readonly string[]): string[] =>
    secrets.filter((secret) => text.includes(secret));

  it('were really handed over, under log lines of every level', () => {
    expect(tokens.length).toBeGreaterThan(6);
    expect(tids.length).toBeGreaterThan(1);
    expect(log.split('\n').length).toBeGreaterThan(50);
    expect(log).toContain('"level":"warn"');
    expect(log).not.toMatch(/"requestId":"[^"]*\[phone\]/);
  });

  it('are in no column of the database but sealed', async () => {
    const columns = await house.database.query<{ place: string; table: string; column: string }>(
      `SELECT format('%s.%s.%s', table_schema, table_name, column_name) AS place,
              format('%I.%I', table_schema, table_name) AS table, quote_ident(column_name) AS column
         FROM information_schema.columns
        WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND data_type NOT IN ('uuid', 'boolean', 'integer')`,
    );
    const found: string[] = [];
    for (const { place, table, column } of columns) {
      const rows = await house.database.query<{ value: string }>(
        `SELECT ${column}::text AS value FROM ${table} WHERE ${column} IS NOT NULL`,
      );
      const text = rows.map(({ value }) => value).join('\n');
      found.push(...leaks(text, [...PERSONAL, ...KEYS, ...tokens]).map((secret) => `${secret} in ${place}`));
    }
    expect(found).toEqual([]);
  }, 60_000);

  it('are in no log line', () => {
    expect(leaks(log, [...PERSONAL, ...KEYS, ...tokens, ...tids, USER])).toEqual([]);
  });

  it.each<AppName>(['profile', 'location', 'image', 'option', 'payment', 'sync'])(
    'are not in the metrics of %s',
    async (app) => {
      const metrics = await (await fetch(`${house.url(app)}/metrics`)).text();
      expect(leaks(metrics, [...PERSONAL, ...KEYS, ...tokens, ...tids, USER])).toEqual([]);
    },
  );

  it('are not echoed by an error', async () => {
    const personal = '김루카 010-0000-1234 lukas@example.com';
    const answers = [
      await house.post(
        'payment',
        '/order/approve',
        { partner_order_id: personal, tid: { personal } },
        { 'X-Kakao-AppUserId': USER },
      ),
      await house.post('option', '/option', {
        id: personal,
        name: personal,
        price: personal,
        quantity: 1,
        option_groups: personal,
      }),
      await house.post('profile', '/callback', { otp: `https://evil.example/${personal}` }),
      await house.get('payment', `/order/status?order_id=${encodeURIComponent(personal)}`, {
        'X-Kakao-AppUserId': USER,
      }),
      await house.get('option', `/options?id=${encodeURIComponent(personal)}`),
    ];
    for (const { body } of answers) expect(leaks(JSON.stringify(body), PERSONAL)).toEqual([]);
  });
});
