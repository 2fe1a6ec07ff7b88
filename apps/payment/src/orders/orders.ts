import type { Buyer, Merchant, PaymentType } from '@biz/merchant';
import {
  Clock,
  gather,
  inOrderOf,
  newId,
  type OpenKind,
  OpenLimits,
  prepared,
  Refusal,
  RuntimeConfig,
  tableRows,
} from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { moveTo, ORDER } from '../history/move-to';
import { PaymentConfig } from '../payment.config';
import { OrderSheets, type PricedSheet, SOLD_OUT } from '../sheets/order-sheets';
import { isChargeSheet, isOrderId } from './order-id';
import { ORDER_STATES, type OrderState, type OrderStateRule } from './order-status';
import { OrderUrlMaker, type OrderUrls } from '../sheets/order-urls';
import { Order } from './order.entity';

/** What an unwell order is shown with when nothing better is known. */
const FAILED = '결제에 실패했습니다.';

/** An order that can be paid, and what paying it takes. */
export interface PlacedOrder {
  order: Order;
  /** The contract with KakaoPay it is paid under. */
  cid: string;
  urls: OrderUrls;
}

/** How an order is, as far as its buyer is told. */
export interface OrderShown {
  readonly shown: OrderStateRule['shown'];
  /** Why it failed. */
  readonly message?: string;
}

interface StatusRow {
  id: string;
  merchant: string;
  state: OrderState;
  app_user_id: string;
  failure_message: string | null;
  /** Never paid for, and too late now. */
  lapsed: boolean;
}

/** T4 comes twice a second for every buyer who is paying; what comes together is read together. */
const STATUSES = { size: 32, inFlight: 3 };
const NEW_ORDERS = { size: 32, inFlight: 3 };

/** Orders that may still be paid. `-infinity` names their index, which no other statement is to use. */
const HELD_OPEN = `held.state IN ('open', 'pending') AND held.expires_at > '-infinity'`;
const OPEN_ORDERS: OpenKind = {
  what: 'orders',
  full: `
    SELECT merchant FROM unnest($1::text[]) AS asked (merchant)
     WHERE (SELECT count(*) FROM (SELECT FROM payment.orders AS held
             WHERE held.merchant = asked.merchant AND ${HELD_OPEN} AND held.expires_at > $2 LIMIT $3) AS counted) >= $3`,
  messages: {
    customer: '결제하지 않은 주문이 너무 많습니다. 잠시 후 다시 시도해 주세요.',
    merchant: '지금은 주문이 많아 새 주문을 받을 수 없습니다. 잠시 후 다시 시도해 주세요.',
  },
};

/** What became of a new order: `full` names whose limit kept it out, unless an order of its sheet and user is there already. */
interface Placed {
  isNew: boolean;
  full: 'customer' | 'merchant';
}

/** T1 makes orders, T4 tells how they are. */
@Injectable()
export class Orders {
  private readonly logger = new Logger(Orders.name);
  private readonly statusOf = gather((ids: readonly string[]) => this.statusesOf(ids), STATUSES);
  private readonly insert = gather((orders: readonly Order[]) => this.insertAll(orders), NEW_ORDERS);

  constructor(
    private readonly dataSource: DataSource,
    private readonly sheets: OrderSheets,
    private readonly urls: OrderUrlMaker,
    private readonly config: PaymentConfig,
    private readonly runtime: RuntimeConfig,
    private readonly clock: Clock,
    private readonly limits: OpenLimits,
  ) {}

  /**
   * T1: the order behind a sheet, one for each (merchant, sheet, user) at a time.
   *
   * Amounts are made anew until an attempt is under way; then they stand, for the buyer is paying them. A repeatable sheet
   * has another order once the one before is over.
   *
   * @param type 결제타입 of the plugin that asks; unless given it sells both
   */
  async sheet(merchant: Merchant, sheetId: string, buyer: Buyer, type?: PaymentType): Promise<PlacedOrder> {
    if (isChargeSheet(sheetId)) throw new Refusal(300);
    if (!(await this.sheets.checkPermission(merchant, buyer))) throw new Refusal(500, SOLD_OUT);
    const loaded = await this.sheets.load(merchant, sheetId, buyer);
    if (!loaded) throw new Refusal(300);
    const { repeatable, ...priced } = loaded;
    this.checkType(merchant, sheetId, priced, type);
    this.cidOf(merchant, priced.terms.subscription !== undefined);
    const made = this.make(merchant, sheetId, buyer, priced);
    const order = await this.place(made, buyer, priced, repeatable);
    return {
      order,
      cid: this.cidOf(merchant, order.terms.subscription !== undefined),
      urls: this.urls.urlsOf(merchant, order),
    };
  }

