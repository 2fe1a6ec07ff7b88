import { createHash } from 'node:crypto';
import { merchants } from '@biz/merchants';
import { EncryptionConfig, readConfig, Vault } from '@biz/platform';
import type { AppName, Environment } from '@biz/platform';
import { findProblems } from '@biz/privacy';
import { eventually } from '@biz/testing';
import { decodeProtectedHeader } from 'jose';
import { skillPayload } from '../libs/capture/test/skill';
import { rotateKeys } from '../scripts/key-rotation';
import { definitionsOf, House } from './house';
import type { Played } from './house';
import { WITNESS } from './witness';

const OLD = `2025:${Buffer.alloc(32, 1).toString('base64')}`;
const NEW = `2026:${Buffer.alloc(32, 2).toString('base64')}`;

/** While keys are replaced. */
const BOTH = { DATA_ENCRYPTION_KEYS: `${NEW},${OLD}` };

/** The beginning of every sealed value: a JWE header, then the empty key of `dir`. */
const SEALED = `^ey[A-Za-z0-9_-]+\\.\\.`;

const REASON = { 'x-access-reason': 'rotation' };

/** Nobody in these scenarios keeps Kakao's tokens (`keepTokens`) or begins a login at `/start`. */
const NOT_WRITTEN = ['sync.members.tokens', 'sync.logins.verifier'];

