import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { merchants } from '@biz/merchants';
import type { AppName } from '@biz/platform';
import { eventually } from '@biz/testing';
import { fileTypeFromBuffer } from 'file-type';
import { BOT_USER, skillPayload } from '../libs/capture/test/skill';
import { House } from './house';
import type { Played } from './house';
import { WITNESS } from './witness';

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
  BOT_USER.properties.plusfriendUserKey,
];
const KEYS = [
  'demo-shop-rest-api-key',
  'demo-shop-admin-key',
  'demo-shop-client-secret',
  'whsec_',
  'dev-operator-token',
];
const USER = '9007199254741881';
/** Never shown: CI is thrown away while it is read; the shop's keys and addresses of pictures are not people's data. */
const NOT_SHOWN = new Set(['SIMULATEDci', '00001234']);
const APPS: AppName[] = ['profile', 'location', 'image', 'option', 'payment', 'sync'];
/** Lists of items that have personal data. */
const LOOKED_AT: [AppName, string][] = [
  ['profile', 'captures'],
  ['location', 'captures'],
  ['image', 'captures'],
  ['sync', 'members'],
];
const LISTS = [
  ...['captures', 'members', 'sync-errors', 'deliveries', 'accesses', 'location-facts'],
  ...['orders', 'refunds', 'subscriptions', 'settlements', 'drafts', 'products'],
];

interface Selection {
  option_groups: { option_group_id: string }[];
}

/** A text as it looks when its bytes are taken for letters. */
const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');

