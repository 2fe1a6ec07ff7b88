import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { EncryptionConfig, readConfig, Vault } from '@biz/platform';
import { eventually, testDatabase, times, type TestDatabase } from '@biz/testing';
import { decodeProtectedHeader } from 'jose';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { rotateKeys } from './key-rotation';

class Letters1763900000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE SCHEMA letters');
    await runner.query('CREATE TABLE letters.letters (id integer PRIMARY KEY, text_sealed text)');
  }
  down(): Promise<void> {
    return Promise.resolve();
  }
}
const letters = {
  schema: 'letters',
  entities: [],
  migrations: [Letters1763900000001],
  sealed: [{ table: 'letters.letters', key: 'id', column: 'text_sealed' }],
};

const key = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;
const [first, second, lost] = [key('first'), key('second'), key('lost')];
const environment = (...keys: string[]) => ({ DATA_ENCRYPTION_KEYS: keys.join(',') });
const vault = (...keys: string[]) => new Vault(readConfig(EncryptionConfig, environment(...keys)));

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase(letters);
});
afterAll(() => database.drop());

async function put(id: number, text: string | null, ...keys: string[]): Promise<void> {
  const sealed = text === null ? null : await vault(...keys).seal(text, 'letters.text');
  await database.query('INSERT INTO letters.letters VALUES ($1, $2)', [id, sealed]);
}

it('seals every value under the newest key, batch by batch, and names what it cannot open', async () => {
  await Promise.all(times(450, (n) => put(n, `letter ${n}`, first)));
  await put(1000, 'new already', second, first);
  await put(1001, null);
  await put(1002, 'from a key that is gone', lost);

  const rotate = () => rotateKeys(database.url, [letters], environment(second, first));
  expect(await rotate()).toEqual([
    { table: 'letters.letters', column: 'text_sealed', resealed: 450, current: 451, unreadable: [1002] },
  ]);

  // The older key opens nothing any more, because nothing needs it.
  const rows = await database.query<{ id: number; text_sealed: string }>(
    'SELECT * FROM letters.letters WHERE id < 1000 ORDER BY id',
  );
  const texts = await Promise.all(rows.map((row) => vault(second).open(row.text_sealed, 'letters.text')));
  expect(texts).toEqual(times(450, (n) => `letter ${n}`));

  expect(await rotate()).toEqual([
    { table: 'letters.letters', column: 'text_sealed', resealed: 0, current: 451, unreadable: [1002] },
  ]);
});

it('leaves a value alone that an app writes at the same moment', async () => {
  await put(2000, 'before', first);
  const writer = database.dataSource.createQueryRunner();
  await writer.startTransaction();
  const newer = await vault(second).seal('after', 'letters.text');
  await writer.query('UPDATE letters.letters SET text_sealed = $1 WHERE id = 2000', [newer]);

  const rotation = rotateKeys(database.url, [letters], environment(second, first));
  await untilBlocked();
  await writer.commitTransaction();
  await writer.release();
  expect(await rotation).toMatchObject([{ resealed: 0 }]);

  expect(await database.query('SELECT text_sealed FROM letters.letters WHERE id = 2000')).toEqual([
    { text_sealed: newer },
  ]);
});

it('finds what a transaction copied inside SQL behind its back, and ends when that has been committed', async () => {
  await put(3001, 'held', first);
  await put(3002, 'copied', first);
  const holder = database.dataSource.createQueryRunner();
  await holder.startTransaction();
  await holder.query('SELECT 1 FROM letters.letters WHERE id = 3001 FOR UPDATE');
  const rotation = rotateKeys(database.url, [letters], environment(second, first));
  await untilBlocked();
  // In front of where the rotation is, from behind it.
  const copier = database.dataSource.createQueryRunner();
  await copier.startTransaction();
  await copier.query('INSERT INTO letters.letters SELECT 3000, text_sealed FROM letters.letters WHERE id = 3002');
  await holder.rollbackTransaction();
  await holder.release();
  await eventually(async () => {
    const waits = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'biz-rotate-keys' AND query LIKE '%virtualxid%'`;
    expect(await database.query(waits)).toHaveLength(1);
  });
  await copier.commitTransaction();
  await copier.release();

  expect(await rotation).toMatchObject([{ resealed: 3 }]);
  expect(await sealedBy('first')).toEqual([]);
});

it('names, once, whom it still waits for after a while', async () => {
  const forgotten = database.dataSource.createQueryRunner();
  await forgotten.startTransaction();
  const [{ pid, since }] = (await forgotten.query('SELECT pg_backend_pid() AS pid, now() AS since')) as [
    { pid: number; since: Date },
  ];
  const said: string[] = [];
  const say = (text: string) => said.push(text);
  const rotation = rotateKeys(database.url, [letters], environment(second, first), { say, silentMs: 300 });
  await eventually(() => {
    expect(said).toHaveLength(1);
  });
  // Time enough to say it again.
  await delay(700);
  await forgotten.commitTransaction();
  await forgotten.release();
  await rotation;
  expect(said).toEqual([
    `waits for transactions that are still open: pid ${pid} (biz-test) since ${since.toISOString()}`,
  ]);

  await rotateKeys(database.url, [letters], environment(second, first), { say });
  expect(said).toHaveLength(1);
});

it('gives up, and says why, while an app goes on sealing with another key, and still what it cannot open', async () => {
  const older = await vault(first).seal('again', 'letters.text');
  await database.query('INSERT INTO letters.letters VALUES (4000, $1)', [older]);
  await database.query(`
    CREATE FUNCTION letters.write_again() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO letters.letters VALUES (OLD.id + 1, OLD.text_sealed);
      RETURN NULL;
    END $$;
    CREATE TRIGGER write_again AFTER UPDATE ON letters.letters FOR EACH ROW EXECUTE FUNCTION letters.write_again()`);

  await expect(rotateKeys(database.url, [letters], environment(second, first))).rejects.toThrow(
    /^an app still seals with another key than second: .*\nletters\.letters\.text_sealed cannot be opened with .* in rows 1002$/,
  );
  await database.query('DROP FUNCTION letters.write_again CASCADE');
});

it('seals with the key that is named, also when it is not the newest', async () => {
  const env = { ...environment(second, first), DATA_ENCRYPTION_SEAL_WITH: 'first' };
  await rotateKeys(database.url, [letters], env);
  expect(await sealedBy('second')).toEqual([]);
});

/** The rows whose value names this key. */
async function sealedBy(kid: string): Promise<number[]> {
  const rows = await database.query<{ id: number; text_sealed: string }>(
    'SELECT * FROM letters.letters WHERE text_sealed IS NOT NULL',
  );
  return rows.filter((row) => decodeProtectedHeader(row.text_sealed).kid === kid).map(({ id }) => id);
}

/** The rotation waits for the row that the writer holds. */
async function untilBlocked(): Promise<void> {
  for (;;) {
    const waiting = await database.query(
      "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    if (waiting.length > 0) return;
  }
}
