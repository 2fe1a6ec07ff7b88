import { APP_NAMES, createDataSource, migrate } from '@biz/platform';
import { schemaOwners } from './apps';
import { loadEnvironment, openDatabaseOf, run } from './environment';

/** Applies every pending migration of every app, or of the apps that are named. Safe to run from many machines at once: one works, the others wait. */
run(async () => {
  const named = APP_NAMES.filter((name) => process.argv.includes(name));
  const schemas = await schemaOwners(named.length > 0 ? named : APP_NAMES);
  const database = await openDatabaseOf(loadEnvironment());
  const dataSource = createDataSource({ url: database.url, poolSize: 2, name: 'migrate', schemas });
  try {
    await dataSource.initialize();
    const applied = await migrate(dataSource);
    console.log(applied.length === 0 ? 'No migration is pending.' : `Applied: ${applied.join(', ')}`);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await database.close();
  }
});
