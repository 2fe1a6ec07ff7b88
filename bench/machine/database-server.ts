import { chmodSync, mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { createDataSource, migrate } from '@biz/platform';
import { schemaOwners } from '../../scripts/apps';
import { startPostgres, type EmbeddedPostgres } from '../../scripts/postgres/embedded-postgres';
import { pinRunning } from './cores';
import { childrenOf } from './processes';

/** What an operator would set on a machine of some gigabytes; everything else, fsync too, is PostgreSQL's default. */
const SETTINGS = {
  shared_buffers: '2GB',
  max_wal_size: '8GB',
  checkpoint_timeout: '15min',
  effective_cache_size: '6GB',
};

/** A PostgreSQL of the benchmark's own, in a temporary folder that goes with it. */
export class DatabaseServer {
  private constructor(
    private readonly server: EmbeddedPostgres,
    private readonly folder: string,
  ) {}

  static async start(): Promise<DatabaseServer> {
    const folder = mkdtempSync(join(realpathSync(tmpdir()), 'biz-bench-'));
    // As root the server runs as another user, who has to enter it.
    chmodSync(folder, 0o711);
    const first = await startPostgres({ dataDir: folder });
    await withClient(first.url, async (client) => {
      for (const [name, value] of Object.entries(SETTINGS)) await client.query(`ALTER SYSTEM SET ${name} = '${value}'`);
    });
    // shared_buffers is read at the start only.
    await first.stop();
    const server = await startPostgres({ dataDir: folder });
    pinRunning('rest', server.pid);
    return new DatabaseServer(server, folder);
  }

  /** An empty database with every migration of these apps. */
  async create(name: string, apps: Parameters<typeof schemaOwners>[0] = ['payment']): Promise<BenchDatabase> {
    await withClient(this.server.url, (client) => client.query(`CREATE DATABASE ${name}`));
    const url = new URL(this.server.url);
    url.pathname = `/${name}`;
    const owners = await schemaOwners(apps);
    const dataSource = createDataSource({ url: url.href, poolSize: 2, name: 'bench', schemas: owners });
    await dataSource.initialize();
    await migrate(dataSource);
    await dataSource.destroy();
    const client = new Client({ connectionString: url.href, application_name: 'bench' });
    await client.connect();
    return new BenchDatabase(url.href, client);
  }

  /** Where the server writes its log, and how much is in it. */
  log(): { path: string; size: number } {
    const path = join(this.folder, 'postgres.log');
    return { path, size: statSync(path).size };
  }

  /** The server's processes, those of its connections included. */
  pids(): number[] {
    return [this.server.pid, ...childrenOf(this.server.pid)];
  }

  async stop(): Promise<void> {
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class BenchDatabase {
  constructor(
    readonly url: string,
    private readonly client: Client,
  ) {}

  async query<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.client.query<Row>(sql, values)).rows;
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}

async function withClient(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