  /** @throws Refusal 300 for a sheet that the plugin was not registered to sell */
  private checkType({ id }: Merchant, sheetId: string, { terms }: PricedSheet, type: PaymentType | undefined): void {
    const isOf: PaymentType = terms.subscription === undefined ? 'single' : 'subscription';
    if (type === undefined || type === isOf) return;
    this.logger.warn(
      { merchant: id, sheetId, plugin: type, sheet: isOf },
      'a plugin was asked for a sheet of the other type',
    );
    throw new Refusal(300);
  }

  /** Of a repeatable sheet in two tries: the first may find an order that is over and makes room, or has just made it. */
  private async place(made: Order, buyer: Buyer, priced: PricedSheet, repeatable: boolean): Promise<Order> {
    for (let triesLeft = repeatable ? 2 : 1; ; triesLeft--) {
      const { isNew, full } = await this.insert(made);
      const order = isNew ? made : await this.renew(made, buyer, priced, repeatable);
      if (order) return order;
      if (triesLeft <= 1) throw this.limits.refused(OPEN_ORDERS, full, made.merchant);
    }
  }

  /** T4: our own state only, always read afresh. */
  async status(merchant: Merchant, appUserId: string, orderId: string): Promise<OrderShown> {
    const row = isOrderId(orderId) ? await this.statusOf(orderId) : undefined;
    if (row?.merchant !== merchant.id) throw new Refusal(300);
    if (row.app_user_id !== appUserId) throw new Refusal(400);
    if (row.lapsed) throw new Refusal(300);
    const rule = ORDER_STATES[row.state];
    return rule.shown === 'F' ? { shown: rule.shown, message: row.failure_message ?? FAILED } : rule;
  }

  hasCid({ secrets }: Merchant, subscription: boolean): boolean {
    return (subscription ? secrets.subscriptionCid : secrets.cid) !== undefined;
  }

  /** The contract with KakaoPay an order is paid under. */
  cidOf({ id, secrets }: Merchant, subscription: boolean): string {
    const cid = subscription ? secrets.subscriptionCid : secrets.cid;
    if (cid !== undefined) return cid;
    this.logger.error({ merchant: id, subscription }, 'the merchant sells what it has no CID for');
    throw new Refusal(500);
  }

  private async statusesOf(ids: readonly string[]): Promise<(StatusRow | undefined)[]> {
    const rows = await prepared<StatusRow>(
      this.dataSource,
      `SELECT id, merchant, state, app_user_id, failure_message, state = 'open' AND expires_at <= $2 AS lapsed
         FROM payment.orders WHERE id = ANY($1::uuid[])`,
      [ids, this.clock.now()],
    );
    return inOrderOf(ids, rows);
  }

  private make(
    merchant: Merchant,
    sheetId: string,
    { appUserId, relayId, zipCode }: Buyer,
    priced: PricedSheet,
  ): Order {
    const now = this.clock.now();
    return Object.assign(new Order(), {
      ...priced,
      id: newId(),
      merchant: merchant.id,
      sheetId,
      appUserId,
      turn: 0,
      state: 'open',
      relayId: relayId ?? null,
      zipCode: zipCode ?? null,
      refundedAmount: 0,
      attemptId: null,
      subscriptionId: null,
      period: null,
      addressSealed: null,
      leftByBuyer: false,
      failureMessage: null,
      reviewReason: null,
      expiresAt: this.expiry(now),
      paidAt: null,
      createdAt: now,
      updatedAt: now,
    } satisfies Order);
  }

