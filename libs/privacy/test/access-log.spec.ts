import { EncryptionConfig, readConfig, Vault } from '@biz/platform';
import { AccessLog, findProblems } from '@biz/privacy';
import type { Finding, Mark } from '@biz/privacy';
import { startTestApp, times } from '@biz/testing';
import { DataSource } from 'typeorm';
import { recordsApp, SUBJECT, World } from './world';

const vault = new Vault(readConfig(EncryptionConfig, {}));

const WITHOUT_ENDS =
  'the log has no record of where it begins and ends: no app that shows personal data (profile, location, image, sync) has started, or it was taken away';

let world: World;

const check = (expected?: Mark): Promise<Finding> => findProblems(world.database.dataSource, vault, expected);
const problems = async (expected?: Mark): Promise<string[]> => (await check(expected)).problems;
const seqs = async (): Promise<number[]> =>
  (await world.database.query<{ seq: string }>('SELECT seq FROM privacy.accesses ORDER BY seq')).map(({ seq }) =>
    Number(seq),
  );

describe('the access log', () => {
  beforeEach(async () => {
    world = await World.open();
  });
  afterEach(() => world.close());

  it('numbers looks without a gap, however many come at once and however many are undone', async () => {
    const undone = world.transaction(async (manager) => {
      await world.accesses.record(manager, { merchant: 'm', subject: SUBJECT, what: 'file', reason: 'r', caller: 'c' });
      throw new Error('rolled back');
    });
    await Promise.all([...times(12, (at) => world.look(`reason ${at}`)), undone.catch(() => undefined)]);
    expect(await seqs()).toEqual(times(12, (at) => at + 1));
    expect(await check()).toMatchObject({ lines: 12, end: { seq: 12 }, problems: [] });
  });

  it('is one log of all apps: they number together, from the very first look on', async () => {
    const another = await startTestApp(recordsApp, { database: world.database, clock: world.clock });
    try {
      const apps = [world.app, another];
      await Promise.all(
        times(24, async (at) => {
          const app = apps[at % 2]!;
          const access = { merchant: 'm', subject: SUBJECT, what: 'file', reason: `r ${at}`, caller: 'c' } as const;
          await app.get<DataSource>(DataSource).transaction((manager) => app.get(AccessLog).record(manager, access));
        }),
      );
    } finally {
      await another.close();
    }
    expect(await check()).toMatchObject({ lines: 24, end: { seq: 24 }, problems: [] });
  });

  it('is refused changes by the database', async () => {
    world.clock.set(new Date());
    await world.look('of today');
    for (const sql of [
      `UPDATE privacy.accesses SET reason = 'x'`,
      'DELETE FROM privacy.accesses',
      'TRUNCATE privacy.accesses',
    ]) {
      await expect(world.database.query(sql)).rejects.toThrow('append-only, and kept for 2 years');
    }
  });

  it('begins once, with the first app that starts, and says so', async () => {
    await (await startTestApp(recordsApp, { database: world.database, clock: world.clock })).close();
    const begins = world.logs.filter((line) => line.includes('the access log begins'));
    expect(begins.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ level: 'info', lines: 0 }),
    ]);
  });

  it('knows nothing wrong of an empty log, nor of one that nobody touched', async () => {
    expect(await check()).toEqual({ lines: 0, end: { seq: 0, code: '' }, problems: [] });
    await world.look('one');
    expect(await problems()).toEqual([]);
  });

  it('shows nothing, and begins no new chain over what is left, when its ends are missing', async () => {
    await world.look('one');
    await world.tamper('DELETE FROM privacy.access_ends; UPDATE privacy.accesses SET code = NULL');
    await expect(world.look('two')).rejects.toThrow('nothing is shown');
    expect([await seqs(), await problems()]).toEqual([[1], [WITHOUT_ENDS]]);
  });

  it('logs the code of a line once that is there, never of a look that was undone', async () => {
    const undone = world.transaction(async (manager) => {
      await world.accesses.record(manager, { merchant: 'm', subject: SUBJECT, what: 'file', reason: 'r', caller: 'c' });
      throw new Error('rolled back');
    });
    await expect(undone).rejects.toThrow('rolled back');
    expect(world.logs.join('')).not.toContain('"access":');
    await world.look('one');
    const { end } = await check();
    expect(world.logs.filter((line) => line.includes(`"access":"1:${end.code}"`))).toHaveLength(1);
  });

  describe('tells, when a line is asked for that was noted,', () => {
    beforeEach(async () => {
      for (let at = 1; at <= 6; at++) await world.look(`reason ${at}`);
    });

    it('a new log that an app began after everything was taken away', async () => {
      const { end } = await check();
      await world.tamper('DELETE FROM privacy.access_ends; DELETE FROM privacy.accesses');
      await world.restart();
      for (let at = 1; at <= 6; at++) await world.look(`forged ${at}`);
      expect(await problems()).toEqual([]);
      expect(await problems(end)).toEqual(['line 6 is not the one that was noted: an older state was put back']);
      expect(world.logs.filter((line) => line.includes('the access log begins'))).toHaveLength(2);
    });

    it('an older state of the log put back', async () => {
      const [ends] = await world.database.query('SELECT * FROM privacy.access_ends');
      await world.look('the one to hide');
      const { end } = await check();
      await world.tamper(
        `DELETE FROM privacy.accesses WHERE seq = 7;
         UPDATE privacy.access_ends SET end_seq = 6, end_code = '${String(ends?.end_code)}', proof = '${String(ends?.proof)}'`,
      );
      expect(await problems()).toEqual([]);
      expect(await problems(end)).toEqual(['line 7 is not the one that was noted: an older state was put back']);
      // The log of the app, which is kept elsewhere, has it too.
      expect(world.logs.join('')).toContain(`"access":"7:${end.code}"`);
    });
  });

  it('keeps its codes when the keys of the platform are replaced, and is sealed under the new one', async () => {
    await world.look('before');
    const other = `k2:${Buffer.alloc(32, 5).toString('base64')}`;
    const [development] = new EncryptionConfig().encoded;
    const both = new Vault(readConfig(EncryptionConfig, { DATA_ENCRYPTION_KEYS: `${other},${development ?? ''}` }));
    const [row] = await world.database.query<{ sealed_key: string }>('SELECT sealed_key FROM privacy.access_ends');
    const resealed = await both.reseal(row?.sealed_key ?? '');
    await world.database.query('UPDATE privacy.access_ends SET sealed_key = $1', [resealed]);
    const alone = new Vault(readConfig(EncryptionConfig, { DATA_ENCRYPTION_KEYS: other }));
    expect((await findProblems(world.database.dataSource, alone)).problems).toEqual([]);
  });

  it('takes lines of earlier versions into its chain as it begins', async () => {
    await world.database.query('DELETE FROM privacy.access_ends');
    await world.database.query(
      `INSERT INTO privacy.accesses (seq, at, app, merchant, subject, what, caller, reason)
       SELECT n, timestamptz '2020-01-01' + n * interval '1 day', 'sync', 'm', $1, 'member', 'c', 'r' || n
         FROM generate_series(1, 3) n`,
      [SUBJECT],
    );
    await world.restart();
    expect(await check()).toMatchObject({ lines: 3, problems: [] });
    expect(world.logs.join('')).toContain('"lines":3,"message":"the access log begins"');
    await world.look('the first of this version');
    expect(await check()).toMatchObject({ lines: 4, problems: [] });
    await world.tamper(`UPDATE privacy.accesses SET reason = 'x' WHERE seq = 2`);
    expect(await problems()).toEqual(['line 4, or one before it that is older than the chain, was changed']);
  });

  describe('after two years', () => {
    beforeEach(async () => {
      await world.look('old');
      world.clock.set('2021-06-01T00:00:00Z');
      await world.look('younger');
      await world.look('younger too');
    });

    it('erases the lines that are older, and nothing before', async () => {
      world.clock.set('2022-02-28T23:59:59Z');
      await world.accesses.eraseOld();
      expect(await seqs()).toEqual([1, 2, 3]);
      world.clock.set('2022-03-01T10:00:01Z');
      await world.accesses.eraseOld();
      expect(await seqs()).toEqual([2, 3]);
      expect(await check()).toMatchObject({ lines: 2, problems: [] });
      await world.look('new');
      expect(await check()).toMatchObject({ lines: 3, end: { seq: 4 }, problems: [] });
      await world.tamper('DELETE FROM privacy.accesses WHERE seq = 2');
      expect(await problems()).toEqual(['line 2 is missing']);
    });

    it('can erase all, and goes on counting', async () => {
      world.clock.set('2024-01-01T00:00:00Z');
      await world.accesses.eraseOld();
      expect(await seqs()).toEqual([]);
      await world.look('new');
      expect(await check()).toMatchObject({ lines: 1, end: { seq: 4 }, problems: [] });
    });

    it('keeps all as evidence when somebody was at it', async () => {
      await world.tamper(`UPDATE privacy.accesses SET reason = 'x' WHERE seq = 1`);
      world.clock.set('2024-01-01T00:00:00Z');
      await world.accesses.eraseOld();
      expect(await seqs()).toEqual([1, 2, 3]);
      expect(world.logs.join('')).toContain('the access log was tampered with');
    });

    it('never believes a clock that runs ahead: the database keeps what is young', async () => {
      world.clock.set(new Date());
      await world.look('of today');
      world.clock.set('2100-01-01T00:00:00Z');
      await expect(world.accesses.eraseOld()).rejects.toThrow('kept for 2 years');
      // The app's own daily run may have erased the old ones while its clock said today.
      expect((await seqs()).at(-1)).toBe(4);
      expect(await problems()).toEqual([]);
    });
  });

  describe('towards operators', () => {
    beforeEach(async () => {
      await world.look('=HYPERLINK("http://evil.example")');
      world.clock.set('2020-03-01T00:00:00Z');
      await world.look('a "quoted", long\nreason');
      world.clock.set('2020-03-02T00:00:00Z');
      await world.look('배송 문의');
    });

    it('is listed by time and subject, newest first, page by page', async () => {
      const first = await world.operator('accesses?limit=2');
      const { items, nextCursor } = JSON.parse(first.text) as { items: { seq: number }[]; nextCursor: string };
      expect([items.map(({ seq }) => seq), nextCursor]).toEqual([[3, 2], '2']);
      expect(items[0]).toEqual({
        seq: 3,
        at: '2020-03-02T00:00:00.000Z',
        operator: 'kim.cs',
        caller: '10.0.4.17',
        app: 'profile',
        merchant: 'test-shop',
        subject: SUBJECT,
        what: 'details',
        reason: '배송 문의',
        code: expect.stringMatching(/^[\w-]{43}$/) as string,
      });
      const seqsOf = async (query: string): Promise<number[]> =>
        (JSON.parse((await world.operator(`accesses?${query}`)).text) as { items: { seq: number }[] }).items.map(
          ({ seq }) => seq,
        );
      expect(await seqsOf('cursor=2')).toEqual([1]);
      expect(await seqsOf('from=2020-03-01T00:00:00Z&to=2020-03-02T00:00:00Z')).toEqual([2]);
      expect(await seqsOf(`subject=${SUBJECT}`)).toEqual([3, 2, 1]);
      expect(await seqsOf('subject=019ab0c0-0000-7000-8000-000000000009')).toEqual([]);
      expect(await seqsOf('cursor=&subject=&from=')).toEqual([3, 2, 1]);
      for (const wrong of ['from=yesterday', 'cursor=x', 'cursor=0', 'cursor=1e30', 'subject=1', 'limit=0']) {
        expect([wrong, (await world.operator(`accesses?${wrong}`)).status]).toEqual([wrong, 400]);
      }
    });

    it('is exported as a file, oldest first, as CSV without formulas or as lines of JSON', async () => {
      const csv = await world.operator('accesses/export?from=2020-01-01');
      expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
      expect(csv.headers.get('cache-control')).toBe('no-store');
      expect(csv.headers.get('content-disposition')).toBe('attachment; filename="accesses.csv"');
      const rows = csv.text.split('\r\n');
      expect(rows[0]).toMatch(/^\uFEFF?seq,at,operator,caller,app,merchant,subject,what,part,reason,code$/);
      expect(rows[1]).toContain(`,"'=HYPERLINK(""http://evil.example"")",`);
      expect(rows[2]).toContain(`,"a ""quoted"", long\nreason",`);
      expect(rows[3]).toContain(',배송 문의,');
      const ndjson = await world.operator('accesses/export?format=ndjson&to=2020-03-02T00:00:00Z');
      const lines = ndjson.text.trim().split('\n');
      expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual([1, 2]);
      expect((await world.operator('accesses/export?format=xls')).status).toBe(400);
    });

    it.each(['csv', 'ndjson'])(
      'is cut off in the transport, not ended as if it were whole, when the database fails on the way: %s',
      async (format) => {
        await world.tamper(
          `INSERT INTO privacy.accesses (seq, at, app, merchant, subject, what, caller, reason)
         SELECT n, '2020-03-03', 'a', 'm', '${SUBJECT}', 'details', 'c', repeat('r', 500) FROM generate_series(4, 40000) n`,
        );
        const response = await fetch(`${world.app.url}/operator/accesses/export?format=${format}`, {
          headers: { authorization: 'Bearer dev-operator-token' },
        });
        const reader = response.body!.getReader();
        await reader.read();
        await world.database.query('ALTER TABLE privacy.accesses RENAME TO away');
        const rest = async (): Promise<void> => {
          while (!(await reader.read()).done);
        };
        await expect(rest()).rejects.toThrow('terminated');
      },
    );

    it('is exported whole when it is longer than a batch', async () => {
      await world.tamper(
        `INSERT INTO privacy.accesses (seq, at, app, merchant, subject, what, caller, reason)
         SELECT n, '2020-03-03', 'a', 'm', '${SUBJECT}', 'details', 'c', 'r' FROM generate_series(4, 2500) n`,
      );
      const { text } = await world.operator('accesses/export?format=ndjson');
      expect(text.trim().split('\n')).toHaveLength(2500);
    });
  });
});

