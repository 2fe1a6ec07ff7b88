import { createDataSource, migrate } from '@biz/platform';
import { schemaOwners } from './apps';
import { run } from './environment';
import { rotateKeys } from './key-rotation';
import { startPostgres } from './postgres/embedded-postgres';

/** Applies every migration to an empty database and asks TypeORM what the entities would still change. */
run(async () => {
  const owners = await schemaOwners();
  const postgres = await startPostgres({ ephemeral: true });
  const dataSource = createDataSource({ url: postgres.url, poolSize: 2, name: 'check', schemas: owners });
  try {
    await dataSource.initialize();
    const applied = await migrate(dataSource);
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    // Fails on a sealed column that is named wrongly: key rotation would pass it over.
    await rotateKeys(postgres.url, owners, {});
    if (upQueries.length === 0) {
      console.log(`${applied.length} migrations make what the ${dataSource.entityMetadatas.length} entities describe.`);
      return;
    }
    console.error('The entities and the migrations differ. What TypeORM would do to the migrated database:\n');
    for (const { query } of upQueries) console.error(`  ${query}`);
    console.error(
      '\nIf the entity is right, write this into a new migration of its owner; if the migration is right, mend the entity ' +
        '(names of constraints and indexes count too).',
    );
    process.exitCode = 1;
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await postgres.stop();
  }
});
