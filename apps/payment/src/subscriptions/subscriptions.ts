import { explainCode } from '@biz/kakaopay';
import { Deliveries } from '@biz/merchant';
import { Clock, defineJob, Jobs, newId, NotYet, Vault } from '@biz/platform';
import { Injectable, NotFoundException } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { MerchantKakaoPay } from '../attempts/merchant-kakaopay';
import { began, moveTo, SUBSCRIPTION } from '../history/move-to';
import { isOrderId } from '../orders/order-id';
import type { Order } from '../orders/order.entity';
import { plannedCharge } from './next-charge';
import { Subscription } from './subscription.entity';

const SID_CONTEXT = 'payment.subscriptions.sid';
const NO_SUCH_SID = -750;
const SID_INACTIVE = -751;

/** Ends a SID at KakaoPay; seconds before each repeat, over two days. */
const END = defineJob<{ subscriptionId: string }>({
  name: 'payment.end-subscription',
  schedule: [1, 2, 5, 10, 30, 60, 300, 900, 3600, 7200, 14_400, 28_800, 28_800, 28_800, 57_600],
});

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
  ) {}

  onModuleInit(): void {
    this.jobs.work(END, ({ subscriptionId }) => this.endAtKakaoPay(subscriptionId));
  }

  /** Before the transaction: sealing takes a moment. */
  seal(sid: string): Promise<string> {
    return this.vault.seal(sid, SID_CONTEXT);
  }

  /** Begins with the first payment, in the caller's transaction. */
  async begin(manager: EntityManager, order: Order, cid: string, sidSealed: string, at: Date): Promise<void> {
    const plan = order.terms.subscription;
    if (!plan) return;
    const next = plannedCharge(plan, 1);
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

  /** Ends a subscription: nothing is charged from now on, and KakaoPay is told by durable work. Repeating it is harmless. */
  async end(id: string, reason: string): Promise<Subscription> {
    return this.dataSource.transaction(async (manager) => {
      const found = isOrderId(id) && (await manager.existsBy(Subscription, { id }));
      if (!found) throw new NotFoundException('No such subscription');
      await moveTo(manager, SUBSCRIPTION, id, {
        to: 'ending',
        by: 'operator',
        note: reason,
        at: this.clock.now(),
        set: { end_reason: reason, next_charge_on: null, next_amount: null },
      });
      const subscription = await manager.findOneByOrFail(Subscription, { id });
      if (subscription.state === 'ending') await this.jobs.add(END, { subscriptionId: id }, manager);
      return subscription;
    });
  }

  private async endAtKakaoPay(id: string): Promise<void> {
    const subscription = await this.dataSource.manager.findOneByOrFail(Subscription, { id });
    if (subscription.state !== 'ending') return;
    const { pay, cidSecret } = this.kakaopay.of(subscription.merchant);
    const answer = await pay.inactive({
      cid: subscription.cid,
      ...(cidSecret !== undefined && { cidSecret }),
      sid: await this.vault.open(subscription.sidSealed, SID_CONTEXT),
    });
    switch (answer.kind) {
      case 'answered':
        if (answer.value.status !== 'INACTIVE') throw new NotYet(`inactive: KakaoPay says ${answer.value.status}`);
        return this.ended(id, answer.value.inactivatedAt ?? this.clock.now(), 'inactive at KakaoPay');
      case 'refused':
        if (answer.code === SID_INACTIVE || answer.code === NO_SUCH_SID) {
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
      const moved = await moveTo(manager, SUBSCRIPTION, id, {
        to: 'ended',
        by: 'kakaopay',
        note,
        at: this.clock.now(),
        from: ['ending'],
        set: { ended_at: endedAt },
      });
      if (!moved) return;
      const subscription = await manager.findOneByOrFail(Subscription, { id });
      await this.deliveries.add(manager, {
        merchant: subscription.merchant,
        type: 'subscription.ended',
        subject: subscription.id,
        ...(subscription.relayId !== null && { relayId: subscription.relayId }),
        data: {
          id,
          partnerOrderId: subscription.orderId,
          appUserId: subscription.appUserId,
          itemName: subscription.itemName,
          periodsCharged: subscription.periodsCharged,
          reason: subscription.endReason,
          endedAt: endedAt.toISOString(),
        },
      });
    });
  }
}
