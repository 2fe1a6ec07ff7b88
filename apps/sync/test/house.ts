import { Writable } from 'node:stream';
import { Injectable, Module } from '@nestjs/common';
import { defineMerchant, MemberDirectory, merchantSchema } from '@biz/merchant';
import type { JoiningCustomer, MemberMatch, SyncPlugin } from '@biz/merchant';
import { Vault } from '@biz/platform';
import type { Clock, Environment } from '@biz/platform';
import { customerPath, eventually, startTestApp, testDatabase } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { syncApp } from '../src/sync.module';
import { syncSchema } from '../src/sync.schema';
import { KakaoStub } from './kakao';

/** A shop with members from before Kakao: finds them by CI, says so late, wrongly or not at all. */
@Injectable()
export class OldShop extends MemberDirectory {
  byCi = new Map<string, string>();
  asked: JoiningCustomer[] = [];
  /** Instead of looking it up. */
  answers: (() => Promise<MemberMatch | undefined>)[] = [];

  match(customer: JoiningCustomer): Promise<MemberMatch | undefined> {
    this.asked.push(customer);
    const instead = this.answers.shift();
    if (instead) return instead();
    const memberId = this.byCi.get(customer.ci ?? '');
    return Promise.resolve(memberId === undefined ? undefined : { memberId });
  }
}
@Module({ providers: [OldShop, { provide: MemberDirectory, useExisting: OldShop }] })
class OldShopModule {}

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

  static async start({
    clock,
    budgetMs = 2_500,
    env = {},
  }: { clock?: Clock; budgetMs?: number; env?: Environment } = {}): Promise<House> {
    const [kakao, database] = await Promise.all([KakaoStub.start(), testDatabase(merchantSchema, syncSchema)]);
    const logLines: string[] = [];
    const merchants = [
      shop('strict-shop', '800001', { relayId: 'required' }),
      shop('demo-shop', '249344', {}),
      shop('other-shop', '700001', {
        keepTokens: true,
        scopes: ['shipping_address', 'account_ci'],
        serviceTerms: ['service_20260101'],
      }),
      shop('plain-shop', '7'),
      { ...shop('old-shop', '900001', { userMatchOrigin: 'https://old-shop.example' }), module: OldShopModule },
    ];
    const app = await startTestApp(syncApp(merchants), {
      database,
      clock,
      env: {
        PUBLIC_BASE_URL_SIMULATOR: kakao.http.url,
        KAKAO_TALK_PLUGIN_ORIGIN: 'https://talk-plugin.kakao.com',
        SYNC_CALLBACK_BUDGET_MS: String(budgetMs),
        ...env,
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

  /** A customer returns from the consent screen. `below` names the path key of a merchant: `/m/other-shop`. */
  login(code: string, { next = CHAT, below = '' }: { next?: string; below?: string } = {}): Promise<Response> {
    return this.get(`${customerPath(below)}/callback?${new URLSearchParams({ code, continue: next }).toString()}`);
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

  /** The sealed values of a table, open. */
  async opened(table: string): Promise<string[]> {
    const sealed = [syncSchema, merchantSchema]
      .flatMap(({ sealed: columns = [] }) => columns)
      .filter((column) => column.table === table);
    const vault = this.app.get<Vault>(Vault);
    const rows = await this.database.query(`SELECT * FROM ${table}`);
    const values = rows
      .flatMap((row) => sealed.map(({ column }) => row[column]))
      .filter((value) => typeof value === 'string');
    return Promise.all(
      values.map((value) => {
        const header = JSON.parse(Buffer.from(value.split('.')[0] ?? '', 'base64url').toString()) as {
          ctx: string;
        };
        return vault.open(value, header.ctx);
      }),
    );
  }

  async reset(): Promise<void> {
    await eventually(() =>
      this.database.dataSource.transaction(async (manager) => {
        await manager.query('LOCK TABLE merchant.deliveries IN ACCESS EXCLUSIVE MODE');
        // What is on its way to the shop would arrive in the next test.
        const sent = `SELECT id FROM merchant.deliveries WHERE state = 'pending' AND claimed_until IS NOT NULL`;
        expect(await manager.query(sent)).toEqual([]);
        // The database refuses to empty consents; a replica's session runs no trigger.
        await manager.query(`
          SET LOCAL session_replication_role = replica;
          TRUNCATE sync.logins, sync.failures, sync.members, sync.consents, sync.notices, merchant.deliveries,
            merchant.delivery_attempts`);
      }),
    );
    this.kakao.http.requests.length = 0;
    this.kakao.unlinked.length = 0;
    this.logLines.length = 0;
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.database.drop();
    await this.kakao.http.close();
  }
}
