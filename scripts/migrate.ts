import {
  APP_NAMES,
  ConfigError,
  connectPatiently,
  createDataSource,
  databaseProblems,
  prepareDatabase,
} from '@biz/platform';
import { appAccesses, schemaOwners } from './apps';
import { loadEnvironment, openDatabaseOf, run } from './environment';

/**
 * Applies every pending migration of every app, or of the apps that are named, and gives each app with a DATABASE_URL_… of
 * its own the role named there and its rights. It refuses the passwords that the apps refuse, and waits for a database that is
 * not there yet. Safe to run from many machines at once: one works, the others wait.
 */
run(async () => {
  const env = loadEnvironment();
  const named = APP_NAMES.filter((name) => process.argv.includes(name));
  const owners = await schemaOwners();
  const schemas = named.length > 0 ? await schemaOwners(named) : owners;
  const apps = await appAccesses(env);
  const database = await openDatabaseOf(env);
  const own = apps.map(({ name, url }) => [`DATABASE_URL_${name.toUpperCase()}`, url]);
  const problems = databaseProblems({ DATABASE_URL: database.url, ...(Object.fromEntries(own) as object) }, env);
  const dataSource = createDataSource({ url: database.url, poolSize: 3, name: 'migrate', schemas });
  try {
    if (problems.length > 0) throw new ConfigError(problems);
    await connectPatiently(dataSource, (failure, pauseMs) => {
      console.log(`The database is not there yet (${failure}): trying again in ${pauseMs / 1_000} s`);
    });
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
