import type { AppDefinition } from '@biz/platform';
import { defineMerchant } from '@biz/merchant';
import type { MerchantDefinition } from '@biz/merchant';
import { eventually, HttpStub, ManualClock, startTestApp, testDatabase } from '@biz/testing';
import type { StubHandler, TestApp, TestDatabase } from '@biz/testing';

export const OPERATOR = { authorization: 'Bearer dev-operator-token' };

const testShop = defineMerchant({
  id: 'test-shop',
  name: '시험 가게',
  app: { id: '1001', environment: 'test' },
  plugins: {
    profile: [
      { key: 'delivery', scopes: ['nickname', 'phone_number', 'shipping_address'], purpose: '배송', retainDays: 30 },
      { key: 'once', scopes: ['email'], retainDays: 0 },
      { key: 'unsaid', scopes: ['gender'] },
    ],
    location: { name: '매장 찾기', purpose: '가까운 매장', detailAddress: true, retainDays: 1 },
    image: [
      {
        key: 'receipt',
        name: '영수증',
        purpose: '영수증 확인',
        items: '영수증 사진',
        notice: '심사필 1호',
        retainDays: 7,
      },
      { key: 'once' },
    ],
  },
});

const otherShop = defineMerchant({
  id: 'other-shop',
  name: '다른 가게',
  app: { id: '1002', environment: 'test' },
  plugins: { profile: [{ key: 'main', scopes: ['nickname'], retainDays: 1 }], image: [{ key: 'few', retainDays: 7 }] },
  imageQuotaBytes: 100_000,
});

export interface Event {
  id: string;
  type: string;
  timestamp: string;
  data: Record<string, unknown> & { id: string };
}

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

interface StageOptions {
  schemas: AppDefinition['schemas'];
  env?: Record<string, string>;
}

/** One callback app between a Kakao and a shop that the test plays, on a database of its own. */
export class Stage {
  readonly clock = new ManualClock();
  /** Every log line of the app. */
  readonly logs: string[] = [];
  app: TestApp;
  private otps = 0;

  private constructor(
    private readonly make: (merchants: readonly MerchantDefinition[]) => AppDefinition,
    readonly database: TestDatabase,
    readonly kakao: HttpStub,
    readonly shop: HttpStub,
    private readonly env: Record<string, string>,
  ) {}

  static async open(
    make: (merchants: readonly MerchantDefinition[]) => AppDefinition,
    env: Record<string, string> = {},
  ): Promise<Stage> {
    const { schemas }: StageOptions = make([testShop]);
    const stage = new Stage(make, await testDatabase(...schemas), await HttpStub.start(), await HttpStub.start(), env);
    stage.shop.on('POST /hook', { status: 204 });
    await stage.start();
    return stage;
  }

  /** @param terms of profile plugins that the merchant has changed since */
  async start(terms: Record<string, object> = {}): Promise<void> {
    const { plugins } = testShop;
    const profile = plugins.profile?.map((plugin) => ({ ...plugin, ...terms[plugin.key] }));
    this.app = await startTestApp(this.make([{ ...testShop, plugins: { ...plugins, profile } }, otherShop]), {
      database: this.database,
      clock: this.clock,
      logDestination: { write: (line: string) => void this.logs.push(line) },
      env: {
        LOG_LEVEL: 'trace',
        DEFAULT_MERCHANT: 'test-shop',
        // An answer that a loaded machine brings late is no answer that takes too long: nothing is tried again on a clock that stands.
        OTP_TIMEOUT_MS: '60000',
        KAKAO_TALK_PLUGIN_ORIGIN: this.kakao.url,
        KAKAO_IMAGE_ORIGINS: this.kakao.url,
        TEST_SHOP_REST_API_KEY: 'test-shop-rest-key',
        TEST_SHOP_WEBHOOK_URL: `${this.shop.url}/hook`,
        OTHER_SHOP_REST_API_KEY: 'other-shop-rest-key',
        OTHER_SHOP_WEBHOOK_URL: `${this.shop.url}/hook`,
        OTHER_SHOP_PATH_KEY: 'other-shop-unguessable-key',
        ...this.env,
      },
    });
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.kakao.close();
    await this.shop.close();
    await this.database.drop();
  }

  /** A new OTP address that Kakao answers in this way. */
  otp(segment: string, handler: StubHandler): string {
    const token = `otp${++this.otps}x${Math.random().toString(36).slice(2, 10)}`;
    this.kakao.on(`GET /otp/${token}/${segment}`, handler);
    return `${this.kakao.url}/otp/${token}/${segment}`;
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const raw = typeof body === 'string' ? body : JSON.stringify(body);
    return this.call('POST', path, { 'content-type': 'application/json', ...headers }, raw);
  }

  callback(otp: string, relayId?: string, path = '/callback'): Promise<Answer> {
    return this.post(path, { otp }, relayId === undefined ? {} : { 'x-kakao-plugin-relay-id': relayId });
  }

  operator(method: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call(method, `/operator${path}`, { ...OPERATOR, ...headers });
  }

  async capture(relayId: string): Promise<Record<string, unknown> & { id: string; state: string }> {
    const { body } = await this.operator('GET', `/captures?relayId=${relayId}`);
    const [first, second] = body.items as (Record<string, unknown> & { id: string; state: string })[];
    if (!first || second) throw new Error(`expected one capture of ${relayId}`);
    return first;
  }

  /** Waits until the capture of a relay id is in a state, and returns it. */
  reaches(relayId: string, state: string): Promise<Record<string, unknown> & { id: string; state: string }> {
    return eventually(async () => {
      const capture = await this.capture(relayId);
      expect(capture.state).toBe(state);
      return capture;
    });
  }

  /** Waits for an expectation while time goes by, a sixtieth of ten minutes at once. */
  asTimeGoesBy<T>(expectation: () => T | Promise<T>): Promise<T> {
    return this.clock.advanceUntil(60, expectation);
  }

  /** What the shop was told about a relay id, in the order of arrival. */
  events(relayId: string): Event[] {
    return this.shop.requests
      .map(({ headers, body }) => ({ id: String(headers['webhook-id']), ...(JSON.parse(body) as Omit<Event, 'id'>) }))
      .filter(({ data }) => data.relayId === relayId);
  }

  fetched(otp: string): number {
    return this.kakao.requests.filter(({ path }) => otp.endsWith(path)).length;
  }

  /** Everything that stands in the clear: every text of every table, the logs and the metrics. */
  async inTheClear(): Promise<string> {
    const columns = await this.database.query<{ at: string; column: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS at, format('%I', column_name) AS column
         FROM information_schema.columns
        WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
          AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'bytea', 'ARRAY')`,
    );
    const texts: string[] = [];
    for (const { at, column } of columns) {
      const rows = await this.database.query<{ value: string | null }>(`SELECT ${column}::text AS value FROM ${at}`);
      texts.push(...rows.flatMap(({ value }) => value ?? []));
    }
    const metrics = await (await fetch(`${this.app.url}/metrics`)).text();
    return [...texts, ...this.logs, metrics].join('\n');
  }

  private async call(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
    const response = await fetch(this.app.url + path, { method, headers, ...(body !== undefined && { body }) });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
}
