import { createHash, randomBytes } from 'node:crypto';
import { createDataSource, migrate, type SchemaOwner } from '@biz/platform';
import { Pool, type ClientBase } from 'pg';
import { PgBoss } from 'pg-boss';
import type { DataSource } from 'typeorm';

export interface TestDatabase {
  url: string;
  /** Knows the entities of the schemas asked for. */
  dataSource: DataSource;
  query<Row = Record<string, unknown>>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  /** Removes it, whoever is still connected. */
  drop(): Promise<void>;
}

/** Any number; every worker of a run takes the same. */
const TEMPLATE_LOCK = 5_210_417;

/** A pool that waits for its turn as long as it takes: a loaded machine is no outage. */
const UNHURRIED = { connectionTimeoutMillis: 0 };

/**
 * A fresh database with these schemas migrated, for one test file: call it in `beforeAll`, `drop()` it in `afterAll`.
 *
 * Migrations run once for each set of schemas; each database is then a copy, made in about 50 ms.
 */
export async function testDatabase(...schemas: SchemaOwner[]): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(async (admin) => {
    // Copying files costs half of what copying pages through the log does.
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${await templateFor(schemas, admin)} STRATEGY FILE_COPY`);
  });
  const url = urlOf(name);
  const dataSource = await createDataSource({ url, poolSize: 4, name: 'test', schemas }, UNHURRIED).initialize();
  return {
    url,
    dataSource,
    query: (sql, parameters = []) => dataSource.query(sql, parameters),
    drop: async () => {
      await dataSource.destroy();
      await asAdmin((admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

async function templateFor(schemas: SchemaOwner[], admin: ClientBase): Promise<string> {
  // The text of the migrations is part of the name: a server that outlives the run never hands out an outdated template.
  const contents = schemas.map(({ schema, migrations }) => [schema, migrations.map(String)]);
  const name = `template_${createHash('sha256').update(JSON.stringify(contents)).digest('hex').slice(0, 16)}`;
  await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  try {
    const known = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (known.rowCount === 0) {
      const draft = `draft_${randomBytes(6).toString('hex')}`;
      await admin.query(`CREATE DATABASE ${draft}`);
      await fill(urlOf(draft), schemas);
      await admin.query(`ALTER DATABASE ${draft} RENAME TO ${name}`);
    }
  } finally {
    await admin.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  }
  return name;
}

async function fill(url: string, schemas: SchemaOwner[]): Promise<void> {
  const dataSource = await createDataSource({ url, poolSize: 4, name: 'template', schemas }, UNHURRIED).initialize();
  await migrate(dataSource);
  await dataSource.destroy();
  // The queue's tables too, so that no app spends its start on them.
  const boss = new PgBoss({ connectionString: url, max: 2, supervise: false, schedule: false });
  await boss.start();
  await boss.stop({ graceful: false, close: true });
}

let server: { url: string; pool: Pool } | undefined;

/** Works on the server itself, one after the other, by one connection for all test files of this worker. */
export async function asAdmin<T>(work: (admin: ClientBase) => Promise<T>): Promise<T> {
  const url = serverUrl();
  if (server?.url !== url) {
    server = { url, pool: new Pool({ connectionString: url, max: 1, idleTimeoutMillis: 0, allowExitOnIdle: true }) };
    // A connection that is lost while it rests is replaced by the next call.
    server.pool.on('error', () => undefined);
  }
  const admin = await server.pool.connect();
  try {
    return await work(admin);
  } finally {
    admin.release();
  }
}

function urlOf(database: string): string {
  const url = new URL(serverUrl());
  url.pathname = `/${database}`;
  return url.href;
}

function serverUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error('TEST_DATABASE_URL is unset: run tests by `npm test`, which starts a server');
  return url;
}
