import { Stock } from '@biz/commerce';
import { Clock, RuntimeConfig } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { began } from '../history/move-to';
import { isOrderId } from '../orders/order-id';
import { ORDER_STATE_NAMES, ORDER_STATES } from '../orders/order-status';
import { Order } from '../orders/order.entity';

/** Younger reservations are left alone: nearly all of them are of orders that are being paid. */
const LOOKED_AT_AFTER_SECONDS = 900;
const BATCH = 500;

interface Held {
  merchant: string;
  order: string;
  /** As text: the next batch begins here, to the microsecond. */
  since: string;
}

/**
 * Held stock of orders that hold none, or that there are not, $1 a moment of the past.
 *
 * While an attempt is not final money may still arrive, and the stock stays.
 */
export const HELD_WITHOUT_ORDER = `
  SELECT r.merchant_id AS merchant, r.order_ref AS order, r.created_at::text AS since
    FROM commerce.reservations r
    LEFT JOIN payment.orders o
      ON o.id = CASE WHEN r.order_ref ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN r.order_ref::uuid END
   WHERE r.state = 'held' AND r.created_at < $1 AND (r.created_at, r.order_ref) > ($2::timestamptz, $3)
     AND (o.id IS NULL OR o.merchant <> r.merchant_id OR (o.state = ANY ($4) AND NOT EXISTS (
       SELECT 1 FROM payment.attempts a WHERE a.order_id = o.id AND a.state IN ('waiting', 'approving'))))
   ORDER BY r.created_at, r.order_ref LIMIT ${BATCH}`;

export const HOLD_NO_STOCK = ORDER_STATE_NAMES.filter((state) => !ORDER_STATES[state].holdsStock);

/** Gives back what reservations hold that outlived their orders. */
@Injectable()
export class StockSweep {
  constructor(
    private readonly dataSource: DataSource,
    private readonly stock: Stock,
    private readonly clock: Clock,
    private readonly runtime: RuntimeConfig,
  ) {}

  /** @returns the ids of the orders whose stock was freed */
  async run(): Promise<string[]> {
    const until = new Date(this.clock.now().getTime() - LOOKED_AT_AFTER_SECONDS * 1000 * this.runtime.retryTimeScale);
    const freed: string[] = [];
    let last: Held = { merchant: '', order: '', since: '-infinity' };
    for (;;) {
      const parameters = [until, last.since, last.order, HOLD_NO_STOCK];
      const found = await this.dataSource.query<Held[]>(HELD_WITHOUT_ORDER, parameters);
      for (const held of found) if (await this.free(held)) freed.push(held.order);
      const end = found.at(-1);
      if (end === undefined || found.length < BATCH) return freed;
      last = end;
    }
  }

  /** Looks once more under the order's lock: the buyer may have come back. */
  private free({ merchant, order: id }: Held): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const order = isOrderId(id)
        ? await manager.findOne(Order, { where: { id, merchant }, lock: { mode: 'pessimistic_write' } })
        : null;
      if (!order) return this.stock.release(manager, merchant, id);
      if (ORDER_STATES[order.state].holdsStock) return false;
      const open = { orderId: order.id, state: In(['waiting', 'approving']) };
      if (await manager.existsBy(Attempt, open)) return false;
      const sold = order.state === 'paid';
      const settled = sold
        ? await this.stock.commit(manager, merchant, id)
        : await this.stock.release(manager, merchant, id);
      if (!settled) return false;
      await began(manager, {
        subject: 'order',
        orderId: order.id,
        id: order.id,
        state: order.state,
        by: 'platform',
        note: `sweep: its stock was still held, and is ${sold ? 'handed over' : 'released'}`,
        at: this.clock.now(),
      });
      return true;
    });
  }
}
