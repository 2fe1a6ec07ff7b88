import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AfterCommit } from './after-commit';
import { isOutage } from './brief-outage';
import type { QueryRunner } from 'typeorm';
import type { SchemaOwner } from './schema-owner';
import { endingSilence } from './silent-connection';

/** Where TypeORM notes which migrations ran; it belongs to no owner. */
export const HOUSE_SCHEMA = 'platform';
export const MIGRATIONS_TABLE = 'migrations';
/** Any number, as long as every instance takes the same. */
const MIGRATION_LOCK = 7_246_331;

const CONNECT_ATTEMPTS = 30;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** With the pauses above, some forty seconds: a container of PostgreSQL that makes its data folder takes ten. */
const PATIENT_ATTEMPTS = 12;
const CONNECT_MS = 5_000;

export interface DatabaseOptions {
  url: string;
  poolSize: number;
  /** Shown in pg_stat_activity. */
  name: string;
  schemas: SchemaOwner[];
}

/** @param pool what the pool of connections is told besides */
export function createDataSource({ url, poolSize, name, schemas }: DatabaseOptions, pool: object = {}): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    applicationName: `biz-${name}`,
    poolSize,
    connectTimeoutMS: CONNECT_MS,
    extra: pool,
    schema: HOUSE_SCHEMA,
    entities: schemas.flatMap(({ entities }) => entities),
    migrations: schemas.flatMap(({ migrations }) => migrations),
    migrationsTableName: MIGRATIONS_TABLE,
    subscribers: [AfterCommit],
    // gen_random_uuid() is part of PostgreSQL: no extension to install, no superuser needed.
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    logging: false,
  });
}

/**
 * Connects, waiting up to half a minute for a server that is just starting, and applies pending migrations; as the
 * role of an app it waits until the owner has applied them.
 *
 * @param silentMs a statement that is not answered within it ends its connection; a migration may take longer
 */
export async function openDatabase(options: DatabaseOptions & { silentMs: number }): Promise<DataSource> {
  let isMigrating = true;
  const pool = endingSilence(options.silentMs, () => isMigrating);
  const dataSource = createDataSource(options, pool);
  for (let attempt = 1; !dataSource.isInitialized; attempt++) {
    try {
      await dataSource.initialize();
    } catch (error) {
      // A name that nobody knows is mistyped more often than its server is late.
      const isMistyped = (error as { code?: unknown }).code === 'ENOTFOUND';
      if (attempt === CONNECT_ATTEMPTS || isMistyped || !isOutage(error)) throw error;
      if (attempt === 1) new Logger('Database').warn({ error }, 'the database is not there yet: waiting for it');
      await delay(1000);
    }
  }
  try {
    if (await mayMigrate(dataSource)) await migrate(dataSource);
    else await untilMigrated(dataSource);
    isMigrating = false;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
  return dataSource;
}

/**
 * Connects for a program that may run before its database does, as in the start order of containers: a name that is not
 * known yet is tried again too.
 *
 * @param tell hears of each failed attempt: what failed, and the milliseconds until the next
 */
export async function connectPatiently(
  dataSource: DataSource,
  tell: (failure: string, pauseMs: number) => void,
): Promise<void> {
  for (let attempt = 1; !dataSource.isInitialized; attempt++) {
    try {
      await dataSource.initialize();
    } catch (error) {
      if (attempt === PATIENT_ATTEMPTS || !isOutage(error)) throw error;
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
      tell((error as { code?: string }).code ?? 'no answer', pauseMs);
      await delay(pauseMs);
    }
  }
}

/** The migrations of this data source that the database has not seen, oldest first. */
export async function pendingMigrations(dataSource: DataSource): Promise<string[]> {
  const names = dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name);
  const [table] = await dataSource.query<{ found: string | null }[]>(`SELECT to_regclass($1) AS found`, [
    `${HOUSE_SCHEMA}.${MIGRATIONS_TABLE}`,
  ]);
  if (!table?.found) return names;
  const done = await dataSource.query<{ name: string }[]>(`SELECT name FROM ${HOUSE_SCHEMA}.${MIGRATIONS_TABLE}`);
  const seen = new Set(done.map(({ name }) => name));
  return names.filter((name) => !seen.has(name));
}

/**
 * Applies pending migrations, each in a transaction of its own.
 *
 * Any number of instances may start at once: one holds the lock, the others wait and find nothing left to do.
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  if ((await pendingMigrations(dataSource)).length === 0) return [];
  return withMigrationLock(dataSource, async (lock) => {
    await lock.query(`CREATE SCHEMA IF NOT EXISTS ${HOUSE_SCHEMA}`);
    const applied = await dataSource.runMigrations({ transaction: 'each' });
    return applied.map(({ name }) => name);
  });
}

/** Does work that one process at a time may do to a database. */
export async function withMigrationLock<T>(
  dataSource: DataSource,
  work: (lock: QueryRunner) => Promise<T>,
): Promise<T> {
  const lock = dataSource.createQueryRunner();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await work(lock);
  } finally {
    await lock.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await lock.release();
  }
}

/**
 * Whether this connection may make schemas: the owner's may. The role of an app may not, so it neither migrates the
 * database nor the tables of the queue.
 */
export async function mayMigrate(dataSource: DataSource): Promise<boolean> {
  const [row] = await dataSource.query<{ may: boolean }[]>(
    `SELECT has_database_privilege(current_database(), 'CREATE') AS may`,
  );
  return row?.may === true;
}

/** `npm run migrate` may run at the same time as apps start. */
async function untilMigrated(dataSource: DataSource): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const pending = await pendingMigrations(dataSource);
    if (pending.length === 0) return;
    if (attempt === CONNECT_ATTEMPTS) {
      throw new Error(`${pending.length} migrations are pending, and its role may not apply them: npm run migrate`);
    }
    if (attempt === 1)
      new Logger('Database').warn({ pending: pending.length }, 'migrations are pending: waiting for them');
    await delay(1000);
  }
}