describe('the access log tells what was done to it by somebody who may do anything in the database', () => {
  // One log for all: each test finds it as it was written.
  beforeAll(async () => {
    world = await World.open();
    for (let at = 1; at <= 6; at++) await world.look(`reason ${at}`);
    await world.database.query(`
      CREATE SCHEMA kept;
      CREATE TABLE kept.accesses AS TABLE privacy.accesses;
      CREATE TABLE kept.access_ends AS TABLE privacy.access_ends`);
  });
  afterEach(async () => {
    await world.tamper(`
      DELETE FROM privacy.accesses; INSERT INTO privacy.accesses TABLE kept.accesses;
      DELETE FROM privacy.access_ends; INSERT INTO privacy.access_ends TABLE kept.access_ends`);
    expect(await problems()).toEqual([]);
  });
  afterAll(() => world.close());

  it.each([
    [`UPDATE privacy.accesses SET reason = 'another' WHERE seq = 3`, ['line 3 was changed']],
    [`UPDATE privacy.accesses SET operator = NULL WHERE seq = 1`, ['line 1 was changed']],
    [`UPDATE privacy.accesses SET at = at + interval '1 second' WHERE seq = 6`, ['line 6 was changed']],
    [`UPDATE privacy.accesses SET code = 'x' WHERE seq = 3`, ['line 3 was changed']],
    [`UPDATE privacy.accesses SET reason = 'another', code = NULL WHERE seq = 4`, ['line 4 was changed']],
    [`UPDATE privacy.accesses SET merchant = 'a' WHERE seq IN (2, 5)`, ['line 2 was changed', 'line 5 was changed']],
    ['DELETE FROM privacy.accesses WHERE seq = 4', ['line 4 is missing']],
    ['DELETE FROM privacy.accesses WHERE seq IN (2, 3)', ['lines 2 to 3 are missing']],
    ['DELETE FROM privacy.accesses WHERE seq = 1', ['line 1 is missing']],
    ['DELETE FROM privacy.accesses WHERE seq >= 5', ['lines 5 to 6 are missing']],
    ['DELETE FROM privacy.accesses', ['lines 1 to 6 are missing']],
    [
      'DELETE FROM privacy.accesses WHERE seq = 3; UPDATE privacy.accesses SET seq = seq - 1 WHERE seq > 3',
      ['line 3 was changed', 'line 4 was changed', 'line 5 was changed', 'line 6 is missing'],
    ],
    [
      `INSERT INTO privacy.accesses SELECT 7, at, app, merchant, subject, what, part, operator, caller, reason, code
         FROM privacy.accesses WHERE seq = 6`,
      ['line 7 was added by hand'],
    ],
    [
      `INSERT INTO privacy.accesses SELECT 0, at, app, merchant, subject, what, part, operator, caller, reason, code
         FROM privacy.accesses WHERE seq = 1`,
      ['line 0 was added by hand'],
    ],
    ['DELETE FROM privacy.access_ends', [WITHOUT_ENDS]],
    ['DELETE FROM privacy.access_ends; UPDATE privacy.accesses SET code = NULL', [WITHOUT_ENDS]],
    ['DELETE FROM privacy.access_ends; DELETE FROM privacy.accesses', [WITHOUT_ENDS]],
    [
      `DELETE FROM privacy.accesses WHERE seq > 4;
       UPDATE privacy.access_ends SET end_seq = 4, end_code = (SELECT code FROM privacy.accesses WHERE seq = 4)`,
      ['the record of where the log begins and ends was changed'],
    ],
    [
      `UPDATE privacy.access_ends SET start_seq = 4, start_code = (SELECT code FROM privacy.accesses WHERE seq = 4);
       DELETE FROM privacy.accesses WHERE seq <= 4`,
      ['the record of where the log begins and ends was changed'],
    ],
  ])('%s', async (sql, named) => {
    await world.tamper(sql);
    expect(await problems()).toEqual(named);
  });
});
