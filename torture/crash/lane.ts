import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../random';
import { Caller, type Reply } from '../stories/caller';
import { type Database, Reader } from '../world/database';
import type { MerchantId } from '../world/goods';
import { Instance } from '../world/instance';
import { innerPath, type Kakao, type Sheet } from '../world/kakao';
import type { Shop } from '../world/shop';
import { HttpProxy } from './http-proxy';
import { END_LIMIT_MS, Mortal, RELEASE_JOBS, TRIES_WHILE_STARTING } from './mortal';
import { PostgresProxy } from './postgres-proxy';
import { type Point, Steps } from './steps';

/** Slow enough that no look of the reconciler comes between the steps, quick enough to wait for one. */
const TIME_SCALE = 0.1;
export const ON_HAND = 10;

export interface Surroundings {
  database: Database;
  kakao: Kakao;
  shop: Shop;
  /** Folder of the build. */
  dist: string;
  /** Settings that every payment app of the torture has. */
  environment: Record<string, string>;
}

/** One payment app alone with its database, behind proxies that see every step it makes. */
export class Lane {
  readonly steps = new Steps();
  readonly reader: Reader;
  private readonly random = Random.of('crash');
  private readonly caller: Caller;

  private constructor(
    private readonly name: string,
    private readonly surroundings: Surroundings,
    private readonly postgres: PostgresProxy,
    private readonly pay: HttpProxy,
    private readonly shopProxy: HttpProxy,
    private readonly app: Instance,
    steps: Steps,
    url: string,
  ) {
    this.steps = steps;
    this.reader = new Reader(url);
    this.caller = new Caller([app]);
  }

  static async open(surroundings: Surroundings, name: string): Promise<Lane> {
    const { database, kakao, shop, dist, environment } = surroundings;
    const steps = new Steps();
    const url = await database.fresh(name);
    const [postgres, pay, shopProxy] = await Promise.all([
      PostgresProxy.start(url, steps),
      HttpProxy.start(kakao.url, steps),
      HttpProxy.start(shop.url, steps),
    ]);
    const app = await Instance.at(dist, {
      ...environment,
      RETRY_TIME_SCALE: String(TIME_SCALE),
      TID_TTL_SECONDS: '9000',
      ORDER_TTL_SECONDS: '9000',
      DATABASE_URL: postgres.url,
      KAKAOPAY_ORIGIN: pay.url,
      TORTURE_SHOP_URL: shopProxy.url,
      COUNTER_WEBHOOK_URL: `${shopProxy.url}/webhook`,
      WORKSHOP_WEBHOOK_URL: `${shopProxy.url}/webhook`,
    });
    const lane = new Lane(name, surroundings, postgres, pay, shopProxy, app, steps, url);
    for (const merchant of ['counter', 'workshop']) {
      await lane.reader.rows(
        `INSERT INTO commerce.stock (merchant_id, product_id, sku, on_hand) VALUES ($1, 'mug', 'mug', $2)`,
        [merchant, ON_HAND],
      );
    }
    await app.start();
    return lane;
  }

  get complaints(): string[] {
    return this.app.complaints.map(({ text }) => text);
  }

  async close(): Promise<void> {
    await this.app.kill();
    await Promise.all([this.postgres.stop(), this.pay.stop(), this.shopProxy.stop(), this.reader.end()]);
    await this.surroundings.database.drop(this.name);
  }

  /** The process dies at this point of what follows, and is started again. @returns whether it came to that point */
  dyingAt(point: Point | undefined, work: () => Promise<void>): Promise<boolean> {
    return new Mortal(this.app, this.steps, this.reader, RELEASE_JOBS).dyingAt(point, work);
  }

  /** T1, and the buyer on the payment screen. */
  async order(merchant: MerchantId): Promise<Bought> {
    const prefix = merchant === 'counter' ? '' : `/m/${merchant}`;
    const user = `buyer-${this.name}`;
    const reply = await this.call('GET', `${prefix}/ordersheet?ordersheet_id=mug-${this.name}`, user);
    const sheet = reply.body.data as Sheet;
    const tid = await this.surroundings.kakao.ready(sheet);
    return { id: String(sheet.partner_order_id), user, prefix, sheet, tid };
  }

  /** T2, the buyer's password, T3: Kakao repeats each until it is answered. Then `S`, and the shop knows. */
  async buy({ id, user, prefix, sheet, tid }: Bought): Promise<void> {
    await this.call('POST', `${prefix}/order/approve`, user, { partner_order_id: id, tid, shipping_address: ADDRESS });
    const { pgToken = '' } = this.surroundings.kakao.user(tid, 'authenticate') ?? {};
    const query = new URLSearchParams({ pg_token: pgToken, partner_order_id: id, partner_user_id: user });
    await this.call('GET', `${innerPath(String(sheet.approval_url))}?${query.toString()}`, user);
    await this.until('the order is paid and the shop knows', async () => {
      const [row] = await this.reader.rows<{ state: string }>('SELECT state FROM payment.orders WHERE id = $1', [id]);
      return row?.state === 'paid' && (await this.still());
    });
  }

  /** An operator gives the money back. */
  async refund({ id }: Bought): Promise<void> {
    const reply = await this.caller.operator(
      this.random,
      `orders/${id}/cancel`,
      { 'idempotency-key': 'crash' },
      { reason: '고객 변심' },
      TRIES_WHILE_STARTING,
    );
    if (reply?.http !== 202) throw new Error(`the cancel was answered ${JSON.stringify(reply)}`);
    await this.until('the money is back and the shop knows', async () => {
      const [row] = await this.reader.rows<{ state: string }>('SELECT state FROM payment.orders WHERE id = $1', [id]);
      return row?.state === 'cancelled' && (await this.still());
    });
  }

  /** Nothing is owed to the shop, and no job is left. */
  private async still(): Promise<boolean> {
    const [row] = await this.reader.rows<{ left: number }>(
      `SELECT (SELECT count(*) FROM merchant.deliveries WHERE state = 'pending')::int
            + (SELECT count(*) FROM pgboss.job WHERE state::text IN ('created', 'retry', 'active') AND retry_limit < 1000000
                 AND name NOT LIKE '\\_\\_%')::int AS left`,
    );
    return row?.left === 0;
  }

  private async call(method: 'GET' | 'POST', path: string, user: string, body?: unknown): Promise<Reply> {
    const headers = { 'x-kakao-appuserid': user };
    const reply = await this.caller.untilAnswered(
      this.random,
      { method, path, headers, ...(body !== undefined && { body }) },
      TRIES_WHILE_STARTING,
    );
    if (reply?.body.status !== 200) throw new Error(`${method} ${path} was answered ${JSON.stringify(reply)}`);
    return reply;
  }

  private async until(what: string, is: () => Promise<boolean>): Promise<void> {
    const giveUpAt = Date.now() + END_LIMIT_MS;
    while (!(await is())) {
      if (Date.now() > giveUpAt) throw new Error(`${END_LIMIT_MS / 1000} s went by before ${what}`);
      await delay(50);
    }
  }
}

/** An order whose buyer is on the payment screen. */
export interface Bought {
  id: string;
  user: string;
  prefix: string;
  sheet: Sheet;
  tid: string;
}

const ADDRESS = {
  base_address: '경기도 성남시 분당구 판교역로 235',
  detail_address: '6층',
  zone_code: '13494',
  receiver_name: '수령인',
  receiver_mobile_number: '01011112222',
};
