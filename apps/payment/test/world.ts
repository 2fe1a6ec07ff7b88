import { randomUUID } from 'node:crypto';
import type { OrderSheetData } from '@biz/kakao-dto';
import type { Clock, Environment } from '@biz/platform';
import {
  eventually,
  HttpStub,
  startTestApp,
  testDatabase,
  type TestApp,
  type TestAppOptions,
  type TestDatabase,
} from '@biz/testing';
import { commerceSchema } from '@biz/commerce';
import { merchantSchema } from '@biz/merchant';
import { paymentApp } from '../src/payment.module';
import { paymentSchema } from '../src/payment.schema';
import { FakeKakaoPay } from './fake-kakaopay';
import { first, resetShop, second, shop, third } from './shops';

export interface Answer {
  http: number;
  status: number;
  message?: string;
  data?: Record<string, unknown>;
}

export interface Delivered {
  type: string;
  data: Record<string, unknown>;
}

/** An order on its way, as the plugin knows it. */
export interface OrderInHand {
  id: string;
  user: string;
  prefix: string;
  sheetId?: string;
  sheet: OrderSheetData;
  tid: string;
  token: string;
}

export const ADDRESS = {
  base_address: '경기도 성남시 분당구 판교역로 235',
  detail_address: '에이치스퀘어 엔동 6층',
  zone_code: '13494',
  receiver_name: '수령인',
  receiver_mobile_number: '01011112222',
};

/** An order as the operator sees it. */
export interface Detail {
  state: string;
  refundedAmount: number;
  chargedAmount?: number;
  reviewReason?: string;
  attempts: { tid: string; state: string; calls: number; failureCode?: number }[];
  refunds: RefundSeen[];
  history: { subject: string; from?: string; to: string; by: string; note: string }[];
}

export interface RefundSeen {
  id: string;
  state: string;
  amount: number;
  taxFreeAmount: number;
  vatAmount: number;
  cause: string;
  failureMessage?: string;
}

export interface Cancellation {
  state: string;
  refund?: RefundSeen;
  message?: string;
}

export interface Reviewed extends Cancellation {
  found?: { amount: number; cause: string; state: string }[];
}

/** The payment app on a database of its own, between a KakaoPay and a shop that are real servers. */
export class World {
  readonly delivered: Delivered[] = [];
  app: TestApp;
  private kinds = 0;

  private constructor(
    readonly kakaopay: FakeKakaoPay,
    readonly shopServer: HttpStub,
    readonly database: TestDatabase,
    private readonly env: Environment,
    private readonly clock?: Clock,
  ) {}

  static async start(env: Environment = {}, clock?: Clock): Promise<World> {
    resetShop();
    const [kakaopay, shopServer, database] = await Promise.all([
      FakeKakaoPay.start(),
      HttpStub.start(),
      testDatabase(merchantSchema, commerceSchema, paymentSchema),
    ]);
    const world = new World(kakaopay, shopServer, database, env, clock);
    shopServer.on('POST /webhook', (request) => {
      world.delivered.push(request.json() as Delivered);
      return { status: 200 };
    });
    await world.startApp();
    return world;
  }

  async startApp(): Promise<void> {
    this.app = await this.startInstance();
  }

  /** Another instance of the app on the same database. */
  startInstance(logDestination?: TestAppOptions['logDestination']): Promise<TestApp> {
    return startTestApp(paymentApp([first, second, third]), {
      database: this.database,
      clock: this.clock,
      ...(logDestination && { logDestination }),
      env: {
        DEFAULT_MERCHANT: 'first',
        KAKAOPAY_ORIGIN: this.kakaopay.url,
        KAKAO_API_ORIGIN: this.kakaopay.url,
        // A call that a test holds, or that a loaded machine serves late, is no call that takes too long; nor is a shop's.
        KAKAOPAY_TIMEOUT_MS: '60000',
        TID_TTL_SECONDS: '100000',
        ORDER_TTL_SECONDS: '100000',
        SHOP_TIMEOUT_MS: '60000',
        FIRST_WEBHOOK_URL: `${this.shopServer.url}/webhook`,
        SECOND_WEBHOOK_URL: `${this.shopServer.url}/webhook`,
        THIRD_WEBHOOK_URL: `${this.shopServer.url}/webhook`,
        ...this.env,
      },
    });
  }

  /** Waits until an order has so many refunds, and all are done. */
  refundsDone(order: OrderInHand, count: number): Promise<void> {
    return eventually(async () => {
      const { refunds } = await this.detail(order.id);
      expect(refunds.map(({ state }) => state)).toEqual(Array.from({ length: count }, () => 'done'));
    });
  }

  async stop(): Promise<void> {
    this.kakaopay.releaseApprovals();
    await this.app.close();
    await Promise.all([this.kakaopay.close(), this.shopServer.close()]);
    await this.database.drop();
  }

  async get(path: string, user?: string): Promise<Answer> {
    return read(await fetch(this.app.url + path, { headers: user === undefined ? {} : { 'X-Kakao-AppUserId': user } }));
  }

