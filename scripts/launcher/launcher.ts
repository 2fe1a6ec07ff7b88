import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { Addresses, APP_NAMES, readConfig, RuntimeConfig, type AppName, type Environment } from '@biz/platform';
import { mainFile } from '../apps';
import { dataDirOf, explain, postgresPort } from '../environment';
import { PlainProblem } from '../plain-problem';
import { refuseIfServed } from '../postgres/data-folder';
import { startPostgres, type EmbeddedPostgres } from '../postgres/embedded-postgres';
import { AppProcess } from './app-process';
import { logOutput, table } from './output';
import { portProblem } from './ports';
import { watchBuild } from './watch-build';

/** npm passes Ctrl-C on although the terminal already sent it to us: only a later one is a person's second. */
const SECOND_SIGNAL_AFTER_MS = 500;
const PARENT_CHECK_MS = 300;

/** Starts database and apps, shows where they are, and ends all of them together. */
export class Launcher {
  private readonly addresses: Addresses;
  private readonly runtime: RuntimeConfig;
  private readonly names: AppName[];
  private readonly apps = new Map<AppName, AppProcess>();
  private logs: Writable = process.stdout;
  private databaseUrl = '';
  private postgres?: EmbeddedPostgres;
  private stopping?: Promise<void>;

  constructor(
    private readonly env: Environment,
    private readonly options: { watch: boolean; only: string[] },
  ) {
    this.addresses = readConfig(Addresses, env);
    this.runtime = readConfig(RuntimeConfig, env);
    this.names = chooseApps(options.only, this.runtime.production);
  }

  async run(): Promise<void> {
    const begin = Date.now();
    this.stopOnSignal();
    this.stopWithParent();
    try {
      this.logs = await logOutput();
      await this.refuseWhatIsTaken();
      await this.openDatabase();
      await this.migrate();
      await this.startApps(this.names);
    } catch (error) {
      if (this.stopping) return this.stopping;
      console.error(explain(error));
      return this.stop(1);
    }
    this.showTable(Date.now() - begin);
    if (this.options.watch) watchBuild((changed) => this.restart(changed));
  }

  private get host(): string {
    return this.runtime.host ?? (this.runtime.production ? '0.0.0.0' : '127.0.0.1');
  }

  private async refuseWhatIsTaken(): Promise<void> {
    if (!this.env.DATABASE_URL) refuseIfServed(dataDirOf(this.env));
    const problem = await portProblem(this.names, this.addresses, this.host);
    if (problem) throw new PlainProblem(problem);
  }

  private async openDatabase(): Promise<void> {
    if (this.env.DATABASE_URL) {
      this.databaseUrl = this.env.DATABASE_URL;
      return;
    }
    const postgres = await startPostgres({ dataDir: dataDirOf(this.env), port: postgresPort(this.env) });
    this.postgres = postgres;
    this.databaseUrl = postgres.url;
    void postgres.ended.then((reason) => {
      this.failed(`The embedded PostgreSQL ${reason}.`);
    });
  }

  /** In a process of its own: what it loads would stay in the launcher's memory. */
  private async migrate(): Promise<void> {
    try {
      await promisify(execFile)(process.execPath, [join(__dirname, '../migrate.js'), ...this.names], {
        env: this.childEnv(),
      });
    } catch (error) {
      const { stderr, message } = error as Error & { stderr?: string };
      throw new PlainProblem(`The migrations could not be applied:\n${stderr ?? message}`);
    }
  }

  private async startApps(names: AppName[]): Promise<void> {
    const problems = await Promise.all(names.map((name) => this.startApp(name)));
    const found = problems.filter((problem) => problem !== undefined);
    if (found.length > 0) throw new PlainProblem(found.join('\n'));
  }

  private async startApp(name: AppName): Promise<string | undefined> {
    if (this.stopping) return 'stopped';
    const app = new AppProcess(name, mainFile(name), this.localUrl(name), this.childEnv(), this.logs);
    this.apps.set(name, app);
    const problem = await app.untilReady();
    void app.ended.then((reason) => {
      if (!problem && this.apps.get(name) === app) this.failed(reason);
    });
    return problem;
  }

  /** Replaces apps whose code changed; one that does not come up is reported and waits for the next change. */
  private async restart(names: AppName[] | 'all'): Promise<void> {
    const chosen = this.names.filter((name) => names === 'all' || names.includes(name));
    await Promise.all(
      chosen.map(async (name) => {
        const old = this.apps.get(name);
        this.apps.delete(name);
        await old?.stop();
        const problem = await this.startApp(name);
        console.log(problem ? `${name}: ${problem}` : `${name} reloaded`);
      }),
    );
  }

  private failed(reason: string): void {
    if (this.stopping) return;
    console.error(reason);
    if (!this.options.watch) void this.stop(1);
  }

  private showTable(ms: number): void {
    const rows = this.names.map((name) => [name, this.localUrl(name), `${this.localUrl(name)}/docs`]);
    const database = this.postgres ? `embedded PostgreSQL, data in ${dataDirOf(this.env)}` : 'DATABASE_URL';
    console.log(
      `\n${table([['app', 'address', 'Swagger UI'], ...rows])}\n\n` +
        `  Ready in ${(ms / 1000).toFixed(1)} s. Database: ${database}.\n` +
        '  Ctrl-C ends all. LOG_LEVEL=info shows every request.\n',
    );
  }

  private localUrl(name: AppName): string {
    const host = this.host === '0.0.0.0' ? '127.0.0.1' : this.host;
    return `http://${host}:${this.addresses.port(name)}`;
  }

  private childEnv(): NodeJS.ProcessEnv {
    return { ...this.env, DATABASE_URL: this.databaseUrl, LOG_LEVEL: this.env.LOG_LEVEL ?? 'warn' };
  }

  private stopOnSignal(): void {
    let first: number | undefined;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        first ??= Date.now();
        if (Date.now() - first > SECOND_SIGNAL_AFTER_MS) {
          for (const app of this.apps.values()) app.kill();
        }
        void this.stop(0);
      });
    }
    // Whoever read our output may be gone; that must not end us before the database has ended.
    process.stdout.on('error', () => undefined);
    process.stderr.on('error', () => undefined);
  }

  /** npm and its shell forward signals, but a SIGKILL of theirs reaches nobody: then another process is our parent. */
  private stopWithParent(): void {
    const parent = Number(this.env.LAUNCHED_BY) || process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) void this.stop(1);
    }, PARENT_CHECK_MS).unref();
  }

  /** Apps drain side by side, then the database ends, then this process. */
  private stop(code: number): Promise<void> {
    this.stopping ??= (async () => {
      await Promise.all([...this.apps.values()].map((app) => app.stop()));
      await this.postgres?.stop();
      process.exit(code);
    })();
    return this.stopping;
  }
}

/** All, unless some are named; Kakao is not played in production. */
function chooseApps(only: string[], production: boolean): AppName[] {
  const apps = APP_NAMES.filter((name) => name !== 'simulator' || !production);
  const unknown = only.filter((name) => !apps.some((app) => app === name));
  if (unknown.length > 0) throw new PlainProblem(`No such app: ${unknown.join(', ')}. There are ${apps.join(', ')}.`);
  return only.length === 0 ? apps : apps.filter((name) => only.includes(name));
}
