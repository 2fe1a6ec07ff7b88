import { Stock } from '@biz/commerce';
import { Deliveries } from '@biz/merchant';
import { Clock } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { ChargePeriods } from '../charges/charge-periods';
import { orderFacts, paymentFacts } from '../completion/order-facts';
import { ATTEMPT, moveTo, ORDER, REFUND as REFUND_ROW } from '../history/move-to';
import { Order } from '../orders/order.entity';
import { Refund } from './refund.entity';

/** What follows when money is back, in the transaction that learns of it and under the order's lock. */
@Injectable()
export class RefundCompletion {
  constructor(
    private readonly stock: Stock,
    private readonly periods: ChargePeriods,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
  ) {}

  /** The refund is `done` already; attempt, order, stock and shop follow. */
  async complete(manager: EntityManager, order: Order, attempt: Attempt, refund: Refund): Promise<void> {
    const at = this.clock.now();
    const total = await manager.sum(Refund, 'amount', { attemptId: attempt.id, state: 'done' });
    const whole = (total ?? 0) >= (attempt.chargedAmount ?? 0);
    if (whole) {
      await moveTo(manager, ATTEMPT, attempt.id, { to: 'refunded', by: 'platform', note: 'all of it is back', at });
      await this.withdrawFailed(manager, attempt, at);
    }
    const ofOrder = order.attemptId === attempt.id && attempt.state !== 'surplus';
    if (ofOrder && (refund.cause === 'operator' || refund.cause === 'at-kakaopay')) {
      await this.applyToOrder(manager, order, attempt, refund, whole);
    }
  }

  /** Nothing is left that they could give back. */
  private async withdrawFailed(manager: EntityManager, attempt: Attempt, at: Date): Promise<void> {
    const failed = await manager.find(Refund, {
      select: { id: true },
      where: { attemptId: attempt.id, state: 'failed' },
    });
    for (const { id } of failed) {
      await moveTo(manager, REFUND_ROW, id, { to: 'withdrawn', by: 'platform', note: 'all of it is back', at });
    }
  }

  private async applyToOrder(
    manager: EntityManager,
    order: Order,
    attempt: Attempt,
    refund: Refund,
    whole: boolean,
  ): Promise<void> {
    const at = this.clock.now();
    order.refundedAmount += refund.amount;
    await manager.update(Order, { id: order.id }, { refundedAmount: order.refundedAmount, updatedAt: at });
    if (whole) {
      const held = order.state === 'fulfilling' || order.state === 'review';
      const by = refund.cause === 'operator' ? 'operator' : 'kakaopay';
      await moveTo(manager, ORDER, order.id, { to: 'cancelled', by, note: refund.reason, at });
      order.state = 'cancelled';
      await this.periods.orderCancelled(manager, order);
      if (held) await this.stock.release(manager, order.merchant, order.id);
      else if (refund.restock) await this.stock.restock(manager, order.merchant, order.id);
    }
    await this.deliveries.add(manager, {
      merchant: order.merchant,
      type: 'payment.cancelled',
      subject: order.id,
      ...(order.relayId !== null && { relayId: order.relayId }),
      data: {
        ...orderFacts(order),
        ...paymentFacts(attempt),
        refund: {
          id: refund.id,
          amount: refund.amount,
          taxFreeAmount: refund.taxFreeAmount,
          vatAmount: refund.vatAmount,
          reason: refund.reason,
          whole,
        },
      },
    });
  }
}
