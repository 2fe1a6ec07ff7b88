import { type Answer, chargeRefusal, explainCode, type SidRequest, type SubscriptionStatus } from '@biz/kakaopay';
import { Deliveries } from '@biz/merchant';
import { Clock, defineJob, Jobs, newId, NotYet, ofOneMerchant } from '@biz/platform';
import { Injectable, NotFoundException } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { MerchantKakaoPay } from '../attempts/merchant-kakaopay';
import type { Actor } from '../history/history.entity';
import { began, moveTo, SUBSCRIPTION } from '../history/move-to';
import { isOrderId } from '../orders/order-id';
import type { Order } from '../orders/order.entity';
import { atKstHour, kstDay } from '../charges/kst-day';
import { nextCharge } from '../charges/next-charge';
import { PaymentConfig } from '../payment.config';
import { END_AFTER, SidCalls, whyNotEnded } from './sid-calls';
import { Subscription } from './subscription.entity';

export const PLAN_IS_OVER = 'the plan is over: every charge that the buyer was shown was decided on';
const NOTHING_TO_CHARGE = { next_charge_on: null, next_amount: null, charge_at: null };

/** Ends the SID of a subscription at KakaoPay. */
export const END = defineJob<{ subscriptionId: string; merchant: string }>({
  name: 'payment.end-subscription',
  schedule: END_AFTER,
  concurrency: 8,
  share: ofOneMerchant(3),
});

/** Asks KakaoPay whether a SID is still active; seconds before each repeat. */
export const CHECK = defineJob<{ subscriptionId: string; merchant: string }>({
  name: 'payment.check-subscription',
  schedule: [10, 60, 600, 3600],
  concurrency: 8,
  share: ofOneMerchant(3),
});

/** How a SID stands at KakaoPay. */
export interface SidStanding {
  answer: Answer<SubscriptionStatus>;
  ended: boolean;
  /** KakaoPay's last approval of it. */
  lastApprovedAt?: Date;
}

