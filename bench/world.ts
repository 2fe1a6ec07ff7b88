import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContenderName, startContender, type Surroundings } from './contenders';
import { seedOrders } from './data/seed';
import { LoadClient } from './load/load-client';
import { type BenchDatabase, DatabaseServer } from './machine/database-server';
import type { Server } from './machine/server';
import type { Options } from './options';
import { type Outside, startOutside } from './outside/outside';
import type { Report } from './report/report';
import type { Runner } from './rounds';

/** What every measurement stands on: a database with orders, a client that makes load, and what is outside. */
export class World {
  private readonly running: Server[] = [];
  private readonly databases: BenchDatabase[] = [];
  /** The number of the next order that does not exist yet. */
  nextOrder: number;

  private constructor(
    readonly options: Options,
    readonly report: Report,
    readonly server: DatabaseServer,
    readonly load: LoadClient,
    readonly outside: Outside,
    /** For what servers write. */
    readonly folder: string,
  ) {
    this.nextOrder = options.orders + 1;
  }

  static async open(options: Options, report: Report): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'biz-bench-logs-'));
    const [server, outside] = await Promise.all([DatabaseServer.start(), startOutside()]);
    return new World(options, report, server, LoadClient.start('rest'), outside, folder);
  }

  get runner(): Runner {
    const { rounds, seconds, warmUpSeconds } = this.options;
    return { load: this.load, databasePids: () => this.server.pids(), rounds, seconds, warmUpSeconds };
  }

  /** A database with so many orders. */
  async database(orders: number, pendingEvery?: number): Promise<BenchDatabase> {
    const begin = performance.now();
    const database = await this.server.create(`bench_${this.databases.length}`);
    await seedOrders(database, orders, pendingEvery);
    this.databases.push(database);
    const took = ((performance.now() - begin) / 1000).toFixed(0);
    this.report.note(`${orders.toLocaleString('en')} orders seeded in ${took} s`);
    return database;
  }

  /** Starts servers on a database; `stop` ends them. */
  async start(
    database: BenchDatabase,
    names: readonly ContenderName[],
    more: Partial<Surroundings> = {},
  ): Promise<Server[]> {
    const servers = [];
    for (const name of names) {
      const server = await startContender(name, {
        databaseUrl: database.url,
        log: join(this.folder, `${name}.log`),
        kakaopayOrigin: this.outside.origin,
        ...(this.options.cpuProf !== undefined && { cpuProf: this.options.cpuProf }),
        ...more,
      });
      this.running.push(server);
      servers.push(server);
    }
    return servers;
  }

  /** One of ours. */
  async startOurs(database: BenchDatabase, more: Partial<Surroundings> = {}): Promise<Server> {
    const [ours] = await this.start(database, ['ours'], more);
    if (!ours) throw new Error('our app did not start');
    return ours;
  }

  async stop(servers: readonly Server[]): Promise<void> {
    for (const server of servers) {
      this.running.splice(this.running.indexOf(server), 1);
      await server.stop();
    }
  }

  async close(): Promise<void> {
    this.load.stop();
    for (const server of this.running) await server.stop();
    for (const database of this.databases) await database.close();
    this.outside.stop();
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
