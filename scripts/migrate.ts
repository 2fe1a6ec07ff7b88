import { APP_NAMES, createDataSource, prepareDatabase } from '@biz/platform';
import { appAccesses, schemaOwners } from './apps';
import { loadEnvironment, openDatabaseOf, run } from './environment';

/**
 * Applies every pending migration of every app, or of the apps that are named, and gives each app with a DATABASE_URL_… of
 * its own the role named there and its rights. Safe to run from many machines at once: one works, the others wait.
 */
run(async () => {
  const env = loadEnvironment();
  const named = APP_NAMES.filter((name) => process.argv.includes(name));
  const owners = await schemaOwners();
  const schemas = named.length > 0 ? await schemaOwners(named) : owners;
  const apps = await appAccesses(env);
  const database = await openDatabaseOf(env);
  const dataSource = createDataSource({ url: database.url, poolSize: 3, name: 'migrate', schemas });
  try {
    await dataSource.initialize();
    const { applied, notes } = await prepareDatabase(dataSource, { url: database.url, apps, owners });
    console.log(applied.length === 0 ? 'No migration is pending.' : `Applied: ${applied.join(', ')}`);
    if (apps.length > 0) console.log(`Roles: ${apps.map(({ name }) => name).join(', ')}`);
    if (notes.length > 0) {
      console.log('PostgreSQL would write values of these roles into its own log. A superuser has to run:');
      for (const note of notes) console.log(`  ${note}`);
    }
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await database.close();
  }
});
