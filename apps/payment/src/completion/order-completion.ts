import { Stock } from '@biz/commerce';
import {
  Deliveries,
  Fulfilment,
  Merchants,
  type PaidOrder,
  RelayIds,
  type ShippingAddress,
  SHOP_WORKERS,
  ShopCalls,
} from '@biz/merchant';
import { Clock, defineJob, Jobs, parseOwnJson, Vault } from '@biz/platform';
import { withoutNumbers } from '@biz/privacy';
import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { ATTEMPT, type Move, moveTo, ORDER } from '../history/move-to';
import { Refunds } from '../refunds/refunds';
import { Subscription } from '../subscriptions/subscription.entity';
import { ADDRESS_CONTEXT } from '../approval/order-address';
import { ChargePeriods } from '../charges/charge-periods';
import { orderFacts, paymentFacts, subscriptionFacts } from './order-facts';
import type { OrderState } from '../orders/order-status';
import { Order } from '../orders/order.entity';

/** The shop's own work for a paid order; seconds before each repeat, over a day. */
export const FULFIL = defineJob<{ orderId: string; merchant: string }>({
  name: 'payment.fulfil',
  schedule: [1, 2, 5, 10, 30, 60, 300, 900, 3600, 7200, 14_400, 28_800, 28_800],
  ...SHOP_WORKERS,
});

/** A shop that takes longer is asked again. */
const SHOP_TIMEOUT_MS = 60_000;

/** Who says that it goes on, and why. */
type Why = Pick<Move<OrderState>, 'by' | 'note'>;