/** Standing consents to be charged, from the first payment to their end. */
@Injectable()
export class Subscriptions implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly kakaopay: MerchantKakaoPay,
    private readonly deliveries: Deliveries,
    private readonly jobs: Jobs,
    private readonly sids: SidCalls,
    private readonly clock: Clock,
    private readonly config: PaymentConfig,
  ) {}

  onModuleInit(): void {
    this.jobs.work(
      END,
      ({ subscriptionId }) => this.endAtKakaoPay(subscriptionId),
      ({ subscriptionId }, error) => this.endFailed(subscriptionId, whyNotEnded(error)),
    );
    this.jobs.work(CHECK, async ({ subscriptionId }) => {
      const subscription = await this.dataSource.manager.findOneByOrFail(Subscription, { id: subscriptionId });
      if (subscription.state === 'active') await this.check(subscription);
    });
  }

  /**
   * Begins with the first payment, by the SID that KakaoPay named for it, in the caller's transaction.
   *
   * @returns false when KakaoPay named none: nobody can charge later
   */
  async begin(manager: EntityManager, order: Order, attemptId: string, at: Date): Promise<boolean> {
    const plan = order.terms.subscription;
    if (!plan) return true;
    const sid = await this.takeSid(manager, attemptId);
    if (!sid) return false;
    const next = nextCharge(plan, 1, kstDay(at));
    const id = newId();
    await manager.insert(Subscription, {
      id,
      orderId: order.id,
      merchant: order.merchant,
      appUserId: order.appUserId,
      relayId: order.relayId,
      state: 'active',
      cid: sid.cid,
      sidSealed: sid.sealed,
      itemName: order.itemName,
      itemCode: order.itemCode,
      quantity: order.quantity,
      plan,
      periodsCharged: 1,
      nextChargeOn: next?.date ?? null,
      nextAmount: next?.amount ?? null,
      chargeAt: next ? atKstHour(next.date, this.config.subscriptionChargeHour) : null,
      tries: 0,
      checkedAt: at,
      createdAt: at,
      updatedAt: at,
    });
    await began(manager, {
      subject: 'subscription',
      orderId: order.id,
      id,
      state: 'active',
      by: 'kakaopay',
      note: 'first payment approved',
      at,
    });
    if (!next) await this.beginEnding(manager, { id, merchant: order.merchant }, 'platform', PLAN_IS_OVER);
    return true;
  }

  private async takeSid(
    manager: EntityManager,
    attemptId: string,
  ): Promise<{ cid: string; sealed: string } | undefined> {
    const [[sid]] = await manager.query<[{ cid: string; sealed: string }[], number]>(
      `UPDATE payment.sids SET state = 'used', updated_at = $2 WHERE attempt_id = $1 AND state = 'kept' RETURNING cid, sealed`,
      [attemptId, this.clock.now()],
    );
    return sid;
  }

  /**
   * Comes before every move of a subscription: its history belongs to the order of its first payment, and whoever
   * locks that order may want the subscription next.
   */
  async hold(manager: EntityManager, id: string): Promise<void> {
    await manager.query(
      `SELECT 1 FROM payment.orders WHERE id = (SELECT order_id FROM payment.subscriptions WHERE id = $1) FOR KEY SHARE`,
      [id],
    );
  }

  async lock(manager: EntityManager, id: string): Promise<Subscription> {
    await this.hold(manager, id);
    return manager.findOneOrFail(Subscription, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Ends a subscription: nothing is charged from now on, and KakaoPay is told by durable work. Repeating it is harmless. */
  async end(id: string, reason: string): Promise<Subscription> {
    return this.dataSource.transaction(async (manager) => {
      const found = isOrderId(id) ? await manager.findOneBy(Subscription, { id }) : null;
      if (!found) throw new NotFoundException('No such subscription');
      await this.hold(manager, id);
      await this.beginEnding(manager, found, 'operator', reason);
      await this.endAgain(manager, found);
      return manager.findOneByOrFail(Subscription, { id });
    });
  }

  /** KakaoPay is asked again to end what it would not end in the time of the schedule. */
  private async endAgain(manager: EntityManager, { id, merchant }: Subscription): Promise<void> {
    const [, again] = await manager.query<[unknown, number]>(
      `UPDATE payment.subscriptions SET end_failure = NULL, updated_at = $2
        WHERE id = $1 AND state = 'ending' AND end_failure IS NOT NULL`,
      [id, this.clock.now()],
    );
    if (again > 0) await this.jobs.add(END, { subscriptionId: id, merchant }, manager);
  }

  /** What began with an order ends with it; in the caller's transaction. */
  async endWithFirstOrder(manager: EntityManager, orderId: string, by: Actor, reason: string): Promise<void> {
    const subscription = await manager.findOneBy(Subscription, { orderId, state: 'active' });
    if (subscription) await this.beginEnding(manager, subscription, by, reason);
  }

  /** In the caller's transaction. Nothing happens to one that is ending or ended. */
  async beginEnding(
    manager: EntityManager,
    { id, merchant }: Pick<Subscription, 'id' | 'merchant'>,
    by: Actor,
    reason: string,
  ): Promise<void> {
    const moved = await moveTo(manager, SUBSCRIPTION, id, {
      to: 'ending',
      by,
      note: reason,
      at: this.clock.now(),
      set: { end_reason: reason, ...NOTHING_TO_CHARGE },
    });
    if (moved) await this.jobs.add(END, { subscriptionId: id, merchant }, manager);
  }

  /** KakaoPay has ended the SID, or the buyer has there; in the caller's transaction. */
  async endedThere(manager: EntityManager, id: string, reason: string): Promise<void> {
    const at = this.clock.now();
    const moved = await moveTo(manager, SUBSCRIPTION, id, {
      to: 'ended',
      by: 'kakaopay',
      note: reason,
      at,
      from: ['active'],
      set: { end_reason: reason, ended_at: at, ...NOTHING_TO_CHARGE },
    });
    if (moved) await this.tellEnded(manager, id);
  }

  /** Asks KakaoPay how the SID stands; one that was ended there is ended here. @throws NotYet when KakaoPay does not say */
  async check(subscription: Subscription): Promise<SidStanding> {
    const { pay } = this.kakaopay.of(subscription.merchant);
    const answer = await pay.status(await this.sidOf(subscription));
    if (answer.kind === 'answered') {
      const { status, lastApprovedAt } = answer.value;
      const ended = status === 'INACTIVE';
      if (ended) await this.endThere(subscription.id, 'the SID is inactive at KakaoPay: ended by the buyer there');
      else await this.dataSource.manager.update(Subscription, { id: subscription.id }, { checkedAt: this.clock.now() });
      return { answer, ended, ...(lastApprovedAt && { lastApprovedAt }) };
    }
    if (answer.kind !== 'refused') throw new NotYet(`status: ${answer.kind} ${answer.reason}`);
    const note = `status refused with ${answer.code}: ${explainCode(answer.code)}`;
    if (chargeRefusal(answer.code) !== 'ended') throw new NotYet(note);
    await this.endThere(subscription.id, note);
    return { answer, ended: true };
  }

  /** What every call about a SID names. */
  sidOf({ merchant, cid, sidSealed }: Subscription): Promise<SidRequest> {
    return this.sids.requestOf({ merchant, cid, sealed: sidSealed });
  }

  /** A person must look: the SID can still be charged at KakaoPay, by a mistake of anybody's. */
  async endFailed(id: string, why: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE payment.subscriptions SET end_failure = $2 WHERE id = $1 AND state = 'ending' AND end_failure IS NULL`,
      [id, why],
    );
  }

  private endThere(id: string, reason: string): Promise<void> {
    return this.dataSource.transaction(async (manager) => {
      await this.hold(manager, id);
      await this.endedThere(manager, id, reason);
    });
  }

  private async endAtKakaoPay(id: string): Promise<void> {
    const subscription = await this.dataSource.manager.findOneByOrFail(Subscription, { id });
    if (subscription.state !== 'ending') return;
    const { merchant, cid, sidSealed } = subscription;
    const { endedAt, note } = await this.sids.end({ merchant, cid, sealed: sidSealed });
    await this.ended(id, endedAt, note);
  }

  private async ended(id: string, endedAt: Date, note: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await this.hold(manager, id);
      const moved = await moveTo(manager, SUBSCRIPTION, id, {
        to: 'ended',
        by: 'kakaopay',
        note,
        at: this.clock.now(),
        from: ['ending'],
        set: { ended_at: endedAt, end_failure: null },
      });
      if (moved) await this.tellEnded(manager, id);
    });
  }

  private async tellEnded(manager: EntityManager, id: string): Promise<void> {
    const subscription = await manager.findOneByOrFail(Subscription, { id });
    await this.deliveries.add(manager, {
      merchant: subscription.merchant,
      type: 'subscription.ended',
      subject: id,
      ...(subscription.relayId !== null && { relayId: subscription.relayId }),
      data: {
        id,
        partnerOrderId: subscription.orderId,
        appUserId: subscription.appUserId,
        itemName: subscription.itemName,
        periodsCharged: subscription.periodsCharged,
        reason: subscription.endReason,
        endedAt: subscription.endedAt?.toISOString(),
      },
    });
  }
}
