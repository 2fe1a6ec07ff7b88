import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { AppName, Environment } from '@biz/platform';
import { databaseUrlOf, dataDirOf, explain, postgresPort } from '../environment';
import { PlainProblem } from '../plain-problem';
import { refuseIfServed } from '../postgres/data-folder';
import { embeddedLogins, withOwnLogin } from '../postgres/app-logins';
import { startPostgres, type EmbeddedPostgres } from '../postgres/embedded-postgres';
import { AppProcess } from './app-process';
import { Backoff } from './backoff';
import { logOutput, table } from './output';
import { Preparation, type Plan } from './preparation';
import { watchBuild, type Changed } from './watch-build';

/** npm passes Ctrl-C on although the terminal already sent it to us: only a later one is a person's second. */
const SECOND_SIGNAL_AFTER_MS = 500;
const PARENT_CHECK_MS = 300;
/** Eight processes compile the same packages: with what the first one keeps, the others start a fifth faster. */
const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(__dirname, '../../.compile-cache') };

/** Starts database and apps, shows where they are, and ends all of them together. */
export class Launcher {
  private readonly apps = new Map<AppName, AppProcess>();
  private readonly backoffs = new Map<AppName, Backoff>();
  private readonly preparation: Preparation;
  private plan: Plan = [];
  private logs: Writable = process.stdout;
  private databaseUrl = '';
  /** `DATABASE_URL_…` of the embedded PostgreSQL. */
  private logins: Environment = {};
  private postgres?: EmbeddedPostgres;
  private stopping?: Promise<void>;

  constructor(
    private readonly env: Environment,
    private readonly options: { watch: boolean; only: string[] },
  ) {
    this.preparation = new Preparation(options.only, { ...COMPILE_CACHE, ...env });
  }

  async run(): Promise<void> {
    const begin = Date.now();
    this.stopOnSignal();
    this.stopWithParent();
    try {
      this.logs = await logOutput();
      if (!databaseUrlOf(this.env)) this.mayBringDatabase();
      this.plan = await this.preparation.plan();
      this.databaseUrl = await this.openDatabase();
      await this.preparation.migrate(this.databaseUrl, this.logins);
      await this.startApps();
    } catch (error) {
      if (this.stopping) return this.stopping;
      console.error(explain(error));
      return this.stop(1);
    }
    this.showTable(Date.now() - begin);
    if (this.options.watch) watchBuild((changed) => this.restart(changed));
  }

  private mayBringDatabase(): void {
    if (this.env.NODE_ENV === 'production') {
      throw new PlainProblem('DATABASE_URL: found nothing; production needs a PostgreSQL server of its own');
    }
    refuseIfServed(dataDirOf(this.env));
  }

  private async openDatabase(): Promise<string> {
    const given = databaseUrlOf(this.env);
    if (given) return given;
    const postgres = await startPostgres({ dataDir: dataDirOf(this.env), port: postgresPort(this.env) });
    this.postgres = postgres;
    this.logins = embeddedLogins(
      postgres.url,
      this.plan.map(({ name }) => name).filter((name) => name !== 'simulator'),
    );
    void postgres.ended.then((reason) => {
      this.failed(`The embedded PostgreSQL ${reason}.`);
    });
    return postgres.url;
  }

  private async startApps(): Promise<void> {
    await Promise.all(
      this.plan.map(async (app) => {
        const problem = await this.startApp(app);
        if (problem) throw new PlainProblem(problem);
      }),
    );
  }

  private async startApp(planned: Plan[number]): Promise<string | undefined> {
    if (this.stopping) return 'stopped';
    const { name, url } = planned;
    const app = new AppProcess(name, url, this.appEnv(name), this.logs);
    this.apps.set(name, app);
    const problem = await app.untilReady();
    const readyAt = Date.now();
    void app.ended.then((reason) => {
      if (!problem) void this.startAgain(planned, app, reason, Date.now() - readyAt);
    });
    return problem;
  }

  /** Starts an app again that ended by itself, after ever longer pauses; the others go on. */
  private async startAgain(planned: Plan[number], ended: AppProcess, reason: string, ranMs: number): Promise<void> {
    const { name } = planned;
    // A changed app was replaced, and a launcher that stops wants none.
    const isWanted = (): boolean => !this.stopping && this.apps.get(name) === ended;
    if (!isWanted()) return;
    const backoff = this.backoffs.get(name) ?? new Backoff();
    this.backoffs.set(name, backoff);
    const seconds = backoff.nextSeconds(ranMs);
    console.error(`${reason}: it is started again in ${seconds} s`);
    await delay(seconds * 1_000);
    if (!isWanted()) return;
    const problem = await this.startApp(planned);
    const failed = this.apps.get(name);
    if (problem && failed) await this.startAgain(planned, failed, problem, 0);
  }

  /** Replaces apps whose code changed; one that does not come up is reported and waits for the next change. */
  private async restart(changed: Changed): Promise<void> {
    const concerned = this.plan.filter(({ name }) => changed === 'all' || changed.includes(name));
    await Promise.all(
      concerned.map(async (app) => {
        const old = this.apps.get(app.name);
        this.apps.delete(app.name);
        await old?.stop();
        const problem = await this.startApp(app);
        console.log(problem ?? `${app.name} reloaded`);
      }),
    );
  }

  private failed(reason: string): void {
    if (this.stopping) return;
    console.error(reason);
    if (!this.options.watch) void this.stop(1);
  }

  private showTable(ms: number): void {
    const rows = this.plan.map(({ name, url }) => [name, url, `${url}/docs`]);
    const database = this.postgres ? `embedded PostgreSQL, data in ${dataDirOf(this.env)}` : 'DATABASE_URL';
    console.log(
      `\n${table([['app', 'address', 'Swagger UI'], ...rows])}\n\n` +
        `  Ready in ${(ms / 1000).toFixed(1)} s. Database: ${database}.\n` +
        '  Ctrl-C ends all. LOG_LEVEL=info shows every request.\n',
    );
  }

  private appEnv(name: AppName): NodeJS.ProcessEnv {
    const env = { ...COMPILE_CACHE, ...this.env, ...this.logins, LOG_LEVEL: this.env.LOG_LEVEL ?? 'warn' };
    return withOwnLogin(name, env, this.databaseUrl);
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
      this.preparation.stop();
      await Promise.all([...this.apps.values()].map((app) => app.stop()));
      await this.postgres?.stop();
      process.exit(code);
    })();
    return this.stopping;
  }
}