/** From the money's arrival to `S`: the shop's own order work, then all that follows from a paid order. */
@Injectable()
export class OrderCompletion implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly merchants: Merchants,
    private readonly calls: ShopCalls,
    private readonly relayIds: RelayIds,
    private readonly refunds: Refunds,
    private readonly periods: ChargePeriods,
    private readonly stock: Stock,
    private readonly deliveries: Deliveries,
    private readonly jobs: Jobs,
    private readonly vault: Vault,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.jobs.work(
      FULFIL,
      ({ orderId }) => this.fulfil(orderId),
      ({ orderId }) => this.giveUp(orderId),
    );
  }

  /** The money is there, in the caller's transaction: the shop's own work begins, or without any the order is done. */
  async begin(manager: EntityManager, order: Order, paidAt: Date, why?: Why): Promise<void> {
    if (!this.merchants.port(this.merchants.get(order.merchant), Fulfilment)) {
      return this.complete(manager, order, paidAt, why);
    }
    await moveTo(manager, ORDER, order.id, {
      to: 'fulfilling',
      ...(why ?? { by: 'platform', note: "paid; the shop's own work begins" }),
      at: this.clock.now(),
      from: ['pending', 'approving', 'review'],
      set: { paid_at: paidAt, review_reason: null },
    });
    await this.jobs.add(FULFIL, { orderId: order.id, merchant: order.merchant }, manager);
  }

  /** Makes a paid order `S`, in the caller's transaction: its goods are sold and the shop is told. */
  async complete(
    manager: EntityManager,
    order: Order,
    paidAt: Date,
    why: Why = { by: 'platform', note: 'paid and done' },
  ): Promise<void> {
    const moved = await moveTo(manager, ORDER, order.id, {
      to: 'paid',
      ...why,
      at: this.clock.now(),
      from: ['pending', 'approving', 'fulfilling', 'review'],
      set: { paid_at: paidAt, review_reason: null },
    });
    if (!moved) return;
    await this.stock.commit(manager, order.merchant, order.id);
    const attempt = await manager.findOneByOrFail(Attempt, { id: order.attemptId ?? '' });
    const facts = {
      ...orderFacts(order, 'paid'),
      ...paymentFacts(attempt, await this.addressOf(order)),
      // The postal code that the sum was made for, and what of it is shipping.
      ...(order.useShipping && order.zipCode !== null && { zipCode: order.zipCode }),
      ...(order.terms.shippingAmount !== undefined && { shippingAmount: order.terms.shippingAmount }),
    };
    if (order.subscriptionId !== null) return this.completeCharge(manager, order, order.subscriptionId, facts);
    const subscription =
      order.terms.subscription && (await manager.findOneBy(Subscription, { orderId: order.id, state: 'active' }));
    await this.deliveries.add(manager, {
      merchant: order.merchant,
      type: 'payment.paid',
      subject: order.id,
      ...(order.relayId !== null && { relayId: order.relayId }),
      data: { ...facts, ...(subscription && { subscription: subscriptionFacts(subscription) }) },
    });
  }

  private async completeCharge(
    manager: EntityManager,
    order: Order,
    subscriptionId: string,
    facts: Record<string, unknown>,
  ): Promise<void> {
    // Already done when its money came, unless a person accepted it.
    await this.periods.goOn(manager, order, 'paid');
    const subscription = await manager.findOneByOrFail(Subscription, { id: subscriptionId });
    await this.deliveries.add(manager, {
      merchant: order.merchant,
      type: 'subscription.charged',
      subject: subscriptionId,
      ...(order.relayId !== null && { relayId: order.relayId }),
      data: { ...facts, ...subscriptionFacts(subscription) },
    });
  }

  private async fulfil(orderId: string): Promise<void> {
    const { manager } = this.dataSource;
    const order = await manager.findOneBy(Order, { id: orderId });
    if (order?.state !== 'fulfilling') return;
    const refusal = await this.askShop(order);
    await this.dataSource.transaction(async (inside) => {
      const locked = await inside.findOneOrFail(Order, { where: { id: orderId }, lock: { mode: 'pessimistic_write' } });
      if (locked.state !== 'fulfilling') return;
      if (refusal) await this.refuse(inside, locked, withoutNumbers(refusal.refused));
      else await this.complete(inside, locked, locked.paidAt ?? this.clock.now());
    });
  }

  private async askShop(order: Order): Promise<{ refused: string } | undefined> {
    const port = this.merchants.port(this.merchants.get(order.merchant), Fulfilment);
    if (!port) return undefined;
    const paid = await this.paidOrder(order);
    return this.calls.job(order.merchant, 'fulfilment', SHOP_TIMEOUT_MS, paid, () => port.fulfil(paid));
  }

  private async refuse(manager: EntityManager, order: Order, message: string): Promise<void> {
    const at = this.clock.now();
    const note = 'the shop refused the order';
    await moveTo(manager, ORDER, order.id, { to: 'failed', by: 'shop', note, at, set: { failure_message: message } });
    const attempt = await manager.findOneByOrFail(Attempt, { id: order.attemptId ?? '' });
    await moveTo(manager, ATTEMPT, attempt.id, { to: 'surplus', by: 'shop', note, at });
    await this.refunds.begin(manager, attempt, { cause: 'fulfilment-refused', reason: note });
    await this.stock.release(manager, order.merchant, order.id);
    await this.periods.orderRefused(manager, order);
    const charge = order.subscriptionId !== null;
    await this.deliveries.add(manager, {
      merchant: order.merchant,
      type: charge ? 'subscription.failed' : 'payment.failed',
      subject: order.subscriptionId ?? order.id,
      ...(order.relayId !== null && { relayId: order.relayId }),
      data: {
        ...orderFacts(order, 'failed'),
        ...paymentFacts(attempt),
        message,
        // The period had its charge, which goes back; the subscription goes on.
        ...(charge && { id: order.subscriptionId, final: true }),
      },
    });
  }

  /** A person must look: the shop's own work did not succeed in its time. */
  async giveUp(orderId: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const reason = "paid, but the shop's own order work never succeeded";
      const moved = await moveTo(manager, ORDER, orderId, {
        to: 'review',
        by: 'platform',
        note: reason,
        at: this.clock.now(),
        from: ['fulfilling'],
        set: { review_reason: reason },
      });
      if (!moved) return;
      const order = await manager.findOneByOrFail(Order, { id: orderId });
      await this.deliveries.add(manager, {
        merchant: order.merchant,
        type: 'payment.review',
        subject: order.id,
        ...(order.relayId !== null && { relayId: order.relayId }),
        data: { ...orderFacts(order), reason },
      });
    });
  }

  private async paidOrder(order: Order): Promise<PaidOrder> {
    const address = await this.addressOf(order);
    return {
      partnerOrderId: order.id,
      orderSheetId: order.sheetId,
      appUserId: order.appUserId,
      ...(order.relayId !== null && {
        relayId: order.relayId,
        // A later charge of a subscription comes long after its launch.
        relay: this.relayIds.read(
          order.merchant,
          order.relayId,
          order.subscriptionId === null ? { at: order.createdAt } : {},
        ),
      }),
      lines: order.terms.lines,
      totalAmount: order.totalAmount,
      ...(order.subscriptionId !== null &&
        order.period !== null && { subscription: { id: order.subscriptionId, period: order.period } }),
      approvedAt: order.paidAt ?? this.clock.now(),
      ...(address && { shippingAddress: address }),
    };
  }

  private async addressOf({ addressSealed }: Order): Promise<ShippingAddress | undefined> {
    return addressSealed === null
      ? undefined
      : (parseOwnJson(await this.vault.open(addressSealed, ADDRESS_CONTEXT)) as ShippingAddress);
  }
}
