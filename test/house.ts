import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { MerchantDefinition } from '@biz/merchant';
import { APP_NAMES, createApp } from '@biz/platform';
import type { AppDefinition, AppName, Environment } from '@biz/platform';
import { freePorts, onFreePorts, ownRoles, PATIENT, testDatabase } from '@biz/testing';
import type { OwnRoles, TestDatabase } from '@biz/testing';
import { imageApp } from '../apps/image/src/image.module';
import { locationApp } from '../apps/location/src/location.module';
import { optionApp } from '../apps/option/src/option.module';
import { paymentApp } from '../apps/payment/src/payment.module';
import { profileApp } from '../apps/profile/src/profile.module';
import { simulatorApp } from '../apps/simulator/src/simulator.module';
import { syncApp } from '../apps/sync/src/sync.module';
import { allRoutesOf, routesOf } from './routes';
import type { Route } from './routes';

export type Json = Record<string, unknown>;

/** A scenario of the simulator, as far as tests look at it. */
export interface Played {
  verdict: { ok: boolean; outcome: string; violations: { rule: string; message: string }[] };
  facts: Record<string, string | undefined>;
  timeline: {
    to: string;
    what: string;
    request: { method: string; url: string; body?: unknown };
    response: { status?: number; body?: unknown };
  }[];
}

/** An event as the simulator's shop received it. */
export interface Received {
  type: string;
  data: Json;
}

const OPERATOR = { authorization: 'Bearer dev-operator-token' };

/** The whole house in one process: six apps and the simulator, on one database and free ports, each app as a database role of its own. */
export class House {
  /** Every answer of the six apps with a status of 400 and above, its own or the one in a body of 200, as it went out. */
  readonly errors: string[] = [];
  private apps: [AppDefinition, NestFastifyApplication][] = [];

  private constructor(
    readonly database: TestDatabase,
    /** What each app logs in as. */
    readonly roles: OwnRoles,
    private readonly urls: Record<AppName, string>,
    private readonly env: Environment,
    /** Where the apps keep files, images among them. */
    readonly dataDir: string,
    private readonly log?: Writable,
  ) {}

  /**
   * @param log takes what the six apps log; the simulator knows the data of all customers and is not asked
   * @param prepare changes the database before an app connects to it
   */
  static start(
    merchants: MerchantDefinition[],
    env: Environment = {},
    { log, prepare }: { log?: Writable; prepare?: (database: TestDatabase, roles: OwnRoles) => Promise<void> } = {},
  ): Promise<House> {
    return onFreePorts(() => House.startOnce(merchants, env, log, prepare));
  }

  private static async startOnce(
    merchants: MerchantDefinition[],
    env: Environment,
    log?: Writable,
    prepare?: (database: TestDatabase, roles: OwnRoles) => Promise<void>,
  ): Promise<House> {
    const ports = await freePorts(APP_NAMES.length);
    const urls = Object.fromEntries(APP_NAMES.map((name, at) => [name, `http://127.0.0.1:${ports[at] ?? 0}`]));
    const dataDir = mkdtempSync(join(tmpdir(), 'biz-house-'));
    const definitions = definitionsOf(merchants);
    const database = await testDatabase(...new Set(definitions.flatMap(({ schemas }) => schemas)));
    const roles = await ownRoles(database, definitions);
    const shared: Environment = {
      ...PATIENT,
      LOG_LEVEL: 'silent',
      DATABASE_URL: database.url,
      ...roles.env,
      DATA_DIR: dataDir,
      DATABASE_POOL_SIZE: '4',
      ...Object.fromEntries(APP_NAMES.map((name, at) => [`${name.toUpperCase()}_PORT`, String(ports[at])])),
      ...env,
    };
    const house = new House(database, roles, urls as Record<AppName, string>, shared, dataDir, log);
    try {
      await prepare?.(database, roles);
      await house.open(definitions);
    } catch (error) {
      await house.stop();
      throw error;
    }
    return house;
  }

