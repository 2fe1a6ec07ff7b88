import { Stock } from '@biz/commerce';
import { Deliveries, type Merchant } from '@biz/merchant';
import { Clock, Jobs, newId, Refusal, Vault } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { moveTo, ORDER } from '../history/move-to';
import { OrderUrlMaker } from '../sheets/order-urls';
import { Order } from '../orders/order.entity';
import { orderFacts } from '../completion/order-facts';
import { APPROVE } from '../attempts/attempt-jobs';

export const TOKEN_CONTEXT = 'payment.callbacks.token';

/** What KakaoPay's redirect brings beside the token. */
export interface CallbackIds {
  partnerOrderId?: string;
  partnerUserId?: string;
}

/** How a buyer can leave the payment screen without paying. */
const LEAVINGS = {
  cancel: { to: 'cancelled', event: 'payment.cancelled', note: 'the buyer left by cancel_url', message: null },
  fail: { to: 'failed', event: 'payment.failed', note: 'KakaoPay led to fail_url', message: '결제에 실패했습니다.' },
} as const;

/** T3 and its sisters: stored, answered, and acted on by durable work. Unknown or foreign ones change nothing. */
@Injectable()
export class Callbacks {
  constructor(
    private readonly dataSource: DataSource,
    private readonly urls: OrderUrlMaker,
    private readonly vault: Vault,
    private readonly jobs: Jobs,
    private readonly stock: Stock,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
  ) {}

  /** T3. The same token twice is stored once. */
  async authenticated(merchant: Merchant, key: string, pgToken: string, ids: CallbackIds): Promise<void> {
    const tokenSealed = await this.vault.seal(pgToken, TOKEN_CONTEXT);
    const fingerprint = this.vault.fingerprint(pgToken, TOKEN_CONTEXT);
    await this.dataSource.transaction(async (manager) => {
      // The lock lets T2 see this token, or this see T2's attempt: one of the two starts the approval.
      const order = await this.find(manager, merchant, key, ids);
      if (!['open', 'pending', 'approving', 'failed'].includes(order.state)) {
        const known = await manager.query<unknown[]>(
          `SELECT 1 FROM payment.callbacks WHERE order_id = $1 AND token_fingerprint = $2`,
          [order.id, fingerprint],
        );
        if (known.length === 0) throw new Refusal(300);
        return;
      }
      const added = await manager.query<unknown[]>(
        `INSERT INTO payment.callbacks (id, order_id, token_sealed, token_fingerprint, received_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT ON CONSTRAINT callbacks_once DO NOTHING RETURNING id`,
        [newId(), order.id, tokenSealed, fingerprint, this.clock.now()],
      );
      if (added.length > 0) await this.jobs.add(APPROVE, { orderId: order.id }, manager);
    });
  }

  /** Gives the order up, unless it is not being paid or an approve call is already decided on. */
  async left(merchant: Merchant, key: string, how: keyof typeof LEAVINGS, ids: CallbackIds): Promise<void> {
    const { to, event, note, message } = LEAVINGS[how];
    await this.dataSource.transaction(async (manager) => {
      const order = await this.find(manager, merchant, key, ids);
      const at = this.clock.now();
      const moved = await moveTo(manager, ORDER, order.id, {
        to,
        by: 'buyer',
        note,
        at,
        from: ['pending'],
        set: { failure_message: message },
      });
      if (!moved) return;
      await manager.query(
        `UPDATE payment.attempts SET closed_at = $2, updated_at = $2 WHERE order_id = $1 AND closed_at IS NULL AND state = 'waiting'`,
        [order.id, at],
      );
      await this.stock.release(manager, order.merchant, order.id);
      await this.deliveries.add(manager, {
        merchant: order.merchant,
        type: event,
        subject: order.id,
        ...(order.relayId !== null && { relayId: order.relayId }),
        data: { ...orderFacts(order, to), ...(message !== null && { message }) },
      });
    });
  }

  /** @throws Refusal 300 for an order that is unknown, another merchant's, or not the one the redirect speaks of */
  private async find(manager: EntityManager, merchant: Merchant, key: string, ids: CallbackIds): Promise<Order> {
    const id = this.urls.orderOf(key);
    const order =
      id === undefined
        ? null
        : await manager.findOne(Order, { where: { id, merchant: merchant.id }, lock: { mode: 'pessimistic_write' } });
    if (!order) throw new Refusal(300);
    if (ids.partnerOrderId !== undefined && ids.partnerOrderId !== order.id) throw new Refusal(300);
    if (ids.partnerUserId !== undefined && ids.partnerUserId !== order.appUserId) throw new Refusal(300);
    return order;
  }
}
