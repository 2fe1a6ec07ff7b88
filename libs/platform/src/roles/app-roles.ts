import { Client } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import type { AppName } from '../config/addresses.config';
import { HOUSE_SCHEMA, migrate, MIGRATIONS_TABLE, withMigrationLock } from '../database/database';
import type { SchemaOwner } from '../database/schema-owner';
import { quoted, rightsOf } from './app-rights';
import { installQueue, queueSchema } from './queue-schema';
import { scramVerifier } from './scram-verifier';

/** An app and its own connection. */
export interface AppAccess {
  name: AppName;
  schemas: readonly SchemaOwner[];
  /** User and password become its role. */
  url: string;
}

/** Which migrations ran: every app asks whether the database is current. */
const houseSchema: SchemaOwner = {
  schema: HOUSE_SCHEMA,
  entities: [],
  migrations: [],
  rights: { [MIGRATIONS_TABLE]: 'SELECT' },
};

/**
 * What PostgreSQL writes into its own log about an app's statements. Its errors quote values (`Key (tid)=(T123…) already
 * exists`, `invalid input syntax for type uuid: "…"`), and slow statements their parameters. The app logs the same errors, without values.
 */
const LOG_SETTINGS = [
  ['log_min_messages', 'log'],
  ['log_min_error_statement', 'panic'],
  ['log_error_verbosity', 'terse'],
  ['log_parameter_max_length', '0'],
  ['log_parameter_max_length_on_error', '0'],
] as const;

const UNKNOWN_LOGIN = new Set<unknown>(['28P01', '28000']);
const MISSING_RIGHT = '42501';

const ROLE = `
  SELECT r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls AS mighty,
         coalesce((SELECT array_agg(quote_ident(g.rolname)) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                    WHERE m.member = r.oid), '{}')::text[] AS groups,
         r.rolconfig::text[] AS settings
    FROM pg_roles r WHERE r.rolname = $1`;

const PRESENT = `
  SELECT name FROM jsonb_to_recordset($1::jsonb) AS named(kind text, name text)
   WHERE CASE kind WHEN 'schema' THEN to_regnamespace(name) IS NOT NULL
                   WHEN 'table' THEN to_regclass(name) IS NOT NULL
                   ELSE to_regprocedure(name) IS NOT NULL END`;

interface RoleRow {
  mighty: boolean;
  groups: string[];
  settings: string[] | null;
}

/** A role that cannot be what an app logs in as; ready to print. */
export class RoleProblem extends Error {
  override name = 'RoleProblem';
}

export interface Prepared {
  /** Names of the migrations that were applied. */
  applied: string[];
  /** What the owner may not do itself, for a database administrator; one line each. */
  notes: string[];
}

/**
 * Makes a database ready for its apps: migrations, the queue's tables, and for each app with a connection of its own a
 * login role with the rights that its schemas declare. Safe to repeat, and to run from many machines at once.
 *
 * @param dataSource of the owner, with the migrations to apply
 * @param owners of every schema that may be there
 */
export async function prepareDatabase(
  dataSource: DataSource,
  { url, apps, owners }: { url: string; apps: readonly AppAccess[]; owners: readonly SchemaOwner[] },
): Promise<Prepared> {
  const applied = await migrate(dataSource);
  const notes = await withMigrationLock(dataSource, async () => {
    await installQueue(url);
    const roles = apps.map((app) => ({ ...app, ...loginOf(app.url) })).filter(({ role }) => role !== loginOf(url).role);
    const notes: string[] = [];
    for (const app of roles) {
      await ensureLogin(dataSource, app);
      notes.push(...(await keepLogQuiet(dataSource, app.role)));
    }
    await dataSource.transaction((manager) => grant(manager, roles, [...owners, queueSchema, houseSchema]));
    return notes;
  });
  return { applied, notes };
}