  /** Stops the six apps and starts them again with another environment; Kakao goes on playing. */
  async restart(env: Environment): Promise<void> {
    const isPlayed = ([{ name }]: [AppDefinition, unknown]): boolean => name === 'simulator';
    const stopped = this.apps.filter((each) => !isPlayed(each));
    this.apps = this.apps.filter(isPlayed);
    await Promise.all(stopped.map(([, app]) => app.close()));
    await this.open(
      stopped.map(([definition]) => definition),
      env,
    );
  }

  private async open(definitions: AppDefinition[], env: Environment = {}): Promise<void> {
    for (const definition of definitions) {
      const quiet = definition.name === 'simulator';
      const app = await createApp(definition, {
        env: { ...this.env, ...env, ...(quiet && { LOG_LEVEL: 'silent' }) },
        ...(this.log && !quiet && { logDestination: this.log }),
      });
      this.apps.push([definition, app]);
      if (!quiet) this.keepErrors(app);
      await app.listen(Number(new URL(this.url(definition.name)).port), '127.0.0.1');
    }
  }

  private keepErrors(app: NestFastifyApplication): void {
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onSend', (_request, reply, payload, done) => {
        if (reply.statusCode >= 400 || isRefusal(payload)) this.errors.push(String(payload));
        done(null, payload);
      });
  }

  /** Every route that Kakao or a customer calls, of the six apps as they run. */
  routes(): (Route & { app: AppName })[] {
    return this.apps
      .filter(([{ name }]) => name !== 'simulator')
      .flatMap(([{ name }, app]) => routesOf(app).map((route) => ({ app: name, ...route })));
  }

  /** Every route of an app as it runs, those of operators and machines too. */
  allRoutes(app: AppName): Route[] {
    return this.apps.flatMap(([{ name }, running]) => (name === app ? allRoutesOf(running) : []));
  }

  url(app: AppName): string {
    return this.urls[app];
  }

  /** Plays a scenario to its end. */
  async play(kind: string, options: Json = {}): Promise<Played> {
    // Only what hangs takes so long.
    const answer = await this.post('simulator', `/scenarios/${kind}`, { timeoutSeconds: 300, ...options });
    return answer.body as unknown as Played;
  }

  /** What the shop's webhook was told, oldest first. */
  async received(type?: string): Promise<Received[]> {
    const { body } = await this.get('simulator', `/shop/events${type ? `?type=${type}` : ''}`);
    return (body as { items: Received[] }).items.toReversed();
  }

  operator(app: AppName, path: string, headers: Record<string, string> = {}): Promise<{ status: number; body: Json }> {
    return this.get(app, `/operator/${path}`, { ...OPERATOR, ...headers });
  }

  get(app: AppName, path: string, headers: Record<string, string> = {}): Promise<{ status: number; body: Json }> {
    return exchange(this.url(app) + path, { headers });
  }

  post(
    app: AppName,
    path: string,
    body: Json,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: Json }> {
    return exchange(this.url(app) + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.apps.map(([, app]) => app.close()));
    await this.database.drop();
    await this.roles.drop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

export function definitionsOf(merchants: MerchantDefinition[]): AppDefinition[] {
  const apps = [profileApp, locationApp, imageApp, optionApp, paymentApp, syncApp];
  // The simulator first: Nest has one logger for a process, the one of the app made last.
  return [simulatorApp(), ...apps.map((app) => app(merchants))];
}

/** What the guide calls an error is HTTP 200 with a status of its own. */
const isRefusal = (payload: unknown): boolean => typeof payload === 'string' && /^\{"status":(?!200\b)\d/.test(payload);

async function exchange(url: string, init: RequestInit): Promise<{ status: number; body: Json }> {
  const response = await fetch(url, init);
  return { status: response.status, body: (await response.json()) as Json };
}
