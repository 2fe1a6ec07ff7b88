import { Stock } from '@biz/commerce';
import type { ApproveOrderRequest } from '@biz/kakao-dto';
import type { Merchant, ShippingAddress } from '@biz/merchant';
import { Clock, Jobs, newId, Refusal, RuntimeConfig, Vault } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { APPROVE } from '../attempts/attempt-jobs';
import { firstLook } from '../attempts/reconciler';
import { Callback } from '../callbacks/callback.entity';
import { began, moveTo, ORDER } from '../history/move-to';
import { PaymentConfig } from '../payment.config';
import { ADDRESS_CONTEXT, addressOf, isSamePlace } from './order-address';
import { OrderSheets } from '../sheets/order-sheets';
import { isOrderId } from './order-id';
import { Orders } from './orders';
import { Order } from './order.entity';

class SoldOut extends Refusal {
  constructor() {
    super(500, '주문 상품이 품절되었습니다.');
  }
}

/** T2: the buyer is about to pay. */
@Injectable()
export class OrderApproval {
  constructor(
    private readonly dataSource: DataSource,
    private readonly orders: Orders,
    private readonly sheets: OrderSheets,
    private readonly stock: Stock,
    private readonly jobs: Jobs,
    private readonly vault: Vault,
    private readonly config: PaymentConfig,
    private readonly runtime: RuntimeConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores tid and address and reserves the stock, all or nothing.
   *
   * A tid that is already this order's is answered like the first time and changes nothing; a new one supersedes it.
   */
  async approve(
    merchant: Merchant,
    appUserId: string,
    relayId: string | undefined,
    { partner_order_id: orderId, tid, shipping_address: given }: ApproveOrderRequest,
  ): Promise<void> {
    const { manager } = this.dataSource;
    const seen = isOrderId(orderId) ? await manager.findOneBy(Order, { id: orderId, merchant: merchant.id }) : null;
    if (!seen) throw new Refusal(300);
    if (seen.appUserId !== appUserId) throw new Refusal(400);
    if (await this.isKnown(manager, seen, tid)) return;
    const address = given ? addressOf(given) : undefined;
    await this.sheets.checkPermission(merchant, {
      appUserId,
      ...(address && { zipCode: address.zoneCode ?? address.postNo }),
      ...(relayId !== undefined && { relayId }),
    });
    const addressSealed = address && (await this.vault.seal(JSON.stringify(address), ADDRESS_CONTEXT));
    await this.startOrFail(seen.id, async (inside) => {
      const order = await inside.findOneOrFail(Order, { where: { id: seen.id }, lock: { mode: 'pessimistic_write' } });
      if (await this.isKnown(inside, order, tid)) return;
      this.check(order, address);
      const result = await this.stock.reserve(inside, merchant.id, order.id, order.stockLines);
      if (!result.reserved) throw new SoldOut();
      await this.startAttempt(inside, merchant, order, tid, {
        ...(addressSealed !== undefined && { address_sealed: addressSealed }),
        ...(relayId !== undefined && order.relayId === null && { relay_id: relayId }),
      });
    });
  }

  /** A sold-out order keeps nothing of the refused call but its reason, which T4 tells (guide 6.2, OrderStatus 참고사항). */
  private async startOrFail(orderId: string, work: (manager: EntityManager) => Promise<void>): Promise<void> {
    try {
      await this.dataSource.transaction(work);
    } catch (error) {
      if (error instanceof SoldOut) {
        const at = this.clock.now();
        await this.dataSource.transaction((manager) =>
          moveTo(manager, ORDER, orderId, {
            to: 'failed',
            by: 'platform',
            note: 'T2: sold out',
            at,
            from: ['open'],
            set: { failure_message: error.message },
          }),
        );
      }
      throw error;
    }
  }

  private async isKnown(manager: EntityManager, { id, merchant }: Order, tid: string): Promise<boolean> {
    const attempt = await manager.findOne(Attempt, { select: { id: true, orderId: true }, where: { merchant, tid } });
    if (attempt && attempt.orderId !== id) throw new Refusal(500, '이미 다른 주문에 사용된 결제번호입니다.');
    return attempt !== null;
  }

  private check(order: Order, address: ShippingAddress | undefined): void {
    if (!['open', 'pending', 'approving', 'failed'].includes(order.state)) throw new Refusal(300);
    if (order.expiresAt <= this.clock.now()) throw new Refusal(300);
    if (!order.useShipping) return;
    if (!address) throw new Refusal(500, '배송지를 입력해 주세요.');
    if (order.zipCode && !isSamePlace(order.zipCode, address)) {
      throw new Refusal(500, '배송지가 변경되어 금액이 달라질 수 있습니다. 다시 시도해 주세요.');
    }
  }

  private async startAttempt(
    manager: EntityManager,
    merchant: Merchant,
    order: Order,
    tid: string,
    set: Record<string, unknown>,
  ): Promise<void> {
    const now = this.clock.now();
    const id = newId();
    await manager.query(
      `UPDATE payment.attempts SET closed_at = $2, updated_at = $2
       WHERE order_id = $1 AND closed_at IS NULL AND state IN ('waiting', 'approving')`,
      [order.id, now],
    );
    await manager.insert(Attempt, {
      id,
      orderId: order.id,
      merchant: merchant.id,
      cid: this.orders.cidOf(merchant, order.terms.subscription !== undefined),
      tid,
      state: 'waiting',
      totalAmount: order.totalAmount,
      taxFreeAmount: order.taxFreeAmount,
      vatAmount: order.vatAmount,
      expiresAt: new Date(now.getTime() + this.config.tidTtlSeconds * 1000 * this.runtime.retryTimeScale),
      lookAt: firstLook(now, this.runtime),
      createdAt: now,
      updatedAt: now,
    });
    await began(manager, {
      subject: 'attempt',
      orderId: order.id,
      id,
      state: 'waiting',
      by: 'kakao',
      note: 'T2',
      at: now,
    });
    const note = order.attemptId === null ? 'T2: stock reserved' : 'T2: a newer tid';
    await moveTo(manager, ORDER, order.id, {
      to: 'pending',
      by: 'kakao',
      note,
      at: now,
      set: { ...set, attempt_id: id, failure_message: null },
    });
    // T3 may have overtaken T2.
    if (await manager.existsBy(Callback, { orderId: order.id })) {
      await this.jobs.add(APPROVE, { orderId: order.id }, manager);
    }
  }
}
