import { randomBytes } from 'node:crypto';
import { EncryptionConfig, readConfig, Vault } from '@biz/platform';
import { testDatabase, times, type TestDatabase } from '@biz/testing';
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
    { table: 'letters.letters', column: 'text_sealed', resealed: 450, current: 1, unreadable: [1002] },
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

/** The rotation waits for the row that the writer holds. */
async function untilBlocked(): Promise<void> {
  for (;;) {
    const waiting = await database.query(
      "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    if (waiting.length > 0) return;
  }
}
