import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDataSource, migrate, type SchemaOwner } from '@biz/platform';
import { Client, Pool } from 'pg';
import { PgBoss } from 'pg-boss';
import { paymentApp } from '../../apps/payment/src/payment.module';
import { type EmbeddedPostgres, startPostgres } from '../../scripts/postgres/embedded-postgres';
import { freePort } from '../../scripts/postgres/free-port';
import { gone, signal } from '../../scripts/postgres/processes';

const TEMPLATE = 'torture_template';

/** A PostgreSQL server of our own, with real commits, that can be crashed. */
export class Database {
  private constructor(
    private server: EmbeddedPostgres,
    private readonly dataDir: string,
    private readonly port: number,
  ) {}

  /** @param schemas what a fresh database has */
  static async start(schemas: SchemaOwner[] = paymentApp([]).schemas): Promise<Database> {
    const dataDir = mkdtempSync(join(tmpdir(), 'biz-torture-'));
    // As root the server runs as another user, who has to enter it.
    chmodSync(dataDir, 0o711);
    const port = await freePort();
    const database = new Database(await startPostgres({ dataDir, port }), dataDir, port);
    await database.make(TEMPLATE);
    const url = database.urlOf(TEMPLATE);
    const dataSource = createDataSource({ url, poolSize: 2, name: 'torture', schemas });
    await dataSource.initialize();
    await migrate(dataSource);
    await dataSource.destroy();
    // The queue's tables too, so that no app spends its start on them.
    const boss = new PgBoss({ connectionString: url, max: 2, supervise: false, schedule: false });
    await boss.start();
    await boss.stop({ graceful: false, close: true });
    return database;
  }

  /** A fresh database, migrated. */
  async fresh(name: string): Promise<string> {
    await this.make(name, TEMPLATE);
    return this.urlOf(name);
  }

  async drop(name: string): Promise<void> {
    await this.asAdmin((admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  }

  /** Ends every backend at once, without a checkpoint, and starts again after a while. */
  async crash(downMs: number): Promise<void> {
    signal(this.server.pid, 'SIGQUIT');
    await this.server.ended;
    await gone(this.server.pid, 10_000);
    await new Promise((resolve) => setTimeout(resolve, downMs));
    this.server = await startPostgres({ dataDir: this.dataDir, port: this.port });
  }

  async stop(): Promise<void> {
    await this.server.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  urlOf(name: string): string {
    const url = new URL(this.server.url);
    url.pathname = `/${name}`;
    return url.href;
  }

  private make(name: string, template?: string): Promise<unknown> {
    return this.asAdmin((admin) => admin.query(`CREATE DATABASE ${name}${template ? ` TEMPLATE ${template}` : ''}`));
  }

  private async asAdmin<T>(work: (admin: Client) => Promise<T>): Promise<T> {
    const admin = new Client({ connectionString: this.server.url });
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.end();
    }
  }
}

/** Asks a database that may be crashed at any moment. */
export class Reader {
  private readonly pool: Pool;

  constructor(url: string) {
    this.pool = new Pool({ connectionString: url, max: 2 });
    this.pool.on('error', () => undefined);
  }

  async rows<Row>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.pool.query(sql, values)).rows as Row[];
  }

  end(): Promise<void> {
    return this.pool.end();
  }
}
