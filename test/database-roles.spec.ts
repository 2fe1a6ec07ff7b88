import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { merchants } from '@biz/merchants';
import type { AppName } from '@biz/platform';
import { eventually } from '@biz/testing';
import type { OwnRoles, TestDatabase } from '@biz/testing';
import { Client } from 'pg';
import { definitionsOf, House } from './house';

/** Schemas that every app works with: the queue, and the record of what was migrated. */
const SHARED = ['pgboss', 'platform'];
const USER = '9007199254741777';
const REASON = { 'x-access-reason': 'a question of the customer' };
/** Stands in no statement's text and in no message of ours. */
const MARKED = 'T5fcf3cfe00a6950d-010-9876-5432';

/** What an operator switches on to find a slow or failing statement; each of these writes values. */
const LOUD = {
  log_statement: 'all',
  log_min_duration_statement: '0',
  log_min_messages: 'debug1',
  log_min_error_statement: 'error',
  log_error_verbosity: 'verbose',
  log_parameter_max_length: '-1',
  log_parameter_max_length_on_error: '-1',
};

/**
 * Makes sessions of a database write all that PostgreSQL can: statements, parameters, and the rows that errors quote. What
 * the role of an app sets for itself counts more.
 */
async function makeLoud(database: TestDatabase, { roles }: OwnRoles): Promise<void> {
  for (const [name, value] of Object.entries(LOUD)) {
    await database.query(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET ${name} = '${value}'`);
  }
  // As a slow statement would be.
  for (const { role } of roles) await database.query(`ALTER ROLE ${role} SET log_min_duration_statement = 0`);
}

interface Table {
  schema: string;
  name: string;
  columns: string[];
}

describe('the database role of each app', () => {
  let house: House;
  let log = '';
  let tables: Table[];
  const schemasOf = new Map<AppName, string[]>();
  const sessions = new Map<AppName, Client>();

  beforeAll(async () => {
    const destination = new Writable({
      write(chunk: Buffer, _encoding, done) {
        log += chunk.toString();
        done();
      },
    });
    house = await House.start(
      merchants,
      { LOG_LEVEL: 'info', RETRY_TIME_SCALE: '0.1' },
      { log: destination, prepare: makeLoud },
    );
    for (const { name, schemas } of definitionsOf(merchants)) {
      schemasOf.set(name, [...schemas.map(({ schema }) => schema), ...SHARED]);
    }
    for (const { app, url } of house.roles.roles) {
      const client = new Client({ connectionString: url });
      await client.connect();
      sessions.set(app, client);
    }
    tables = await house.database.query<Table>(`
      SELECT n.nspname AS schema, c.relname AS name,
             ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
                                                      AND atttypid IN ('text'::regtype, 'varchar'::regtype)) AS columns
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema)' ORDER BY 1, 2`);
  });
  afterAll(async () => {
    await Promise.all([...sessions.values()].map((session) => session.end()));
    await house.stop();
  });

  const as = (app: AppName, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    sessions
      .get(app)!
      .query<Record<string, unknown>>(sql, values)
      .then(({ rows }) => rows);
  const refusalOf = (app: AppName, sql: string, values: unknown[] = []): Promise<unknown> =>
    as(app, sql, values).then(
      () => 'done',
      (error: unknown) => (error as { code?: unknown }).code,
    );

  it('is what its connections log in as, those of its queue too', async () => {
    const rows = await house.database.query<{ role: string; name: string }>(
      `SELECT DISTINCT usename AS role, application_name AS name FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'biz-%'`,
    );
    const roles = house.roles.roles.map(({ app, role }) => `biz-${app} ${role}`);
    expect(rows.filter(({ name }) => name !== 'biz-jobs').map(({ role, name }) => `${name} ${role}`)).toEqual(
      expect.arrayContaining(roles),
    );
    expect(new Set(rows.filter(({ name }) => name === 'biz-jobs').map(({ role }) => role))).toEqual(
      new Set(house.roles.roles.map(({ role }) => role)),
    );
  });

  it('is enough for the main flows of all apps, and for what recurs', async () => {
    for (const [kind, options] of [
      ['profile', {}],
      ['location', {}],
      ['image', {}],
      ['option', { productId: 'mug' }],
      ['payment', { orderSheetId: 'sheet-mug' }],
      ['subscription', { orderSheetId: 'sheet-subscription' }],
      ['sync', { steps: ['join', 'events', 'unlink'] }],
    ] as const) {
      const { verdict } = await house.play(kind, { appUserId: USER, ...options });
      expect({ kind, ...verdict }).toMatchObject({ kind, ok: true });
    }
    for (const app of ['profile', 'location', 'image'] as const) {
      const { body } = await house.operator(app, 'captures');
      const [{ id }] = body.items as [{ id: string }];
      expect((await house.operator(app, `captures/${id}`, REASON)).status).toBe(200);
    }
    await eventually(async () => {
      expect((await house.received()).length).toBeGreaterThanOrEqual(5);
    });
    await as('sync', 'SELECT privacy.erase_accesses(0), privacy.erase_location_facts(now())');
    expect(/permission denied[^"]*|must be owner[^"]*/.exec(log)).toBeNull();
  });

  it('can neither change, delete, empty nor unlock what is on record', async () => {
    const forbidden = [
      'UPDATE privacy.accesses SET reason = $$nothing$$',
      'DELETE FROM privacy.accesses',
      'TRUNCATE privacy.accesses',
      'ALTER TABLE privacy.accesses DISABLE TRIGGER ALL',
      'DROP TRIGGER accesses_kept ON privacy.accesses',
      'DROP TABLE privacy.accesses',
      'UPDATE privacy.access_ends SET sealed_key = $$mine$$',
      'DELETE FROM privacy.access_ends',
      'DELETE FROM privacy.location_facts',
      `CREATE OR REPLACE FUNCTION privacy.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'`,
    ];
    const records = await house.database.query('SELECT seq FROM privacy.accesses');
    expect(records.length).toBeGreaterThan(0);
    for (const { app } of house.roles.roles)
      for (const sql of forbidden) expect([app, sql, await refusalOf(app, sql)]).toEqual([app, sql, '42501']);
    // What is young enough stays, whatever the functions are asked.
    await expect(as('sync', 'SELECT privacy.erase_accesses(1000000)')).rejects.toThrow('append-only');
    expect(await refusalOf('payment', 'SELECT privacy.erase_accesses(1000000)')).toBe('42501');
    await expect(as('sync', `SELECT privacy.erase_location_facts(now() + interval '1 year')`)).rejects.toThrow(
      'append-only',
    );
    expect(await house.database.query('SELECT seq FROM privacy.accesses')).toEqual(records);
    expect(await refusalOf('payment', 'UPDATE payment.history SET note = $$$$')).toBe('42501');
    expect(await refusalOf('sync', 'UPDATE sync.consents SET version = $$$$')).toBe('42501');
  });

  it('may delete what its purges delete', () => {
    const owners = definitionsOf(merchants).flatMap(({ schemas }) => schemas);
    const refused = owners.flatMap(({ schema, purges = [], rights = {} }) =>
      purges
        .flatMap(({ table, children = [] }) => [table, ...children.map((child) => child.table)])
        .filter((table) => !(rights[table.slice(schema.length + 1)] ?? 'DELETE').includes('DELETE')),
    );
    expect(refused).toEqual([]);
  });

  it('has no right to any table of another app, and never more than rows to its own', async () => {
    expect(tables.length).toBeGreaterThan(25);
    const rows = await house.database.query<{ role: string; schema: string; name: string; rights: string[] }>(
      `SELECT r.rolname AS role, t.schema, t.name,
              ARRAY(SELECT kind FROM unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE','REFERENCES','TRIGGER','MAINTAIN']) AS kind
                     WHERE has_table_privilege(r.oid, format('%I.%I', t.schema, t.name)::regclass, kind)
                        OR (kind IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                            AND has_any_column_privilege(r.oid, format('%I.%I', t.schema, t.name)::regclass, kind))) AS rights
         FROM pg_roles r, jsonb_to_recordset($2::jsonb) AS t(schema text, name text) WHERE r.rolname = ANY ($1)`,
      [house.roles.roles.map(({ role }) => role), JSON.stringify(tables)],
    );
    expect(rows).toHaveLength(house.roles.roles.length * tables.length);
    const tooMuch = rows.filter(({ role, schema, rights }) => {
      const app = house.roles.roles.find((each) => each.role === role)?.app ?? 'simulator';
      if (!schemasOf.get(app)?.includes(schema)) return rights.length > 0;
      return rights.some((right) => !['SELECT', 'INSERT', 'UPDATE', 'DELETE'].includes(right));
    });
    expect(tooMuch).toEqual([]);
    expect(await refusalOf('payment', 'SELECT * FROM sync.members')).toBe('42501');
    expect(await refusalOf('payment', 'SELECT * FROM capture.captures')).toBe('42501');
    expect(await refusalOf('option', 'SELECT * FROM payment.orders')).toBe('42501');
  });

  it('may call of another app no function but those that are published', async () => {
    const rows = await house.database.query<{ role: string; schema: string; routine: string; definer: boolean }>(
      `SELECT r.rolname AS role, n.nspname AS schema, p.proname AS routine, p.prosecdef AS definer
         FROM pg_roles r, pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE r.rolname = ANY ($1) AND n.nspname !~ '^(pg_|information_schema)' AND has_function_privilege(r.oid, p.oid, 'EXECUTE')`,
      [house.roles.roles.map(({ role }) => role)],
    );
    const foreign = rows.filter(({ role, schema }) => {
      const app = house.roles.roles.find((each) => each.role === role)?.app ?? 'simulator';
      return !schemasOf.get(app)?.includes(schema);
    });
    expect(new Set(foreign.map(({ schema, routine, definer }) => `${schema}.${routine} ${String(definer)}`))).toEqual(
      new Set([
        'capture.journey true',
        'commerce.journey true',
        'payment.journey true',
        'sync.journey true',
        'sync.memberships true',
      ]),
    );
  });

  it('can make nothing, become no other, and read no password', async () => {
    for (const { app, role } of house.roles.roles) {
      const other = house.roles.roles.find((each) => each.role !== role)?.role ?? '';
      const owner = new URL(house.database.url).username;
      for (const sql of [
        'CREATE SCHEMA mine',
        'CREATE TABLE public.mine (id int)',
        'CREATE TEMPORARY TABLE mine (id int)',
        'CREATE TABLE pgboss.mine (id int)',
        'CREATE ROLE mine',
        `SET ROLE ${other}`,
        `SET ROLE ${owner}`,
        `SET SESSION AUTHORIZATION ${owner}`,
        `ALTER ROLE ${role} SUPERUSER`,
        `SET session_replication_role = replica`,
        `SET log_min_messages = debug1`,
        'SELECT * FROM pg_authid',
        `SELECT pg_read_file('/etc/hostname')`,
        `COPY (SELECT 1) TO PROGRAM 'true'`,
        `DELETE FROM platform.migrations`,
        `SELECT pgboss.create_queue('mine', '{"partition":"true","policy":"standard"}')`,
      ])
        expect([app, sql, await refusalOf(app, sql)]).toEqual([app, sql, '42501']);
    }
    const mighty = await house.database.query(
      `SELECT n.nspname FROM pg_namespace n, pg_roles r WHERE r.rolname = ANY ($1) AND has_schema_privilege(r.oid, n.oid, 'CREATE')`,
      [house.roles.roles.map(({ role }) => role)],
    );
    expect(mighty).toEqual([]);
  });

  it('writes no value of a statement into the log of PostgreSQL', async () => {
    for (const { app } of house.roles.roles) {
      const settings = await as(app, `SELECT name, setting FROM pg_settings WHERE name ~ '^log_' AND source = 'user'`);
      expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toMatchObject({
        log_min_messages: 'log',
        log_min_error_statement: 'panic',
        log_error_verbosity: 'terse',
        log_parameter_max_length: '0',
        log_parameter_max_length_on_error: '0',
      });
    }
    const codes = new Set<unknown>();
    for (const { app } of house.roles.roles) {
      for (const { schema, name, columns } of tables.filter((table) => schemasOf.get(app)?.includes(table.schema))) {
        const [column] = columns;
        if (column === undefined) continue;
        // A row that violates a constraint, or a right that is missing: PostgreSQL quotes the row, the key or the statement.
        codes.add(await refusalOf(app, `INSERT INTO ${schema}.${name} (${column}) VALUES ($1)`, [MARKED]));
        codes.add(
          await refusalOf(app, `UPDATE ${schema}.${name} SET ${column} = $1 WHERE $2::text::uuid IS NULL`, [
            MARKED,
            MARKED,
          ]),
        );
      }
      codes.add(await refusalOf(app, 'SELECT $1::uuid', [MARKED]));
      codes.add(await refusalOf(app, 'SELECT $1::jsonb', [`{"phone": ${MARKED}`]));
      expect(await refusalOf(app, 'SELECT $1::text', [MARKED])).toBe('done');
    }
    expect([...codes]).toEqual(expect.arrayContaining(['23502', '22P02']));
    expect(await logged(MARKED)).toEqual([]);
    expect((await logged('duration:')).length).toBeGreaterThan(0);
    await expectLoud();
  });

  it('that comes twice with the same tid leaves neither in the log of PostgreSQL', async () => {
    const tid = 'T9fcf3cfe00a6950d0001';
    const [first, second] = [
      await sheetOf('sheet-coffee', '9007199254741778'),
      await sheetOf('sheet-coffee', '9007199254741779'),
    ];
    const approve = ({ partner_order_id: id, partner_user_id: user }: Record<string, string>) =>
      house.post(
        'payment',
        '/order/approve',
        { partner_order_id: id, tid, zone_code: '06236', base_address: '서울', detail_address: '1' },
        { 'X-Kakao-AppUserId': user ?? '' },
      );
    const answers = await Promise.all([approve(first), approve(second)]);
    expect(answers.map(({ body }) => body.status).toSorted()).toEqual([200, 500]);
    await expect(
      as('payment', `INSERT INTO payment.attempts SELECT (a).* FROM (SELECT a FROM payment.attempts a LIMIT 1) AS one`),
    ).rejects.toThrow('duplicate key');
    expect([...(await logged(tid)), ...(await logged('already exists'))]).toEqual([]);
    await expectLoud();
  });

  /** The lines of PostgreSQL's own log that hold a text. */
  const logged = async (text: string): Promise<string[]> => {
    const [{ log: lines } = { log: '' }] = await house.database.query<{ log: string }>(
      `SELECT pg_read_file(current_setting('data_directory') || '/../postgres.log') AS log`,
    );
    return lines.split('\n').filter((line) => line.includes(text));
  };

  /** Else the absence of a value would prove nothing: the owner, who has no settings of its own, is overheard. */
  const expectLoud = async (): Promise<void> => {
    const spoken = randomUUID();
    const owner = new Client({ connectionString: house.database.url });
    await owner.connect();
    try {
      await owner.query('SELECT $1::text', [spoken]);
      await expect(owner.query('SELECT $1::int', [`int-${spoken}`])).rejects.toThrow('invalid input syntax');
    } finally {
      await owner.end();
    }
    const lines = await logged(spoken);
    expect(lines.some((line) => line.includes('ERROR:'))).toBe(true);
    expect(lines.some((line) => !line.includes('int-'))).toBe(true);
  };

  const sheetOf = async (sheet: string, user: string): Promise<Record<string, string>> => {
    const { body } = await house.get('payment', `/ordersheet?ordersheet_id=${sheet}`, { 'X-Kakao-AppUserId': user });
    return body.data as Record<string, string>;
  };
});
