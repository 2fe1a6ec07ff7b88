import type { OrderSheetData, OrderStatusCode } from '@biz/kakao-dto';
import type { Buyer, Merchant } from '@biz/merchant';
import { Clock, newId, Refusal, RuntimeConfig } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { began, moveTo, ORDER } from '../history/move-to';
import { PaymentConfig } from '../payment.config';
import { OrderSheets, type PricedSheet } from '../sheets/order-sheets';
import { isOrderId } from './order-id';
import { ORDER_STATES, type OrderState } from './order-status';
import { OrderUrlMaker } from '../sheets/order-urls';
import { Order } from './order.entity';

/** What an unwell order is shown with when nothing better is known. */
const FAILED = '결제에 실패했습니다.';

interface StatusRow {
  state: OrderState;
  app_user_id: string;
  failure_message: string | null;
  expires_at: Date;
}

/** T1 makes orders, T4 tells how they are. */
@Injectable()
export class Orders {
  private readonly logger = new Logger(Orders.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly sheets: OrderSheets,
    private readonly urls: OrderUrlMaker,
    private readonly config: PaymentConfig,
    private readonly runtime: RuntimeConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * T1: the order behind a sheet, one for each (merchant, sheet, user).
   *
   * Amounts are made anew until an attempt is under way; then they stand, for the buyer is paying them.
   */
  async sheet(merchant: Merchant, sheetId: string, buyer: Buyer): Promise<OrderSheetData> {
    await this.sheets.checkPermission(merchant, buyer);
    const priced = await this.sheets.load(merchant, sheetId, buyer);
    if (!priced) throw new Refusal(300);
    this.cidOf(merchant, priced.terms.subscription !== undefined);
    const order = await this.dataSource.transaction((manager) => this.store(manager, merchant, sheetId, buyer, priced));
    return this.show(merchant, order);
  }

  /** T4: our own state only, by one single-row read. */
  async status(
    merchant: Merchant,
    appUserId: string,
    orderId: string,
  ): Promise<{ order_status: OrderStatusCode; message?: string }> {
    const [row] = isOrderId(orderId)
      ? await this.dataSource.query<StatusRow[]>(
          `SELECT state, app_user_id, failure_message, expires_at FROM payment.orders WHERE id = $1 AND merchant = $2`,
          [orderId, merchant.id],
        )
      : [];
    if (!row) throw new Refusal(300);
    if (row.app_user_id !== appUserId) throw new Refusal(400);
    if (row.state === 'open' && row.expires_at <= this.clock.now()) throw new Refusal(300);
    const { shown } = ORDER_STATES[row.state];
    return shown === 'F' ? { order_status: shown, message: row.failure_message ?? FAILED } : { order_status: shown };
  }

  /** The contract with KakaoPay an order is paid under. */
  cidOf({ id, secrets }: Merchant, subscription: boolean): string {
    const cid = subscription ? secrets.subscriptionCid : secrets.cid;
    if (cid !== undefined) return cid;
    this.logger.error({ merchant: id, subscription }, 'the merchant sells what it has no CID for');
    throw new Refusal(500);
  }

  private async store(
    manager: EntityManager,
    merchant: Merchant,
    sheetId: string,
    { appUserId, relayId, zipCode }: Buyer,
    priced: PricedSheet,
  ): Promise<Order> {
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + this.config.orderTtlSeconds * 1000 * this.runtime.retryTimeScale);
    const order = Object.assign(new Order(), {
      ...priced,
      id: newId(),
      merchant: merchant.id,
      sheetId,
      appUserId,
      state: 'open',
      relayId: relayId ?? null,
      zipCode: zipCode ?? null,
      refundedAmount: 0,
      attemptId: null,
      addressSealed: null,
      failureMessage: null,
      reviewReason: null,
      expiresAt,
      paidAt: null,
      createdAt: now,
      updatedAt: now,
    } satisfies Order);
    const inserted = await manager
      .createQueryBuilder()
      .insert()
      .into(Order)
      .values(order)
      .orIgnore()
      .returning('id')
      .execute();
    if ((inserted.raw as unknown[]).length > 0) {
      await began(manager, {
        subject: 'order',
        orderId: order.id,
        id: order.id,
        state: 'open',
        by: 'kakao',
        note: 'T1',
        at: now,
      });
      return order;
    }
    const known = await manager.findOneOrFail(Order, {
      where: { merchant: merchant.id, sheetId, appUserId },
      lock: { mode: 'pessimistic_write' },
    });
    switch (known.state) {
      case 'open':
      case 'failed': {
        if (known.state === 'failed') {
          await moveTo(manager, ORDER, known.id, {
            to: 'open',
            by: 'kakao',
            note: 'T1: tried again',
            at: now,
            set: { failure_message: null },
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
      case 'fulfilling':
      case 'paid':
      case 'cancelled':
      case 'review':
        throw new Refusal(300);
    }
  }

  private show(merchant: Merchant, order: Order): OrderSheetData {
    const { agreements, productUrls, subscription } = order.terms;
    const { approvalUrl, cancelUrl, failUrl } = this.urls.urlsOf(merchant, order.id);
    return {
      rest_api_key: merchant.secrets.restApiKey,
      cid: this.cidOf(merchant, subscription !== undefined),
      ...(merchant.secrets.cidSecret !== undefined && { cid_secret: merchant.secrets.cidSecret }),
      partner_order_id: order.id,
      partner_user_id: order.appUserId,
      item_name: order.itemName,
      ...(order.itemCode !== null && { item_code: order.itemCode }),
      quantity: order.quantity,
      total_amount: order.totalAmount,
      tax_free_amount: order.taxFreeAmount,
      vat_amount: order.vatAmount,
      approval_url: approvalUrl,
      cancel_url: cancelUrl,
      fail_url: failUrl,
      ...(agreements && { order_agreements: agreements }),
      use_shipping: order.useShipping,
      ...(productUrls && { product_urls: productUrls }),
      ...(subscription && {
        automatic_payment: {
          message: subscription.message,
          billing_cycle: subscription.billingCycle,
          currency: '원',
          details: subscription.details.map(({ date, amount }) => {
            const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
            return { year, month, day, amount };
          }),
        },
      }),
    };
  }
}