  async post(path: string, body: unknown, user?: string): Promise<Answer> {
    return read(
      await fetch(this.app.url + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...(user !== undefined && { 'X-Kakao-AppUserId': user }) },
        body: JSON.stringify(body),
      }),
    );
  }

  /** T1 */
  async sheet(sheetId: string, user: string, prefix = '', zipCode?: string): Promise<OrderSheetData> {
    const zip = zipCode === undefined ? '' : `&zip_code=${zipCode}`;
    const answer = await this.get(`${prefix}/ordersheet?ordersheet_id=${encodeURIComponent(sheetId)}${zip}`, user);
    if (answer.status !== 200) throw new Error(`T1 answered ${JSON.stringify(answer)}`);
    return answer.data as unknown as OrderSheetData;
  }

  /** T2 */
  approve(order: { id: string; user: string; prefix?: string }, tid: string, more: object = {}): Promise<Answer> {
    return this.post(`${order.prefix ?? ''}/order/approve`, { partner_order_id: order.id, tid, ...more }, order.user);
  }

  /** T3, as the plugin makes it out of approval_url */
  callback(order: OrderInHand, token: string = order.token): Promise<Answer> {
    const url = new URL(order.sheet.approval_url);
    const target = new URL(url.searchParams.get('approval_url') ?? url.href);
    return this.get(`${target.pathname}?pg_token=${token}&partner_order_id=${order.id}&partner_user_id=${order.user}`);
  }

  /** T4 */
  async status(order: { id: string; user: string; prefix?: string }): Promise<Record<string, unknown> | undefined> {
    return (await this.get(`${order.prefix ?? ''}/order/status?order_id=${order.id}`, order.user)).data;
  }

  /** T1 and T2 done, the buyer has authenticated, T3 is about to come. */
  async orderAwaitingPayment(
    kind = 'coffee',
    { prefix = '', more = {}, user = `user-${randomUUID()}` } = {},
  ): Promise<OrderInHand> {
    const sheetId = `${kind}-${randomUUID()}`;
    const sheet = await this.sheet(sheetId, user, prefix);
    const tid = this.kakaopay.ready(sheet);
    const order = { id: sheet.partner_order_id, user, prefix, sheetId, sheet, tid, token: '' };
    const answer = await this.approve(order, tid, more);
    if (answer.status !== 200) throw new Error(`T2 answered ${JSON.stringify(answer)}`);
    return { ...order, token: this.kakaopay.authenticate(tid) };
  }

  async paidOrder(kind = 'coffee', options: Parameters<World['orderAwaitingPayment']>[1] = {}): Promise<OrderInHand> {
    const order = await this.orderAwaitingPayment(kind, options);
    await this.callback(order);
    await this.until(order, 'S');
    return order;
  }

  until(order: OrderInHand, status: string): Promise<void> {
    return eventually(async () => {
      expect(await this.status(order)).toMatchObject({ order_status: status });
    });
  }

  /** The reconciler looks at an order's payments at once, though a look of it may be under way. */
  async lookNow(order: OrderInHand): Promise<void> {
    await this.database.query(`UPDATE payment.attempts SET look_at = to_timestamp(0) WHERE order_id = $1`, [order.id]);
  }

  async operator(path: string, init: RequestInit = {}): Promise<{ http: number; body: unknown }> {
    const response = await fetch(`${this.app.url}/operator/${path}`, {
      ...init,
      headers: {
        Authorization: 'Bearer dev-operator-token',
        'Content-Type': 'application/json',
        ...(init.headers as Record<string, string> | undefined),
      },
    });
    return { http: response.status, body: await response.json() };
  }

  async cancel(orderId: string, key: string | undefined, body: object): Promise<{ http: number; body: Cancellation }> {
    const answer = await this.operator(`orders/${orderId}/cancel`, {
      method: 'POST',
      headers: key === undefined ? {} : { 'Idempotency-Key': key },
      body: JSON.stringify(body),
    });
    return { http: answer.http, body: answer.body as Cancellation };
  }

  /** A button of an operator on an order that a person decides about. */
  async press(
    button: 'accept' | 'refund' | 'reconcile',
    orderId: string,
    key = `${button}-1`,
    body: object = { reason: '확인함' },
  ): Promise<{ http: number; body: Reviewed }> {
    const answer = await this.operator(`orders/${orderId}/${button}`, {
      method: 'POST',
      headers: { 'Idempotency-Key': key },
      body: JSON.stringify(body),
    });
    return { http: answer.http, body: answer.body as Reviewed };
  }

  async detail(orderId: string): Promise<Detail> {
    return (await this.operator(`orders/${orderId}`)).body as Detail;
  }

  about(orderId: string): Delivered[] {
    return this.delivered.filter(({ data }) => data.partnerOrderId === orderId);
  }

  async stock(sku: string, merchant = 'first'): Promise<{ on_hand: number; reserved: number } | undefined> {
    const [row] = await this.database.query<{ on_hand: number; reserved: number }>(
      `SELECT on_hand, reserved FROM commerce.stock WHERE merchant_id = $1 AND sku = $2`,
      [merchant, sku],
    );
    return row;
  }

  async setStock(sku: string, pieces: number, merchant = 'first'): Promise<void> {
    await this.database.query(
      `INSERT INTO commerce.stock (merchant_id, product_id, sku, on_hand) VALUES ($1, $2, $2, $3)
       ON CONFLICT (merchant_id, product_id, sku) DO UPDATE SET on_hand = $3, reserved = 0`,
      [merchant, sku, pieces],
    );
  }

  /** A kind of sheet whose goods, one piece, no other test sells. */
  async oneLeft(): Promise<string> {
    const kind = `goods${++this.kinds}`;
    await this.setStock(kind, 1);
    shop.sheets[kind] = () => ({
      lines: [{ name: '머그', quantity: 1, productId: kind }],
      totalAmount: 12_000,
      needsShipping: false,
    });
    return kind;
  }
}

async function read(response: Response): Promise<Answer> {
  return { http: response.status, ...((await response.json()) as Omit<Answer, 'http'>) };
}
