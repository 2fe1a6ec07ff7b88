import { Writable } from 'node:stream';
import { defineMerchant, merchantSchema } from '@biz/merchant';
import type { SyncPlugin } from '@biz/merchant';
import type { Clock } from '@biz/platform';
import { startTestApp, testDatabase } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { syncApp } from '../src/sync.module';
import { syncSchema } from '../src/sync.schema';
import { KakaoStub } from './kakao';

export const CHAT = 'kakaotalk://bizplugin/complete?plugin_id=5f6d8f0a1b2c3d4e5f607182';
export const OPERATOR = { authorization: 'Bearer dev-operator-token' };

const shop = (id: string, appId: string, sync?: SyncPlugin) =>
  defineMerchant({ id, name: id, app: { id: appId, environment: 'test' }, plugins: sync ? { sync } : {} });

/** The sync app with three shops, a database of its own, and a Kakao that can misbehave. */
export class House {
  private constructor(
    readonly kakao: KakaoStub,
    readonly database: TestDatabase,
    readonly app: TestApp,
    readonly logLines: string[],
  ) {}

  static async start({ clock, budgetMs = 2_500 }: { clock?: Clock; budgetMs?: number } = {}): Promise<House> {
    const [kakao, database] = await Promise.all([KakaoStub.start(), testDatabase(merchantSchema, syncSchema)]);
    const logLines: string[] = [];
    const merchants = [
      shop('strict-shop', '800001', { relayId: 'required' }),
      shop('demo-shop', '249344', {}),
      shop('other-shop', '700001', { keepTokens: true }),
      shop('plain-shop', '7'),
    ];
    const app = await startTestApp(syncApp(merchants), {
      database,
      clock,
      env: {
        PUBLIC_BASE_URL_SIMULATOR: kakao.http.url,
        KAKAO_TALK_PLUGIN_ORIGIN: 'https://talk-plugin.kakao.com',
        SYNC_CALLBACK_BUDGET_MS: String(budgetMs),
      },
      logDestination: new Writable({
        write(chunk: Buffer, _encoding, done) {
          logLines.push(chunk.toString('utf8'));
          done();
        },
      }),
    });
    return new House(kakao, database, app, logLines);
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.app.url}${path}`, { headers, redirect: 'manual' });
  }

  /** A customer returns from the consent screen. */
  login(code: string, { next = CHAT, below = '' }: { next?: string; below?: string } = {}): Promise<Response> {
    return this.get(`${below}/callback?${new URLSearchParams({ code, continue: next }).toString()}`);
  }

  unlink(fields: Record<string, string>, { key = 'demo-shop-admin-key', below = '' } = {}): Promise<Response> {
    return this.get(`${below}/unlink?${new URLSearchParams(fields).toString()}`, { authorization: `KakaoAK ${key}` });
  }

  event(token: string, { type = 'application/secevent+jwt', below = '' } = {}): Promise<Response> {
    return fetch(`${this.app.url}${below}/events`, { method: 'POST', headers: { 'content-type': type }, body: token });
  }

  async operator<T = { items: Record<string, unknown>[] }>(
    path: string,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const answer = await this.get(`/operator/${path}`, { ...OPERATOR, ...headers });
    expect(answer.status).toBe(200);
    return (await answer.json()) as T;
  }

  members(): Promise<Record<string, unknown>[]> {
    return this.database.query('SELECT * FROM sync.members ORDER BY id');
  }

  /** Every row of every table that this app writes, as text. */
  async everythingStored(): Promise<string> {
    const tables = [
      'sync.logins',
      'sync.failures',
      'sync.members',
      'sync.consents',
      'sync.notices',
      'privacy.accesses',
    ];
    const parts = await Promise.all(
      [...tables, 'merchant.deliveries', 'pgboss.job'].map((table) =>
        this.database.query(`SELECT row_to_json(t)::text AS text FROM ${table} t`),
      ),
    );
    return parts
      .flat()
      .map(({ text }) => String(text))
      .join('\n');
  }

  async reset(): Promise<void> {
    await this.database.query('TRUNCATE sync.logins, sync.failures, sync.members, sync.notices, merchant.deliveries');
    this.kakao.http.requests.length = 0;
    this.logLines.length = 0;
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.database.drop();
    await this.kakao.http.close();
  }
}
