import { randomBytes } from 'node:crypto';
import { createDataSource, prepareDatabase, type AppDefinition, type AppName, type Environment } from '@biz/platform';
import { asAdmin, type TestDatabase } from './test-database';

/** What each app of a test logs in to the database as. */
export interface OwnRoles {
  /** `DATABASE_URL_…` of each app. */
  env: Environment;
  roles: { app: AppName; role: string; url: string }[];
  /** After the database was dropped: roles belong to the server. */
  drop(): Promise<void>;
}

/** Does for a test database what `npm run migrate` does for one with a `DATABASE_URL_…` for each app. */
export async function ownRoles(database: TestDatabase, apps: readonly AppDefinition[]): Promise<OwnRoles> {
  const { url: ownerUrl } = database;
  const withTables = apps.filter(({ schemas }) => schemas.length > 0);
  const name = new URL(ownerUrl).pathname.slice(1);
  const accesses = withTables.map((app) => {
    const url = new URL(ownerUrl);
    url.username = `${name}_${app.name}`;
    url.password = randomBytes(12).toString('hex');
    return { name: app.name, schemas: app.schemas, url: url.href, role: url.username };
  });
  const owners = [...new Set(withTables.flatMap(({ schemas }) => schemas))];
  const owner = await createDataSource({ url: ownerUrl, poolSize: 3, name: 'migrate', schemas: owners }).initialize();
  try {
    await prepareDatabase(owner, { url: ownerUrl, apps: accesses, owners });
  } finally {
    await owner.destroy();
  }
  return {
    env: Object.fromEntries(accesses.map((app) => [`DATABASE_URL_${app.name.toUpperCase()}`, app.url])),
    roles: accesses.map(({ name: app, role, url }) => ({ app, role, url })),
    drop: () =>
      asAdmin(async (admin) => {
        await admin.query(`DROP ROLE ${accesses.map(({ role }) => role).join(', ')}`);
      }),
  };
}
