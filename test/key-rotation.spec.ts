import { merchants } from '@biz/merchants';
import { EncryptionConfig, readConfig, Vault } from '@biz/platform';
import { findProblems } from '@biz/privacy';
import { eventually } from '@biz/testing';
import { decodeProtectedHeader } from 'jose';
import { rotateKeys } from '../scripts/key-rotation';
import { definitionsOf, House } from './house';
import type { Played } from './house';

const OLD = `2025:${Buffer.alloc(32, 1).toString('base64')}`;
const NEW = `2026:${Buffer.alloc(32, 2).toString('base64')}`;

/** The beginning of every sealed value: a JWE header, then the empty key of `dir`. */
const SEALED = `^ey[A-Za-z0-9_-]+\\.\\.`;

describe('key rotation', () => {
  let house: House;

  beforeAll(async () => {
    house = await House.start(merchants, { DATA_ENCRYPTION_KEYS: OLD, RETRY_TIME_SCALE: '0.2' });
    for (const kind of ['profile', 'location', 'image', 'option', 'payment', 'subscription', 'sync']) {
      await house.play(kind, { orderSheetId: undefined });
    }
    await house.play('payment', { orderSheetId: 'sheet-mug' });
    await eventually(async () => {
      expect((await house.received()).length).toBeGreaterThanOrEqual(8);
    });
    await look('profile');
  }, 90_000);
  afterAll(() => house.stop());

  /** Looks at the oldest capture of an app. */
  const look = async (app: 'profile' | 'location'): Promise<void> => {
    const { body } = await house.operator(app, 'captures?limit=100');
    const { id } = (body.items as { id: string }[]).at(-1) ?? { id: '' };
    const details = await house.operator(app, `captures/${id}`, { 'x-access-reason': 'rotation' });
    expect(details.body).toHaveProperty('personalData.answer');
  };

  /** Every sealed value of the database, wherever it stands. */
  const sealedValues = async (): Promise<{ place: string; value: string }[]> => {
    const columns = await house.database.query<{ place: string; table: string; column: string }>(
      `SELECT format('%s.%s.%s', table_schema, table_name, column_name) AS place,
              format('%I.%I', table_schema, table_name) AS table, quote_ident(column_name) AS column
         FROM information_schema.columns
        WHERE data_type IN ('text', 'jsonb', 'json') AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
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

  it('reaches every sealed value of every schema, while the apps serve, and twice is as good as once', async () => {
    const before = await sealedValues();
    expect(new Set(before.map(({ place }) => place)).size).toBeGreaterThanOrEqual(6);
    expect(new Set(before.map(({ value }) => decodeProtectedHeader(value).kid))).toEqual(new Set(['2025']));

    const owners = [...new Set(definitionsOf(merchants).flatMap(({ schemas }) => schemas))];
    const env = { DATA_ENCRYPTION_KEYS: `${NEW},${OLD}` };
    await house.restart(env);
    const [rotations, ...played] = await Promise.all([
      rotateKeys(house.database.url, owners, env),
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

    const again = await rotateKeys(house.database.url, owners, env);
    expect(again.map(({ resealed }) => resealed)).toEqual(again.map(() => 0));
  }, 60_000);

  it('leaves nothing that needs the old key: what was kept is shown, and the access log proves itself', async () => {
    const env = { DATA_ENCRYPTION_KEYS: NEW };
    await house.restart(env);
    await look('profile');
    const vault = new Vault(readConfig(EncryptionConfig, env));
    const { lines, problems } = await findProblems(house.database.dataSource, vault);
    expect([lines, problems]).toEqual([4, []]);
  });

  it('names the rows it cannot open and touches nothing', async () => {
    const owners = [...new Set(definitionsOf(merchants).flatMap(({ schemas }) => schemas))];
    const before = await sealedValues();
    const stranger = `2027:${Buffer.alloc(32, 3).toString('base64')}`;
    const rotations = await rotateKeys(house.database.url, owners, { DATA_ENCRYPTION_KEYS: stranger });
    expect(rotations.flatMap(({ unreadable }) => unreadable)).toHaveLength(before.length);
    expect(await sealedValues()).toEqual(before);
  });
});