/** Ways in which a value may stand in a text. */
function spellings(value: string): string[] {
  const escaped = [...value]
    .map((letter) => `\\u${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)
    .join('');
  const bytes = Buffer.from(value);
  return [
    value,
    encodeURIComponent(value),
    escaped,
    bytes.toString('hex'),
    bytes.toString('base64').replace(/.?={0,2}$/, ''),
  ];
}

describe('personal data and secrets', () => {
  let house: House;
  let log = '';
  const tokens: string[] = [];
  const tids: string[] = [];
  /** What operators saw for a reason. */
  const shown: string[] = [];

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
    house = await House.start(merchants, { LOG_LEVEL: 'trace', RETRY_TIME_SCALE: '0.1' }, { log: destination });
    await house.database.query(WITNESS);
    await play('profile', { faults: ['otp-5xx'] });
    await play('profile', { faults: ['otp-4xx'], timeoutSeconds: 2 });
    await play('location');
    await play('image', { faults: ['image-5xx'] });
    const otp = `${house.url('simulator')}/otp/5fcf3cfe00a6950dc026b/secure_image`;
    await house.post('image', '/skill/receipt', skillPayload({ params: { secureimage: otp } }));
    await house.post('profile', '/skill/delivery', skillPayload({ params: { profile: '김루카 010-0000-1234' } }));
    await answerSurvey(await play('option', { productId: 'survey' }));
    await play('payment', { orderSheetId: 'sheet-mug', faults: ['approve-drop-after'] });
    await play('payment', { faults: ['approve-refused'] });
    await play('subscription', { orderSheetId: 'sheet-subscription' });
    await play('sync', { faults: ['me-5xx'] });
    await play('sync', { steps: ['join', 'events'] });
    const denied = encodeURIComponent('김루카 (lukas@example.com, 010-0000-1234) denied access');
    await house.get('sync', `/callback?error=access_denied&error_description=${denied}`);
    await house.post('payment', '/order/approve', { partner_order_id: { name: '김루카 010-0000-1234' } });
    await house.get('payment', '/ordersheet?ordersheet_id=lukas@example.com', { 'X-Kakao-AppUserId': USER });
    await eventually(async () => {
      expect((await house.received()).length).toBeGreaterThanOrEqual(6);
    });
    for (const [app, list] of LOOKED_AT) {
      // A name has no form of its own: it is known by what is shown.
      const reason = `${app === 'sync' ? '김루카 ' : ''}lukas@example.com 010-0000-1234 문의`;
      for (const id of await idsOf(app, list)) {
        const { body } = await house.operator(app, `${list}/${id}`, {
          'x-access-reason': encodeURIComponent(reason),
          'x-operator': 'lukas@example.com',
        });
        shown.push(JSON.stringify(body));
      }
    }
    await refuseEverywhere();
  });
  afterAll(() => house.stop());

  const leaks = (text: string, secrets: readonly string[]): string[] =>
    secrets.filter((secret) => spellings(secret).some((spelling) => text.includes(spelling)));

  const idsOf = async (app: AppName, list: string): Promise<string[]> => {
    const { body } = await house.operator(app, `${list}?limit=100`);
    return ((body.items ?? []) as { id: string }[]).map(({ id }) => id);
  };

  /** What a customer writes into free answers, taken and refused. */
  const answerSurvey = async ({ timeline }: Played): Promise<void> => {
    const { body } = await house.get('option', '/options?id=survey');
    const groups = (body.data as { option_groups: { id: string; type: string }[] }).option_groups;
    const written = Object.fromEntries(groups.map(({ id, type }) => [type, id]));
    const chosen = timeline.find(({ request }) => request.method === 'POST')?.request.body as Selection;
    const select = (numbers: string) => {
      const texts = {
        [written.TEXT ?? '']: '김루카에게 전화 주세요 lukas@example.com',
        [written.NUMBERS ?? '']: numbers,
      };
      const others = chosen.option_groups.filter(({ option_group_id: id }) => !(id in texts));
      const answers = Object.entries(texts).map(([id, text]) => ({ option_group_id: id, text }));
      const selection = { ...chosen, option_groups: [...others, ...answers] };
      return house.post('option', '/option', selection, { 'X-Kakao-AppUserId': USER });
    };
    expect((await select('01000001234')).body).toMatchObject({ status: 200 });
    expect((await select('김루카 010-0000-1234')).body).toMatchObject({ status: 500 });
  };

  /** Personal data where none belongs, at every app. */
  const refuseEverywhere = async (): Promise<void> => {
    const personal = '김루카 010-0000-1234 lukas@example.com 판교역로';
    const headers = { 'X-Kakao-AppUserId': USER };
    for (const app of APPS) {
      for (const path of ['callback', 'option', 'order/approve', 'unlink', 'events', 'operator/captures', personal]) {
        const body = { otp: `https://evil.example/${personal}`, id: personal, [personal]: personal, tid: { personal } };
        await house.post(app, `/${encodeURI(path)}`, { ...body, order_id: { personal } }, headers);
        await house.get(
          app,
          `/${encodeURI(path)}?order_id=${encodeURIComponent(personal)}&state=${encodeURIComponent(personal)}`,
          headers,
        );
      }
      for (const list of ['captures', 'members', 'orders', 'deliveries', 'accesses', 'location-facts', 'drafts']) {
        await house.operator(app, `${list}?state=${encodeURIComponent(personal)}&from=${encodeURIComponent(personal)}`);
        await house.operator(app, `${list}/${encodeURIComponent(personal)}`, { 'x-access-reason': 'x'.repeat(600) });
      }
    }
  };

  it('were really handed over, under log lines of every level', () => {
    expect(PERSONAL.filter((value) => !shown.join().includes(value) && !NOT_SHOWN.has(value))).toEqual([]);
    expect(house.errors.length).toBeGreaterThan(100);
    expect(house.errors.join()).toContain('{"status":300');
    expect(house.errors.join()).toContain('{"status":500,"message":');
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
        WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'witness') AND data_type NOT IN ('uuid', 'boolean', 'integer')`,
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
  });

  it('are in no row of any table as a dump of the database writes it', async () => {
    const tables = await house.database.query<{ table: string }>(
      `SELECT c.oid::regclass::text AS table FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'witness')`,
    );
    const names = tables.map(({ table }) => table);
    expect(names).toEqual(
      expect.arrayContaining(['capture.captures', 'privacy.accesses', 'privacy.access_ends', 'privacy.location_facts']),
    );
    const found: string[] = [];
    for (const table of names) {
      const rows = await house.database.query<{ text: string }>(`SELECT t::text AS text FROM ${table} t`);
      if (table.startsWith('privacy.')) expect([table, rows.length > 0]).toEqual([table, true]);
      const text = rows.map((row) => row.text).join('\n');
      found.push(...leaks(text, [...PERSONAL, ...KEYS, ...tokens]).map((secret) => `${secret} in ${table}`));
    }
    expect(found).toEqual([]);
  });

  it('were never written to a row but sealed, not even for a moment', async () => {
    const written = await house.database.query<{ place: string; value: string }>(
      `SELECT place, string_agg(value, E'\\n') AS value FROM witness.seen GROUP BY place`,
    );
    const places = written.map(({ place }) => place);
    expect(places).toEqual(
      expect.arrayContaining(['capture.captures.sealed_otp', 'sync.logins.code', 'pgboss.job_common.data']),
    );
    const found = written.flatMap(({ place, value }) =>
      leaks(value, [...PERSONAL, ...KEYS, ...tokens]).map((secret) => `${secret} in ${place}`),
    );
    expect(found).toEqual([]);
  });

  it('are in no file of the data folder, whole or in part: pictures are sealed', async () => {
    const files = (await readdir(house.dataDir, { recursive: true, withFileTypes: true })).filter((each) =>
      each.isFile(),
    );
    expect(files.length).toBeGreaterThan(3);
    const found: string[] = [];
    for (const { parentPath, name } of files) {
      const bytes = await readFile(join(parentPath, name));
      found.push(...leaks(`${name} ${bytes.toString('latin1')}`, [...PERSONAL, ...KEYS, ...tokens].map(bytesOf)));
      // Of all kinds, some are known by two bytes, which random ones have now and then.
      const type = await fileTypeFromBuffer(bytes);
      if (type && ['image/jpeg', 'image/png'].includes(type.mime)) found.push(`${name} is ${type.mime}`);
    }
    expect(found).toEqual([]);
  });

  it('are in no log line', () => {
    expect(leaks(log, [...PERSONAL, ...KEYS, ...tokens, ...tids, USER])).toEqual([]);
  });

  it.each<AppName>(['profile', 'location', 'image', 'option', 'payment', 'sync'])(
    'are not in the metrics of %s',
    async (app) => {
      const text = await (await fetch(`${house.url(app)}/metrics`)).text();
      // Sums of seconds end in whatever digits.
      const metrics = text.replace(/(\.\d{6})\d+/g, '$1');
      expect(leaks(metrics, [...PERSONAL, ...KEYS, ...tokens, ...tids, USER])).toEqual([]);
    },
  );

  it('are in no body of an error of the whole run', () => {
    const secrets = [...PERSONAL, ...KEYS, ...tokens, ...tids, USER];
    expect([...new Set(house.errors)].filter((body) => leaks(body, secrets).length > 0)).toEqual([]);
  });

  it('are shown by no route of the operator API unless a reason is given', async () => {
    let seen = 0;
    for (const app of APPS) {
      for (const list of LISTS) {
        const { status, body } = await house.operator(app, `${list}?limit=100`);
        if (status !== 200) continue;
        const items = body.items as Record<string, string>[];
        const details = await Promise.all(
          items.map(async ({ id, partnerOrderId }) => house.operator(app, `${list}/${partnerOrderId ?? id ?? ''}`)),
        );
        seen += items.length;
        const text = JSON.stringify([body, ...details.map((each) => each.body)]);
        expect([app, list, leaks(text, [...PERSONAL, ...KEYS, ...tokens])]).toEqual([app, list, []]);
      }
    }
    expect(seen).toBeGreaterThan(30);
  });

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
