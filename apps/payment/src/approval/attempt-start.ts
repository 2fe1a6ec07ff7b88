import type { StockLine } from '@biz/commerce';
import { Clock, Jobs, newId, prepared, RuntimeConfig } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { APPROVE } from '../attempts/attempt-jobs';
import { firstLook } from '../attempts/reconciler';
import type { OrderState } from '../orders/order-status';
import { PaymentConfig } from '../payment.config';
import { PRICE } from './price-job';

/** What T2 must know of an order. */
export interface Approvable {
  id: string;
  merchant: string;
  appUserId: string;
  state: OrderState;
  attemptId: string | null;
  expiresAt: Date;
  useShipping: boolean;
  zipCode: string | null;
  stockLines: StockLine[];
  subscription: boolean;
  /** The order that already has the tid of this call. */
  tidOf: string | null;
}

export interface NewAttempt {
  order: Approvable;
  cid: string;
  tid: string;
  /** T1 priced the order without this address: the shop is asked again before an approve. */
  unpriced: boolean;
  addressSealed?: string;
  relayId?: string;
}

/** The two statements of T2 on orders and attempts, for any number of orders at once. */
@Injectable()
export class AttemptStart {
  constructor(
    private readonly jobs: Jobs,
    private readonly config: PaymentConfig,
    private readonly runtime: RuntimeConfig,
    private readonly clock: Clock,
  ) {}

  /** Locks orders, in one order everywhere, and then reads them. @param calls at most one for an order @returns those that there are */
  async lock(
    manager: EntityManager,
    calls: { merchant: string; orderId: string; tid: string }[],
  ): Promise<Map<string, Approvable>> {
    const rows = await prepared<Approvable>(manager, `SELECT * FROM payment.lock_approvable($1, $2, $3)`, [
      calls.map(({ orderId }) => orderId),
      calls.map(({ merchant }) => merchant),
      calls.map(({ tid }) => tid),
    ]);
    return new Map(rows.map((row) => [row.id, row]));
  }

  /**
   * Makes each order `pending` with a new attempt that supersedes the one before.
   *
   * The orders are locked, so what is read here is what T3 left: it may have overtaken T2.
   */
  async begin(manager: EntityManager, attempts: NewAttempt[]): Promise<void> {
    if (attempts.length === 0) return;
    const now = this.clock.now();
    const started = attempts.map(({ order, cid, tid, unpriced, addressSealed, relayId }) => ({
      order_id: order.id,
      merchant: order.merchant,
      was: order.state,
      note: order.attemptId === null ? 'T2: stock reserved' : 'T2: a newer tid',
      id: newId(),
      cid,
      tid,
      unpriced,
      address_sealed: addressSealed ?? null,
      relay_id: relayId ?? null,
      attempt_entry: newId(),
      order_entry: newId(),
    }));
    const overtaken = await prepared<{ orderId: string; merchant: string }>(
      manager,
      `WITH started AS (
         SELECT * FROM json_to_recordset($1) AS s (order_id uuid, merchant text, was text, note text, id uuid, cid text, tid text,
           unpriced boolean, address_sealed text, relay_id text, attempt_entry uuid, order_entry uuid)
       ), superseded AS (
         UPDATE payment.attempts a SET closed_at = $2, updated_at = $2 FROM started s
          WHERE a.order_id = s.order_id AND a.closed_at IS NULL AND a.state IN ('waiting', 'approving')
       ), attempt AS (
         INSERT INTO payment.attempts (id, order_id, merchant, cid, tid, unpriced, state, total_amount, tax_free_amount, vat_amount,
                                       look_at, expires_at, created_at, updated_at)
         SELECT s.id, o.id, o.merchant, s.cid, s.tid, s.unpriced, 'waiting', o.total_amount, o.tax_free_amount, o.vat_amount, $3, $4, $2, $2
           FROM started s JOIN payment.orders o ON o.id = s.order_id
       ), moved AS (
         UPDATE payment.orders o SET state = 'pending', updated_at = $2, attempt_id = s.id, failure_message = NULL, refunded_amount = 0,
                address_sealed = coalesce(s.address_sealed, o.address_sealed), relay_id = coalesce(o.relay_id, s.relay_id)
           FROM started s WHERE o.id = s.order_id AND o.state = s.was
       ), told AS (
         INSERT INTO payment.history (id, order_id, subject, subject_id, from_state, to_state, actor, note, at)
         SELECT attempt_entry, order_id, 'attempt', id, NULL, 'waiting', 'kakao', 'T2', $2::timestamptz FROM started
         UNION ALL
         SELECT order_entry, order_id, 'order', order_id, was, 'pending', 'kakao', note, $2::timestamptz FROM started
       )
       SELECT order_id AS "orderId", merchant FROM started s WHERE EXISTS (SELECT 1 FROM payment.callbacks c WHERE c.order_id = s.order_id)`,
      [JSON.stringify(started), now, firstLook(now, this.runtime), this.tidEnds(now)],
    );
    const unpriced = started.filter((each) => each.unpriced);
    await this.jobs.addAll(
      PRICE,
      unpriced.map(({ id, merchant }) => ({ attemptId: id, merchant })),
      manager,
    );
    for (const order of overtaken) await this.jobs.add(APPROVE, order, manager);
  }

  private tidEnds(now: Date): Date {
    return new Date(now.getTime() + this.config.tidTtlSeconds * 1000 * this.runtime.retryTimeScale);
  }
}
