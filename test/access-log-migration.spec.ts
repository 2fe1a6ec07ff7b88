import { createDataSource, migrate } from '@biz/platform';
import type { SchemaOwner } from '@biz/platform';
import { captureSchema } from '@biz/capture';
import { privacySchema } from '@biz/privacy';
import { testDatabase } from '@biz/testing';
import { syncSchema } from '../apps/sync/src/sync.schema';

const CAPTURE = '019ab0c0-0000-7000-8000-00000000000a';
const MEMBER = '019ab0c0-0000-7000-8000-00000000000b';
const first = (owner: SchemaOwner): SchemaOwner => ({
  ...owner,
  entities: [],
  migrations: owner.migrations.slice(0, 1),
});

describe('the access logs of earlier versions', () => {
  it('become one, in the order of time, and leave nothing behind', async () => {
    const database = await testDatabase(first(captureSchema), first(syncSchema));
    try {
      await database.query(
        `INSERT INTO capture.accesses VALUES
           (gen_random_uuid(), $1, 'shop', 'details', NULL, 'first', '10.0.0.1', '2026-01-01'),
           (gen_random_uuid(), $1, 'shop', 'file', $2, 'third', '10.0.0.1', '2026-01-03')`,
        [CAPTURE, MEMBER],
      );
      await database.query(
        `INSERT INTO sync.accesses VALUES (gen_random_uuid(), $1, 'shop', 'second', '10.0.0.2', '2026-01-02')`,
        [MEMBER],
      );
      const schemas = [privacySchema, captureSchema, syncSchema];
      const dataSource = createDataSource({ url: database.url, poolSize: 2, name: 'test', schemas });
      await dataSource.initialize();
      await migrate(dataSource);
      const rows = await dataSource.query<object[]>(
        'SELECT seq, app, subject, what, part, reason, code FROM privacy.accesses ORDER BY seq',
      );
      const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
      await dataSource.destroy();
      expect(rows).toEqual([
        { seq: '1', app: 'capture', subject: CAPTURE, what: 'details', part: null, reason: 'first', code: null },
        { seq: '2', app: 'sync', subject: MEMBER, what: 'member', part: null, reason: 'second', code: null },
        { seq: '3', app: 'capture', subject: CAPTURE, what: 'file', part: MEMBER, reason: 'third', code: null },
      ]);
      expect(upQueries.map(({ query }) => query)).toEqual([]);
      expect(
        await database.query(`SELECT to_regclass('capture.accesses') AS a, to_regclass('sync.accesses') AS b`),
      ).toEqual([{ a: null, b: null }]);
    } finally {
      await database.drop();
    }
  });

  it('leave nothing behind either when an app is first started after the move', async () => {
    const database = await testDatabase(privacySchema);
    try {
      const dataSource = createDataSource({
        url: database.url,
        poolSize: 2,
        name: 'test',
        schemas: [privacySchema, captureSchema, syncSchema],
      });
      await dataSource.initialize();
      await migrate(dataSource);
      await dataSource.destroy();
      expect(
        await database.query(`SELECT to_regclass('capture.accesses') AS a, to_regclass('sync.accesses') AS b`),
      ).toEqual([{ a: null, b: null }]);
    } finally {
      await database.drop();
    }
  });
});