describe('key rotation', () => {
  let house: House;
  const owners = [...new Set(definitionsOf(merchants).flatMap(({ schemas }) => schemas))];

  beforeAll(async () => {
    house = await House.start(merchants, { DATA_ENCRYPTION_KEYS: OLD, RETRY_TIME_SCALE: '0.2' });
    await house.database.query(WITNESS);
    for (const kind of ['profile', 'location', 'image', 'option', 'payment', 'subscription', 'sync']) {
      await house.play(kind, { orderSheetId: undefined });
    }
    await house.play('payment', { orderSheetId: 'sheet-mug' });
    const otp = `${house.url('simulator')}/otp/5fcf3cfe00a6950dc026b/profile`;
    await house.post('profile', '/skill/delivery', skillPayload({ params: { profile: otp } }));
    await house.post('profile', '/skill/delivery', skillPayload({ params: { profile: 'no OTP' } }));
    await eventually(async () => {
      expect((await house.received()).length).toBeGreaterThanOrEqual(8);
    });
    await look('profile');
  });
  afterAll(() => house.stop());

  /** Looks at the oldest capture of an app. */
  const look = async (app: 'profile' | 'location'): Promise<void> => {
    const { body } = await house.operator(app, 'captures?limit=100');
    const { id } = (body.items as { id: string }[]).at(-1) ?? { id: '' };
    const details = await house.operator(app, `captures/${id}`, REASON);
    expect(details.body).toHaveProperty('personalData.answer');
  };

  const newest = async (app: AppName, list: string): Promise<string> => {
    const { body } = await house.operator(app, `${list}?limit=1`);
    return (body.items as { id: string }[])[0]?.id ?? '';
  };

  /** What is sealed, under whatever key. */
  const plainTexts = async (env: Environment): Promise<string[]> => {
    const vault = new Vault(readConfig(EncryptionConfig, env));
    const texts = (await sealedValues()).map(async ({ place, value }) => {
      return `${place} ${await vault.open(value, String(decodeProtectedHeader(value).ctx))}`;
    });
    return (await Promise.all(texts)).sort();
  };

  /** Every sealed value of the database, wherever it stands. */
  const sealedValues = async (): Promise<{ place: string; value: string }[]> => {
    const columns = await house.database.query<{ place: string; table: string; column: string }>(
      `SELECT format('%s.%s.%s', table_schema, table_name, column_name) AS place,
              format('%I.%I', table_schema, table_name) AS table, quote_ident(column_name) AS column
         FROM information_schema.columns
        WHERE data_type IN ('text', 'jsonb', 'json') AND table_schema NOT IN ('pg_catalog', 'information_schema', 'witness')`,
    );
    const found = await Promise.all(
      columns.map(({ place, table, column }) =>
        house.database.query<{ place: string; value: string }>(
          `SELECT $1 AS place, ${column}::text AS value FROM ${table} WHERE ${column}::text ~ $2`,
          [place, SEALED],
        ),
      ),
    );
    return found.flat();
  };

  it('knows every column that something sealed was ever written to', async () => {
    const seen = await house.database.query<{ place: string }>(
      'SELECT DISTINCT place FROM witness.seen WHERE value ~ $1',
      [SEALED],
    );
    const known = owners.flatMap(({ sealed = [] }) => sealed).map(({ table, column }) => `${table}.${column}`);
    expect([...seen.map(({ place }) => place), ...NOT_WRITTEN].sort()).toEqual(known.sort());
  });

  it('can be stopped in the middle and begun again: nothing is lost, and what is left is found', async () => {
    const before = await plainTexts(BOTH);
    await house.restart(BOTH);
    // Whoever holds a row in the middle makes it wait there.
    const holder = house.database.dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query('SELECT 1 FROM capture.captures ORDER BY id OFFSET 1 LIMIT 1 FOR UPDATE');
    const rotation = rotateKeys(house.database.url, owners, BOTH);
    rotation.catch(() => undefined);
    await eventually(async () => {
      const stopped = await house.database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'biz-rotate-keys' AND wait_event_type = 'Lock'`,
      );
      expect(stopped).toHaveLength(1);
    });
    await expect(rotation).rejects.toThrow('terminat');
    await holder.rollbackTransaction();
    await holder.release();
    const kids = new Set((await sealedValues()).map(({ value }) => decodeProtectedHeader(value).kid));
    expect(kids).toEqual(new Set(['2025', '2026']));
    expect(await plainTexts(BOTH)).toEqual(before);
    await look('profile');
  });

  it('reaches every sealed value of every schema, while the apps serve, and twice is as good as once', async () => {
    expect(new Set((await sealedValues()).map(({ place }) => place)).size).toBeGreaterThanOrEqual(6);
    const [rotations, ...played] = await Promise.all([
      rotateKeys(house.database.url, owners, BOTH),
      house.play('profile'),
      house.play('location'),
      house.play('payment'),
      look('profile'),
      look('location'),
    ]);
    expect(played.slice(0, 3).map((each) => (each as Played).verdict.ok)).toEqual([true, true, true]);
    expect(rotations.flatMap(({ unreadable }) => unreadable)).toEqual([]);
    expect(rotations.map(({ table, column }) => `${table}.${column}`)).toContain('privacy.access_ends.sealed_key');

    const after = await sealedValues();
    const left = after.filter(({ value }) => decodeProtectedHeader(value).kid !== '2026');
    expect(left.map(({ place }) => place)).toEqual([]);
    const vault = new Vault(readConfig(EncryptionConfig, { DATA_ENCRYPTION_KEYS: NEW }));
    for (const { value } of after) await vault.open(value, String(decodeProtectedHeader(value).ctx));

    const again = await rotateKeys(house.database.url, owners, BOTH);
    expect(again.map(({ resealed }) => resealed)).toEqual(again.map(() => 0));
  });

  it('leaves nothing that needs the old key: what was kept is shown, and the access log proves itself', async () => {
    const env = { DATA_ENCRYPTION_KEYS: NEW };
    await house.restart(env);
    await look('profile');
    const image = await newest('image', 'captures');
    const picture = await house.operator('image', `captures/${image}`, REASON);
    const [file] = picture.body.files as { id: string; size: number; sha256: string }[];
    const shown = await fetch(`${house.url('image')}/operator/captures/${image}/files/${file?.id ?? ''}`, {
      headers: { ...REASON, authorization: 'Bearer dev-operator-token' },
    });
    const bytes = Buffer.from(await shown.arrayBuffer());
    expect([shown.status, bytes.length]).toEqual([200, file?.size]);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(file?.sha256);
    const member = await house.operator('sync', `members/${await newest('sync', 'members')}`, REASON);
    expect(member.body).toHaveProperty('account.name');
    expect((await house.play('payment')).verdict.ok).toBe(true);

    const vault = new Vault(readConfig(EncryptionConfig, env));
    const { lines, problems } = await findProblems(house.database.dataSource, vault);
    expect([lines, problems]).toEqual([8, []]);
  });

  it('names the rows it cannot open and touches nothing', async () => {
    const before = await sealedValues();
    const stranger = `2027:${Buffer.alloc(32, 3).toString('base64')}`;
    const rotations = await rotateKeys(house.database.url, owners, { DATA_ENCRYPTION_KEYS: stranger });
    expect(rotations.flatMap(({ unreadable }) => unreadable)).toHaveLength(before.length);
    expect(await sealedValues()).toEqual(before);
  });
});
