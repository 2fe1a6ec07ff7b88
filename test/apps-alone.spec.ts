import { merchants } from '@biz/merchants';
import { createDataSource, migrate } from '@biz/platform';
import type { AppName, SchemaOwner } from '@biz/platform';
import { testDatabase } from '@biz/testing';
import type { TestDatabase } from '@biz/testing';
import { definitionsOf } from './house';

interface App {
  name: AppName;
  owners: SchemaOwner[];
}

/** Apps with the same owners of schemas have the same migrations, so one of them is enough. */
function distinctApps(): App[] {
  const found = new Map<string, App>();
  for (const { name, schemas: owners } of definitionsOf(merchants)) {
    const key = owners.map(({ schema }) => schema).join(' ');
    if (owners.length > 0 && !found.has(key)) found.set(key, { name, owners });
  }
  return [...found.values()];
}

/** Columns, constraints, indexes, functions and triggers of these schemas, a line each, in no order of their making. */
const CATALOGUE = `
  SELECT concat_ws(' ', 'column', table_schema, table_name, column_name, data_type, is_nullable, column_default) AS line
    FROM information_schema.columns WHERE table_schema = ANY($1)
  UNION ALL SELECT concat_ws(' ', 'constraint', n.nspname, r.relname, c.conname, pg_get_constraintdef(c.oid))
    FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace LEFT JOIN pg_class r ON r.oid = c.conrelid
   WHERE n.nspname = ANY($1)
  UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = ANY($1)
  UNION ALL SELECT concat_ws(' ', 'function', n.nspname, p.proname, md5(pg_get_functiondef(p.oid)))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY($1)
  UNION ALL SELECT concat_ws(' ', 'trigger', n.nspname, r.relname, pg_get_triggerdef(t.oid))
    FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid JOIN pg_namespace n ON n.oid = r.relnamespace
   WHERE n.nspname = ANY($1) AND NOT t.tgisinternal
  ORDER BY line`;

const together = (...apps: App[]): SchemaOwner[] => [...new Set(apps.flatMap(({ owners }) => owners))];

const APPS = distinctApps();
const PAIRS = APPS.flatMap((first) => APPS.filter((second) => second !== first).map((second) => ({ first, second })));

/** `npm run check:migrations` compares what all apps make at once with the entities; here that is compared with every other order. */
describe('the migrations of an empty database', () => {
  let all: TestDatabase;
  beforeAll(async () => {
    all = await testDatabase();
    await migrateAll(all, together(...APPS));
  });
  afterAll(() => all.drop());

  async function migrateAll({ url }: TestDatabase, schemas: SchemaOwner[]): Promise<void> {
    const dataSource = createDataSource({ url, poolSize: 2, name: 'test', schemas });
    await dataSource.initialize();
    await migrate(dataSource).finally(() => dataSource.destroy());
  }

  /** Migrates an empty database for these owners, one step after the other as the launcher does. */
  async function expectSame(...steps: SchemaOwner[][]): Promise<void> {
    const database = await testDatabase();
    try {
      for (const owners of steps) await migrateAll(database, owners);
      const schemas = [steps.flat().map(({ schema }) => schema)];
      expect(await database.query(CATALOGUE, schemas)).toEqual(await all.query(CATALOGUE, schemas));
    } finally {
      await database.drop();
    }
  }

  it('are tried for each set of schemas there is', () => {
    expect(APPS.map(({ name }) => name)).toEqual(['profile', 'option', 'payment', 'sync']);
  });

  it.each(APPS)('make the same tables when $name starts alone', async ({ owners }) => {
    await expectSame(owners);
  });

  it.each(PAIRS)(
    'make the same tables when $second.name comes to a database of $first.name',
    async ({ first, second }) => {
      await expectSame(first.owners, together(first, second));
    },
  );

  it.each(PAIRS.filter(({ first, second }) => first.name < second.name))(
    'make the same tables when $first.name and $second.name start at once',
    async ({ first, second }) => {
      await expectSame(together(second, first));
    },
  );
});