  /** Correct to within the calls of the same moment, which do not see each other's orders. */
  private async insertAll(orders: readonly Order[]): Promise<Placed[]> {
    const fullMerchants = await this.limits.fullMerchants(
      OPEN_ORDERS,
      orders.map(({ merchant }) => merchant),
    );
    const admitted = orders.filter(({ merchant }) => !fullMerchants.has(merchant));
    const { names, rows } = tableRows(this.dataSource, Order, admitted);
    const made = await prepared<{ id: string }>(
      this.dataSource,
      `WITH made AS (
         INSERT INTO payment.orders (${names}) SELECT ${names} FROM json_populate_recordset(NULL::payment.orders, $1) AS given
          WHERE (SELECT count(*) FROM (SELECT FROM payment.orders AS held
                  WHERE held.merchant = given.merchant AND held.app_user_id = given.app_user_id
                    AND ${HELD_OPEN} AND held.expires_at > $4 LIMIT $5) AS counted) < $5
         ON CONFLICT ON CONSTRAINT orders_one_per_sheet_and_user DO NOTHING RETURNING id, state, created_at
       ), told AS (
         INSERT INTO payment.history (id, order_id, subject, subject_id, to_state, actor, note, at)
         SELECT entry_id, made.id, 'order', made.id, made.state, 'kakao', 'T1', made.created_at
           FROM made JOIN unnest($2::uuid[], $3::uuid[]) AS entry (order_id, entry_id) ON entry.order_id = made.id
       )
       SELECT id FROM made`,
      [
        JSON.stringify(rows),
        admitted.map(({ id }) => id),
        admitted.map(() => newId()),
        this.clock.now(),
        this.limits.ofCustomer,
      ],
    );
    const isNew = new Set(made.map(({ id }) => id));
    return orders.map(({ id, merchant }) => ({
      isNew: isNew.has(id),
      full: fullMerchants.has(merchant) ? 'merchant' : 'customer',
    }));
  }

  /**
   * T1 again: what the sheet says now, unless the buyer is paying what it said before.
   *
   * @returns nothing when there is no such order: a limit kept it out, or it is over and makes room for the next
   */
  private renew(
    made: Order,
    { relayId, zipCode }: Buyer,
    priced: PricedSheet,
    repeatable: boolean,
  ): Promise<Order | undefined> {
    return this.dataSource.transaction(async (manager) => {
      const now = this.clock.now();
      const expiresAt = this.expiry(now);
      const { merchant, sheetId, appUserId } = made;
      const known = await manager.findOne(Order, {
        where: { merchant, sheetId, appUserId, turn: 0 },
        lock: { mode: 'pessimistic_write' },
      });
      if (!known) return undefined;
      switch (known.leftByBuyer ? 'failed' : known.state) {
        case 'open':
        case 'failed': {
          if (known.state !== 'open') {
            await moveTo(manager, ORDER, known.id, {
              to: 'open',
              by: 'kakao',
              note: 'T1: tried again',
              at: now,
              set: { failure_message: null, left_by_buyer: false },
            });
          }
          const renewed = {
            ...priced,
            zipCode: zipCode ?? null,
            relayId: relayId ?? known.relayId,
            expiresAt,
            updatedAt: now,
          };
          await manager.update(Order, { id: known.id }, renewed);
          return Object.assign(known, renewed);
        }
        case 'pending':
        case 'approving':
          await manager.update(Order, { id: known.id }, { expiresAt });
          return known;
        case 'paid':
        case 'cancelled':
          if (repeatable && (await this.makeRoom(manager, known))) return undefined;
          throw new Refusal(300);
        case 'fulfilling':
        case 'review':
          throw new Refusal(300);
      }
    });
  }

  /** An order that is over gives its place to the next. @returns false while a subscription that it began goes on */
  private async makeRoom(manager: EntityManager, { id, merchant, sheetId, appUserId }: Order): Promise<boolean> {
    const [, count] = await manager.query<[unknown, number]>(
      `UPDATE payment.orders SET turn = (
                SELECT max(turn) + 1 FROM payment.orders WHERE merchant = $2 AND sheet_id = $3 AND app_user_id = $4)
        WHERE id = $1 AND turn = 0 AND state IN ('paid', 'cancelled')
          AND NOT EXISTS (SELECT FROM payment.subscriptions s WHERE s.order_id = $1 AND s.state <> 'ended')`,
      [id, merchant, sheetId, appUserId],
    );
    return count === 1;
  }

  private expiry(from: Date): Date {
    return new Date(from.getTime() + this.config.orderTtlSeconds * 1000 * this.runtime.retryTimeScale);
  }
}
