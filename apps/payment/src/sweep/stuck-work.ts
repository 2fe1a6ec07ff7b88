import { Stock } from '@biz/commerce';
import { Deliveries } from '@biz/merchant';
import { Clock, RuntimeConfig } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { FULFIL, OrderCompletion } from '../completion/order-completion';
import { orderFacts } from '../completion/order-facts';
import type { OrderState } from '../orders/order-status';
import { END, Subscriptions } from '../subscriptions/subscriptions';
import { END_SID, UnusedSids } from '../subscriptions/unused-sids';
import { moveTo, ORDER } from '../history/move-to';
import { Order } from '../orders/order.entity';
import { RefundWorker } from '../refunds/refund-worker';
import { REFUND } from '../refunds/refunds';

/** An order moves with its attempt, in one transaction; after so long it did not. */
const ORDER_STUCK_AFTER_SECONDS = 900;
/** A job ends by itself within its schedule; one that took its process down again and again is put aside without an end. */
const JOB_LOST_AFTER_SCHEDULES = 2;
/** States of a first order in which its subscription goes on. */
const CARRIES_ON: readonly OrderState[] = ['fulfilling', 'paid', 'review'];
const BATCH = 500;

const NOT_PAID = '결제가 완료되지 않았습니다. 다시 시도해 주세요.';

const secondsOf = ({ schedule }: { schedule: readonly number[] }): number =>
  JOB_LOST_AFTER_SCHEDULES * schedule.reduce((sum, step) => sum + step, 0);

/** Brings what stands still without a reason to where a person or the buyer can go on. */
@Injectable()
export class StuckWork {
  constructor(
    private readonly dataSource: DataSource,
    private readonly completion: OrderCompletion,
    private readonly refunds: RefundWorker,
    private readonly subscriptions: Subscriptions,
    private readonly sids: UnusedSids,
    private readonly stock: Stock,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
    private readonly runtime: RuntimeConfig,
  ) {}

  /** Subscriptions that would be charged though the order they began with is over. */
  async endSubscriptions(): Promise<string[]> {
    const rows = await this.dataSource.query<{ id: string; orderId: string }[]>(
      `SELECT s.id, s.order_id AS "orderId" FROM payment.subscriptions s JOIN payment.orders o ON o.id = s.order_id
        WHERE s.state = 'active' AND o.state <> ALL ($1) LIMIT ${BATCH}`,
      [CARRIES_ON],
    );
    const ended: string[] = [];
    for (const { id, orderId } of rows) {
      await this.dataSource.transaction(async (manager) => {
        const lock = { mode: 'pessimistic_write' } as const;
        const order = await manager.findOneOrFail(Order, { where: { id: orderId }, lock });
        if (CARRIES_ON.includes(order.state)) return;
        const reason = `sweep: the first order is ${order.state}`;
        await this.subscriptions.endWithFirstOrder(manager, orderId, 'platform', reason);
        ended.push(id);
      });
    }
    return ended;
  }

  /** Orders that wait for attempts which are all final. A period waits without an attempt, while its subscription goes on. */
  async endOrders(): Promise<string[]> {
    const stuck = await this.ids(
      `SELECT o.id FROM payment.orders o
        WHERE o.state IN ('pending', 'approving') AND o.updated_at < $1
          AND NOT EXISTS (SELECT 1 FROM payment.subscriptions s WHERE s.id = o.subscription_id AND s.state = 'active')
          AND NOT EXISTS (SELECT 1 FROM payment.attempts a WHERE a.order_id = o.id AND a.state IN ('waiting', 'approving'))
        ORDER BY o.id LIMIT ${BATCH}`,
      ORDER_STUCK_AFTER_SECONDS,
    );
    const ended: string[] = [];
    for (const id of stuck) if (await this.endOrder(id)) ended.push(id);
    return ended;
  }

  /** Paid orders whose job of the shop's own work is lost. */
  async giveUpFulfilments(): Promise<string[]> {
    const lost = await this.ids(
      `SELECT id FROM payment.orders WHERE state = 'fulfilling' AND updated_at < $1 ORDER BY id LIMIT ${BATCH}`,
      secondsOf(FULFIL),
    );
    for (const id of lost) await this.completion.giveUp(id);
    return lost;
  }

  /** Refunds whose job is lost; one that is `sending` keeps all others of its payment waiting. */
  async giveUpRefunds(): Promise<string[]> {
    const lost = await this.ids(
      `SELECT id FROM payment.refunds WHERE state IN ('requested', 'sending') AND updated_at < $1 ORDER BY id LIMIT ${BATCH}`,
      secondsOf(REFUND),
    );
    for (const id of lost) await this.refunds.giveUp(id);
    return lost;
  }

  /** SIDs that were to end at KakaoPay, and whose job is lost. */
  async giveUpSids(): Promise<string[]> {
    const why = 'the work that ends it was lost';
    const unused = await this.ids(
      `SELECT evidence_id AS id FROM payment.sids
        WHERE state = 'ending' AND failure IS NULL AND updated_at < $1 ORDER BY updated_at LIMIT ${BATCH}`,
      secondsOf(END_SID),
    );
    for (const id of unused) await this.sids.giveUp(id, why);
    const used = await this.ids(
      `SELECT id FROM payment.subscriptions
        WHERE state = 'ending' AND end_failure IS NULL AND updated_at < $1 ORDER BY updated_at LIMIT ${BATCH}`,
      secondsOf(END),
    );
    for (const id of used) await this.subscriptions.endFailed(id, why);
    return [...unused, ...used];
  }

  private async ids(select: string, afterSeconds: number): Promise<string[]> {
    const until = new Date(this.clock.now().getTime() - afterSeconds * 1000 * this.runtime.retryTimeScale);
    return (await this.dataSource.query<{ id: string }[]>(select, [until])).map(({ id }) => id);
  }

  private endOrder(id: string): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const order = await manager.findOneOrFail(Order, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (await manager.existsBy(Attempt, { orderId: id, state: In(['waiting', 'approving']) })) return false;
      const money = await manager.findOneBy(Attempt, { orderId: id, state: In(['paid', 'review']) });
      if (order.subscriptionId !== null && !money) return this.letOff(manager, order);
      const to = money ? 'review' : 'failed';
      const note = money ? `a payment is ${money.state}, but the order did not follow` : 'no payment of it is open';
      const set = money ? { review_reason: note } : { failure_message: NOT_PAID };
      const move = { to, by: 'platform', note: `sweep: ${note}`, at: this.clock.now(), set } as const;
      if (!(await moveTo(manager, ORDER, id, { ...move, from: ['pending', 'approving'] }))) return false;
      if (!money) await this.stock.release(manager, order.merchant, id);
      await this.deliveries.add(manager, {
        merchant: order.merchant,
        type: `payment.${to}`,
        subject: id,
        ...(order.relayId !== null && { relayId: order.relayId }),
        data: { ...orderFacts(order, to), ...(money ? { reason: note } : { message: NOT_PAID }) },
      });
      return true;
    });
  }

  /** The period of a subscription that ended without its charge; the shop is told of the end alone. */
  private async letOff(manager: EntityManager, { id, merchant }: Order): Promise<boolean> {
    const note = 'sweep: its subscription was ended before this charge';
    const move = { to: 'cancelled', by: 'platform', note, at: this.clock.now() } as const;
    if (!(await moveTo(manager, ORDER, id, { ...move, from: ['pending', 'approving'] }))) return false;
    await this.stock.release(manager, merchant, id);
    return true;
  }
}
