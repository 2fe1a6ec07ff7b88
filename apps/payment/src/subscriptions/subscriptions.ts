import { type Answer, chargeRefusal, explainCode, type SidRequest, type SubscriptionStatus } from '@biz/kakaopay';
import { Deliveries } from '@biz/merchant';
import { Clock, defineJob, Jobs, newId, NotYet, Vault } from '@biz/platform';
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
import { plannedCharge } from '../charges/next-charge';
import { PaymentConfig } from '../payment.config';
import { Subscription } from './subscription.entity';

const SID_CONTEXT = 'payment.subscriptions.sid';
const NOTHING_TO_CHARGE = { next_charge_on: null, next_amount: null, charge_at: null };

/** Ends a SID at KakaoPay; seconds before each repeat, over two days. */
const END = defineJob<{ subscriptionId: string }>({
  name: 'payment.end-subscription',
  schedule: [1, 2, 5, 10, 30, 60, 300, 900, 3600, 7200, 14_400, 28_800, 28_800, 28_800, 57_600],
});

/** Asks KakaoPay whether a SID is still active; seconds before each repeat. */
export const CHECK = defineJob<{ subscriptionId: string }>({
  name: 'payment.check-subscription',
  schedule: [10, 60, 600, 3600],
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
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly config: PaymentConfig,
  ) {}

  onModuleInit(): void {
    this.jobs.work(END, ({ subscriptionId }) => this.endAtKakaoPay(subscriptionId));
    this.jobs.work(CHECK, async ({ subscriptionId }) => {
      const subscription = await this.dataSource.manager.findOneByOrFail(Subscription, { id: subscriptionId });
      if (subscription.state === 'active') await this.check(subscription);
    });
  }

  /** Before the transaction: sealing takes a moment. */
  seal(sid: string): Promise<string> {
    return this.vault.seal(sid, SID_CONTEXT);
  }

  /** Begins with the first payment, in the caller's transaction. */
  async begin(manager: EntityManager, order: Order, cid: string, sidSealed: string, at: Date): Promise<void> {
    const plan = order.terms.subscription;
    if (!plan) return;
    const next = plannedCharge(plan, 1, kstDay(at));
    const id = newId();
    await manager.insert(Subscription, {
      id,
      orderId: order.id,
      merchant: order.merchant,
      appUserId: order.appUserId,
      relayId: order.relayId,
      state: 'active',
      cid,
      sidSealed,
      itemName: order.itemName,
      itemCode: order.itemCode,
      quantity: order.quantity,
      plan,
      periodsCharged: 1,
      nextChargeOn: next.date,
      nextAmount: next.amount,
      chargeAt: atKstHour(next.date, this.config.subscriptionChargeHour),
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
      const found = isOrderId(id) && (await manager.existsBy(Subscription, { id }));
      if (!found) throw new NotFoundException('No such subscription');
      await this.hold(manager, id);
      await this.beginEnding(manager, id, 'operator', reason);
      return manager.findOneByOrFail(Subscription, { id });
    });
  }

  /** What began with an order ends with it; in the caller's transaction. */
  async endWithFirstOrder(manager: EntityManager, orderId: string, by: Actor, reason: string): Promise<void> {
    const subscription = await manager.findOneBy(Subscription, { orderId, state: 'active' });
    if (subscription) await this.beginEnding(manager, subscription.id, by, reason);
  }

  /** In the caller's transaction. Nothing happens to one that is ending or ended. */
  async beginEnding(manager: EntityManager, id: string, by: Actor, reason: string): Promise<void> {
    const moved = await moveTo(manager, SUBSCRIPTION, id, {
      to: 'ending',
      by,
      note: reason,
      at: this.clock.now(),
      set: { end_reason: reason, ...NOTHING_TO_CHARGE },
    });
    if (moved) await this.jobs.add(END, { subscriptionId: id }, manager);
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
  async sidOf({ merchant, cid, sidSealed }: Subscription): Promise<SidRequest> {
    const { cidSecret } = this.kakaopay.of(merchant);
    const sid = await this.vault.open(sidSealed, SID_CONTEXT);
    return { cid, ...(cidSecret !== undefined && { cidSecret }), sid };
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
    const { pay } = this.kakaopay.of(subscription.merchant);
    const answer = await pay.inactive(await this.sidOf(subscription));
    switch (answer.kind) {
      case 'answered':
        if (answer.value.status !== 'INACTIVE') throw new NotYet(`inactive: KakaoPay says ${answer.value.status}`);
        return this.ended(id, answer.value.inactivatedAt ?? this.clock.now(), 'inactive at KakaoPay');
      case 'refused':
        if (chargeRefusal(answer.code) === 'ended') {
          return this.ended(id, this.clock.now(), `KakaoPay: ${explainCode(answer.code)}`);
        }
        throw new Error(`inactive refused with ${answer.code}: ${explainCode(answer.code)}`);
      case 'not-sent':
      case 'unknown':
        // Asking again is harmless: a SID that is inactive already is −751.
        throw new NotYet(`inactive: ${answer.kind} ${answer.reason}`);
    }
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
        set: { ended_at: endedAt },
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