async function grant(
  manager: EntityManager,
  apps: readonly { role: string; schemas: readonly SchemaOwner[] }[],
  owners: readonly SchemaOwner[],
): Promise<void> {
  if (apps.length === 0) return;
  const known = await presentOf(manager, owners);
  const shared = [queueSchema, houseSchema];
  const [{ name } = { name: '' }] = await manager.query<{ name: string }[]>('SELECT current_database() AS name');
  const database = quoted(name);
  await manager.query(
    [
      `REVOKE TEMPORARY ON DATABASE ${database} FROM PUBLIC`,
      `REVOKE CREATE ON SCHEMA public FROM PUBLIC`,
      `ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC`,
      ...apps.map(({ role }) => `GRANT CONNECT ON DATABASE ${database} TO ${quoted(role)}`),
      ...rightsOf(
        apps.map(({ role, schemas }) => ({ role, schemas: [...schemas, ...shared] })),
        known,
      ),
    ].join(';\n'),
  );
}

/** The owners whose schemas are there, with what there is of each: an app that does not run here has not been migrated. */
async function presentOf(manager: EntityManager, owners: readonly SchemaOwner[]): Promise<SchemaOwner[]> {
  const named = owners.flatMap(({ schema, rights = {}, published = [] }) => [
    { kind: 'schema', name: schema },
    ...Object.keys(rights).map((table) => ({ kind: 'table', name: `${schema}.${table}` })),
    ...published.map((routine) => ({ kind: 'routine', name: `${schema}.${routine}` })),
  ]);
  const found = await manager.query<{ name: string }[]>(PRESENT, [JSON.stringify(named)]);
  const there = new Set(found.map(({ name }) => name));
  return owners
    .filter(({ schema }) => there.has(schema))
    .map((owner) => ({
      ...owner,
      rights: Object.fromEntries(
        Object.entries(owner.rights ?? {}).filter(([table]) => there.has(`${owner.schema}.${table}`)),
      ),
      published: owner.published?.filter((routine) => there.has(`${owner.schema}.${routine}`)),
    }));
}

/** Makes the role, or gives it the password of the address. One that can log in already is left as it is. */
async function ensureLogin(
  dataSource: DataSource,
  { name, url, role, password }: AppAccess & { role: string; password: string },
): Promise<void> {
  const variable = `DATABASE_URL_${name.toUpperCase()}`;
  const known = await roleOf(dataSource, role);
  if (known?.mighty)
    throw new RoleProblem(`${variable}: the role ${role} is a superuser, or may make roles or databases; name another`);
  if (known?.groups.length)
    throw new RoleProblem(`${variable}: the role ${role} is a member of ${known.groups.join(', ')}; name another`);
  if (known && (await canLogIn(url))) return;
  const verb = known ? 'ALTER' : 'CREATE';
  await dataSource.query(`${verb} ROLE ${quoted(role)} LOGIN PASSWORD '${scramVerifier(password)}'`);
}

async function roleOf(dataSource: DataSource, role: string): Promise<RoleRow | undefined> {
  const [row] = await dataSource.query<RoleRow[]>(ROLE, [role]);
  return row;
}

async function canLogIn(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    return true;
  } catch (error) {
    if (UNKNOWN_LOGIN.has((error as { code?: unknown }).code)) return false;
    throw error;
  } finally {
    await client.end();
  }
}

/** @returns what a superuser has to do instead */
async function keepLogQuiet(dataSource: DataSource, role: string): Promise<string[]> {
  const settings = new Set((await roleOf(dataSource, role))?.settings ?? []);
  const missing = LOG_SETTINGS.filter(([name, value]) => !settings.has(`${name}=${value}`));
  const notes: string[] = [];
  for (const [name, value] of missing) {
    const statement = `ALTER ROLE ${quoted(role)} SET ${name} = '${value}'`;
    try {
      await dataSource.query(statement);
    } catch (error) {
      if ((error as { code?: unknown }).code !== MISSING_RIGHT) throw error;
      notes.push(`${statement};`);
    }
  }
  return notes;
}

function loginOf(url: string): { role: string; password: string } {
  const { username, password } = new URL(url);
  return { role: decodeURIComponent(username), password: decodeURIComponent(password) };
}
