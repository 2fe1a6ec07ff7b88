import { explainCode } from '@biz/kakaopay';
import { Deliveries } from '@biz/merchant';
import { Clock, newId, RuntimeConfig } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Attempt } from '../attempts/attempt.entity';
import { orderFacts, paymentFacts } from '../completion/order-facts';
import type { Order } from '../orders/order.entity';
import { PaymentConfig } from '../payment.config';
import { Subscription } from '../subscriptions/subscription.entity';
import { PLAN_IS_OVER, Subscriptions } from '../subscriptions/subscriptions';
import { atKstHour, daysAfter, kstDay } from './kst-day';
import { nextCharge } from './next-charge';

/** Days from each failed try to the next, at the hour of charging; after the last the subscription ends. */
const DUNNING_AFTER_DAYS = [1, 3, 5, 7];
/** A missed period is charged this long after the one before it: a buyer who sees the first can still end the rest. */
export const MISSED_AFTER_SECONDS = 3600;

/** What comes after a try that brought no money: `dunning` another by schedule, `tomorrow` one that does not count, or none. */
export type AfterFailure = 'dunning' | 'tomorrow' | 'never';

export interface FailedTry {
  /** Korean, for the buyer. */
  message: string;
  code?: number;
  next: AfterFailure;
}

/** Where a subscription stands among its periods. Every step is in the caller's transaction, the charge's order locked. */
@Injectable()
export class ChargePeriods {
  constructor(
    private readonly subscriptions: Subscriptions,
    private readonly deliveries: Deliveries,
    private readonly config: PaymentConfig,
    private readonly runtime: RuntimeConfig,
    private readonly clock: Clock,
  ) {}

  /** The period of this order is settled: the subscription goes on to the next. Repeating it is harmless. */
  async goOn(manager: EntityManager, order: Order, note: string): Promise<void> {
    const id = order.subscriptionId;
    const period = order.period;
    if (id === null || period === null) return;
    await this.subscriptions.hold(manager, id);
    const subscription = await manager.findOneByOrFail(Subscription, { id });
    const next = nextCharge(subscription.plan, period, kstDay(subscription.createdAt));
    const at = this.clock.now();
    const missed = new Date(at.getTime() + MISSED_AFTER_SECONDS * 1000 * this.runtime.retryTimeScale);
    const due = next && atKstHour(next.date, this.config.subscriptionChargeHour);
    const chargeAt = due && due <= at ? missed : due;
    await manager.query(
      `WITH moved AS (
         UPDATE payment.subscriptions SET periods_charged = $2, tries = 0, updated_at = $3,
                next_charge_on = CASE state WHEN 'active' THEN $4::date END,
                next_amount = CASE state WHEN 'active' THEN $5::integer END,
                charge_at = CASE state WHEN 'active' THEN $6::timestamptz END
          WHERE id = $1 AND periods_charged = $2 - 1 RETURNING id, order_id, state
       )
       INSERT INTO payment.history (id, order_id, subject, subject_id, from_state, to_state, actor, note, at)
         SELECT $7, order_id, 'subscription', id, state, state, 'platform', $8, $3 FROM moved`,
      [id, period, at, next?.date, next?.amount, chargeAt, newId(), `period ${period}: ${note}`],
    );
    if (!next)
      await this.subscriptions.beginEnding(manager, { id, merchant: order.merchant }, 'platform', PLAN_IS_OVER);
  }

  /** A cancelled later charge lets its period off; a subscription ends with its first payment. */
  async orderCancelled(manager: EntityManager, order: Order): Promise<void> {
    if (order.subscriptionId !== null) await this.goOn(manager, order, 'its charge was cancelled');
    else await this.subscriptions.endWithFirstOrder(manager, order.id, 'operator', 'the first payment was given back');
  }

  /** A period that the shop refuses has had its charge, which goes back; a refused first order begins no subscription. */
  async orderRefused(manager: EntityManager, order: Order): Promise<void> {
    if (order.subscriptionId !== null) return;
    await this.subscriptions.endWithFirstOrder(manager, order.id, 'shop', 'the shop refused the first order');
  }

  /** A try brought no money: tells the shop when the next one is, or that there is none. */
  async failed(manager: EntityManager, order: Order, failed: FailedTry, attempt?: Attempt): Promise<void> {
    const subscription = await this.subscriptions.lock(manager, order.subscriptionId ?? '');
    const tries = subscription.tries + (failed.next === 'dunning' ? 1 : 0);
    const nextTryAt = subscription.state === 'active' ? this.nextTry(failed.next, tries) : undefined;
    await this.deliveries.add(manager, {
      merchant: order.merchant,
      type: 'subscription.failed',
      subject: subscription.id,
      ...(order.relayId !== null && { relayId: order.relayId }),
      data: {
        ...orderFacts(order, 'failed'),
        id: subscription.id,
        ...(attempt && paymentFacts(attempt)),
        ...(failed.code !== undefined && { code: failed.code }),
        message: failed.message,
        ...(nextTryAt ? { nextTryAt: nextTryAt.toISOString() } : { final: true }),
      },
    });
    if (nextTryAt) {
      await manager.update(Subscription, { id: subscription.id }, { tries, chargeAt: nextTryAt });
      return;
    }
    if (failed.next === 'dunning') {
      const reason = `period ${order.period ?? ''} could not be charged in ${tries} tries`;
      await this.subscriptions.beginEnding(manager, subscription, 'platform', reason);
    } else {
      const reason = failed.code === undefined ? 'the SID is inactive' : explainCode(failed.code);
      await this.subscriptions.endedThere(manager, subscription.id, `KakaoPay: ${reason}`);
    }
  }

  /** @returns `undefined` when there is none */
  private nextTry(next: AfterFailure, tries: number): Date | undefined {
    const days = { dunning: DUNNING_AFTER_DAYS[tries - 1], tomorrow: 1, never: undefined }[next];
    const today = kstDay(this.clock.now());
    return days === undefined ? undefined : atKstHour(daysAfter(today, days), this.config.subscriptionChargeHour);
  }
}
