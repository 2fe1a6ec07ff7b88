import { vatOf } from '@biz/merchant';
import { Clock, Jobs, newId } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource, LessThanOrEqual } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Subscription } from '../subscriptions/subscription.entity';
import { CHECK } from '../subscriptions/subscriptions';
import { CHARGE } from './charges';
import { kstDay } from './kst-day';
import { plannedCharge } from './next-charge';

const EVERY_SECONDS = 30;
/** How many subscriptions one transaction takes. */
const BATCH = 200;
const DAY_MS = 24 * 3_600_000;
/** A charge under way is handed out anew after so long: more than its schedule, should its job ever be lost. */
const HANDED_OUT_FOR_MS = 2 * DAY_MS;
const CHECKED_FOR_MS = DAY_MS;

/** Finds the subscriptions that are due, each time on one instance. */
@Injectable()
export class DueCharges implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.jobs.every('payment.due-charges', EVERY_SECONDS, async () => {
      await this.handOut();
      await this.handOutChecks();
    });
  }

  /** Makes the order of each period that is due, once, and a job that charges it. */
  async handOut(): Promise<void> {
    while ((await this.dataSource.transaction((manager) => this.handOutBatch(manager))) === BATCH);
  }

  private async handOutBatch(manager: EntityManager): Promise<number> {
    const now = this.clock.now();
    const due = await manager.find(Subscription, {
      where: { state: 'active', chargeAt: LessThanOrEqual(now) },
      order: { chargeAt: 'ASC' },
      take: BATCH,
      lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
    });
    if (due.length === 0) return 0;
    const orders = await this.makeOrders(manager, due, now);
    const subscriptions = new Map(due.map((each) => [each.id, each]));
    await this.jobs.addAll(
      CHARGE,
      orders.flatMap(({ id, subscription_id: of }) => {
        const subscription = subscriptions.get(of);
        return subscription ? [{ orderId: id, merchant: subscription.merchant, tries: subscription.tries }] : [];
      }),
      manager,
    );
    return due.length;
  }

  /**
   * An order that has expired when it is made is one that no T2 can pay.
   *
   * @returns the order of each period, made now or when it was first tried
   */
  private makeOrders(
    manager: EntityManager,
    due: readonly Subscription[],
    now: Date,
  ): Promise<{ id: string; subscription_id: string }[]> {
    const wanted = due.map(({ id: subscription, plan, periodsCharged, createdAt }) => {
      const { amount, taxFreeAmount } = plannedCharge(plan, periodsCharged, kstDay(createdAt));
      return {
        ...{ id: newId(), entry: newId(), subscription, period: periodsCharged + 1 },
        ...{ amount, tax_free: taxFreeAmount, vat: vatOf(amount, taxFreeAmount) },
      };
    });
    return manager.query(
      `WITH due AS (
         SELECT * FROM jsonb_to_recordset($1) AS d
           (id uuid, entry uuid, subscription uuid, period integer, amount integer, tax_free integer, vat integer)
       ), made AS (
         INSERT INTO payment.orders (id, merchant, sheet_id, app_user_id, state, relay_id, item_name, item_code, quantity,
                total_amount, tax_free_amount, vat_amount, use_shipping, zip_code, address_sealed, terms, stock_lines,
                subscription_id, period, expires_at, created_at, updated_at)
         SELECT d.id, s.merchant, 'subscription:' || s.id || ':' || d.period, s.app_user_id, 'pending', s.relay_id,
                s.item_name, s.item_code, s.quantity, d.amount, d.tax_free, d.vat, f.use_shipping, f.zip_code,
                f.address_sealed, jsonb_build_object('lines', f.terms->'lines'), f.stock_lines, s.id, d.period, $2, $2, $2
           FROM due d JOIN payment.subscriptions s ON s.id = d.subscription JOIN payment.orders f ON f.id = s.order_id
         ON CONFLICT DO NOTHING RETURNING id, subscription_id, period
       ), noted AS (
         INSERT INTO payment.history (id, order_id, subject, subject_id, to_state, actor, note, at)
         SELECT d.entry, m.id, 'order', m.id, 'pending', 'platform', 'period ' || m.period || ' is due', $2
           FROM made m JOIN due d ON d.id = m.id
       ), handed_out AS (
         UPDATE payment.subscriptions SET charge_at = $3 WHERE id IN (SELECT subscription FROM due)
       )
       SELECT id, subscription_id FROM made
       UNION ALL
       SELECT o.id, o.subscription_id FROM payment.orders o
         JOIN due d ON o.subscription_id = d.subscription AND o.period = d.period`,
      [JSON.stringify(wanted), now, new Date(now.getTime() + HANDED_OUT_FOR_MS)],
    );
  }

  /** Has KakaoPay asked about every SID that was not asked about for a day. */
  async handOutChecks(): Promise<void> {
    while ((await this.dataSource.transaction((manager) => this.handOutBatchOfChecks(manager))) === BATCH);
  }

  private async handOutBatchOfChecks(manager: EntityManager): Promise<number> {
    const now = this.clock.now();
    const [rows] = await manager.query<[{ id: string; merchant: string }[], number]>(
      `UPDATE payment.subscriptions SET checked_at = $1
        WHERE id IN (SELECT id FROM payment.subscriptions WHERE state = 'active' AND checked_at <= $2
                      ORDER BY checked_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED) RETURNING id, merchant`,
      [now, new Date(now.getTime() - CHECKED_FOR_MS)],
    );
    await this.jobs.addAll(
      CHECK,
      rows.map(({ id, merchant }) => ({ subscriptionId: id, merchant })),
      manager,
    );
    return rows.length;
  }
}
