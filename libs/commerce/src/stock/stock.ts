import { Clock, prepared } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ReservationState } from './reservation.entity';
import type { StockLine } from './stock-line';

/** A sku that has less left than an order wants; one that is not counted at all has nothing left. */
export interface Shortage extends StockLine {
  available: number;
}

/** What one order wants. */
export interface Wish {
  merchantId: string;
  orderRef: string;
  lines: readonly StockLine[];
}

export type ReserveResult = { reserved: true } | { reserved: false; short: Shortage[] };

/** What one sku holds, for people. */
export interface StockLevel {
  sku: string;
  onHand: number;
  reserved: number;
  available: number;
}

/**
 * The one truth about what is left: option T1 and T2 read it, payment reserves in it.
 *
 * Every method works in the caller's transaction and may come any number of times for the same order.
 */
@Injectable()
export class Stock {
  constructor(private readonly clock: Clock) {}

  /**
   * Takes the lines from what is left, all of them or none, once per order.
   *
   * An order that holds or has committed its goods keeps the lines it has; one that was released takes them anew.
   */
  async reserve(
    manager: EntityManager,
    merchantId: string,
    orderRef: string,
    lines: readonly StockLine[],
  ): Promise<ReserveResult> {
    const [result = { reserved: true }] = await this.reserveEach(manager, [{ merchantId, orderRef, lines }]);
    return result;
  }

  /**
   * Reserves for several orders in two statements, whoever comes first in the list first; one that finds too little
   * left takes nothing and keeps nobody else from it.
   *
   * @param wishes at most one to an order
   */
  async reserveEach(manager: EntityManager, wishes: readonly Wish[]): Promise<ReserveResult[]> {
    const wanted = wishes.map((wish) => ({ ...wish, lines: inLockOrder(wish.lines) }));
    const counted = wanted.filter(({ lines }) => lines.length > 0);
    if (counted.length === 0) return wanted.map(() => ({ reserved: true }));
    const { claimed, shelf } = await this.claim(manager, counted);
    const claims = new Map(claimed.map((claim) => [keyOf(claim.merchant_id, claim.order_ref), claim]));
    const left = new Map(shelf.map((row) => [keyOf(row.merchant_id, row.product_id, row.sku), row.available]));
    const taken: Taken[] = [];
    const refused: Claim[] = [];
    const results = wanted.map(({ merchantId, orderRef, lines }): ReserveResult => {
      const claim = claims.get(keyOf(merchantId, orderRef));
      if (!claim) return { reserved: true };
      const short = lines
        .map((line) => ({ ...line, available: left.get(keyOf(merchantId, line.productId, line.sku)) ?? 0 }))
        .filter(({ quantity, available }) => available < quantity);
      if (short.length > 0) {
        refused.push(claim);
        return { reserved: false, short };
      }
      for (const line of lines) {
        const key = keyOf(merchantId, line.productId, line.sku);
        left.set(key, (left.get(key) ?? 0) - line.quantity);
        taken.push({ merchantId, ...line });
      }
      return { reserved: true };
    });
    if (claims.size > 0) await this.apply(manager, taken, refused);
    return results;
  }

  /** Gives back what an unpaid order holds. @returns whether this call did it */
  release(manager: EntityManager, merchantId: string, orderRef: string): Promise<boolean> {
    return this.settle(manager, merchantId, orderRef, {
      from: 'held',
      to: 'released',
      change: 'reserved = s.reserved - w.quantity',
    });
  }

  /** Hands over what a paid order holds. @returns whether this call did it */
  commit(manager: EntityManager, merchantId: string, orderRef: string): Promise<boolean> {
    return this.settle(manager, merchantId, orderRef, {
      from: 'held',
      to: 'committed',
      change: 'on_hand = s.on_hand - w.quantity, reserved = s.reserved - w.quantity',
    });
  }

  /** Puts the goods of a paid order back on the shelf, after a full refund. @returns whether this call did it */
  restock(manager: EntityManager, merchantId: string, orderRef: string): Promise<boolean> {
    return this.settle(manager, merchantId, orderRef, {
      from: 'committed',
      to: 'returned',
      change: 'on_hand = s.on_hand + w.quantity',
    });
  }

  async levels(manager: EntityManager, merchantId: string, productId: string): Promise<StockLevel[]> {
    return manager.query<StockLevel[]>(
      `SELECT sku, on_hand AS "onHand", reserved, on_hand - reserved AS available
       FROM commerce.stock WHERE merchant_id = $1 AND product_id = $2 ORDER BY sku`,
      [merchantId, productId],
    );
  }

  /**
   * A reservation's row is the lock of its order: a second call waits there and then finds it. What is not returned in
   * `claimed` held or sold its goods before.
   */
  private async claim(manager: EntityManager, wishes: Wish[]): Promise<{ claimed: Claim[]; shelf: ShelfRow[] }> {
    const lines = wishes.flatMap(({ merchantId, orderRef, lines }) =>
      lines.map(({ productId, sku }) => ({ merchantId, orderRef, productId, sku })),
    );
    const [found] = await prepared<{ claimed: Claim[]; shelf: ShelfRow[] }>(
      manager,
      `WITH claimed AS (
         INSERT INTO commerce.reservations AS r (merchant_id, order_ref, state, lines, created_at)
         SELECT w.merchant_id, w.order_ref, 'held', w.lines, $8::timestamptz FROM unnest($1::text[], $2::text[], $3::jsonb[]) AS w (merchant_id, order_ref, lines)
         ORDER BY w.merchant_id, w.order_ref
         ON CONFLICT (merchant_id, order_ref) DO UPDATE
           SET state = 'held', lines = excluded.lines, settled_at = NULL WHERE r.state IN ('released', 'returned')
         RETURNING merchant_id, order_ref, xmax = 0 AS fresh
       ), wanted AS (
         SELECT DISTINCT l.merchant_id, l.product_id, l.sku
         FROM unnest($4::text[], $5::text[], $6::text[], $7::text[]) AS l (merchant_id, order_ref, product_id, sku)
         JOIN claimed USING (merchant_id, order_ref)
       ), shelf AS (
         SELECT s.merchant_id, s.product_id, s.sku, s.on_hand - s.reserved AS available
         FROM commerce.stock s JOIN wanted USING (merchant_id, product_id, sku) ${LOCK}
       )
       SELECT (SELECT coalesce(json_agg(claimed), '[]') FROM claimed) AS claimed,
              (SELECT coalesce(json_agg(shelf), '[]') FROM shelf) AS shelf`,
      [
        wishes.map(({ merchantId }) => merchantId),
        wishes.map(({ orderRef }) => orderRef),
        wishes.map(({ lines }) => JSON.stringify(lines)),
        lines.map(({ merchantId }) => merchantId),
        lines.map(({ orderRef }) => orderRef),
        lines.map(({ productId }) => productId),
        lines.map(({ sku }) => sku),
        this.clock.now(),
      ],
    );
    return found ?? { claimed: [], shelf: [] };
  }

  private async apply(manager: EntityManager, taken: Taken[], refused: Claim[]): Promise<void> {
    const sums = new Map<string, Taken>();
    for (const line of taken) {
      const key = keyOf(line.merchantId, line.productId, line.sku);
      sums.set(key, { ...line, quantity: line.quantity + (sums.get(key)?.quantity ?? 0) });
    }
    const lines = [...sums.values()];
    await prepared(
      manager,
      `UPDATE commerce.stock s SET reserved = s.reserved + w.quantity
       FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[]) AS w (merchant_id, product_id, sku, quantity)
       WHERE s.merchant_id = w.merchant_id AND s.product_id = w.product_id AND s.sku = w.sku`,
      [
        lines.map(({ merchantId }) => merchantId),
        lines.map(({ productId }) => productId),
        lines.map(({ sku }) => sku),
        lines.map(({ quantity }) => quantity),
      ],
    );
    if (refused.length > 0) await this.unclaim(manager, refused);
  }

  /** As if they had not asked. */
  private async unclaim(manager: EntityManager, refused: Claim[]): Promise<void> {
    await prepared(
      manager,
      `WITH forgotten AS (
         DELETE FROM commerce.reservations r USING unnest($1::text[], $2::text[], $3::boolean[]) AS w (merchant_id, order_ref, fresh)
         WHERE r.merchant_id = w.merchant_id AND r.order_ref = w.order_ref AND w.fresh
       )
       UPDATE commerce.reservations r SET state = 'released', settled_at = $4::timestamptz
       FROM unnest($1::text[], $2::text[], $3::boolean[]) AS w (merchant_id, order_ref, fresh)
       WHERE r.merchant_id = w.merchant_id AND r.order_ref = w.order_ref AND NOT w.fresh`,
      [
        refused.map(({ merchant_id }) => merchant_id),
        refused.map(({ order_ref }) => order_ref),
        refused.map(({ fresh }) => fresh),
        this.clock.now(),
      ],
    );
  }

  private async settle(
    manager: EntityManager,
    merchantId: string,
    orderRef: string,
    { from, to, change }: { from: ReservationState; to: ReservationState; change: string },
  ): Promise<boolean> {
    const [moved] = await prepared<{ lines: StockLine[] }>(
      manager,
      `UPDATE commerce.reservations SET state = $4, settled_at = $5::timestamptz
       WHERE merchant_id = $1 AND order_ref = $2 AND state = $3 RETURNING lines`,
      [merchantId, orderRef, from, to, this.clock.now()],
    );
    const lines = moved?.lines;
    if (lines === undefined) return false;
    if (lines.length > 1) await this.lock(manager, merchantId, lines);
    if (lines.length > 0) await this.change(manager, merchantId, lines, change);
    return true;
  }

  private async lock(manager: EntityManager, merchantId: string, lines: StockLine[]): Promise<void> {
    await prepared(
      manager,
      `SELECT 1 FROM commerce.stock s JOIN unnest($2::text[], $3::text[]) AS w (product_id, sku) USING (product_id, sku)
       WHERE s.merchant_id = $1 ${LOCK}`,
      [merchantId, lines.map(({ productId }) => productId), lines.map(({ sku }) => sku)],
    );
  }

  private async change(manager: EntityManager, merchantId: string, lines: StockLine[], change: string): Promise<void> {
    await prepared(
      manager,
      `UPDATE commerce.stock s SET ${change}
       FROM unnest($2::text[], $3::text[], $4::integer[]) AS w (product_id, sku, quantity)
       WHERE s.merchant_id = $1 AND s.product_id = w.product_id AND s.sku = w.sku`,
      [
        merchantId,
        lines.map(({ productId }) => productId),
        lines.map(({ sku }) => sku),
        lines.map(({ quantity }) => quantity),
      ],
    );
  }
}

/** Rows are locked in one order everywhere, so that two orders of the same goods wait and never deadlock. */
const LOCK = `ORDER BY s.merchant_id COLLATE "C", s.product_id COLLATE "C", s.sku COLLATE "C" FOR UPDATE OF s`;

interface Claim {
  merchant_id: string;
  order_ref: string;
  /** The order had no reservation before. */
  fresh: boolean;
}

interface ShelfRow {
  merchant_id: string;
  product_id: string;
  sku: string;
  available: number;
}

interface Taken extends StockLine {
  merchantId: string;
}

const keyOf = (...parts: string[]): string => JSON.stringify(parts);

/** One line to a sku, sorted. @throws RangeError on a line that would give stock instead of taking it */
function inLockOrder(lines: readonly StockLine[]): StockLine[] {
  const sums = new Map<string, StockLine>();
  for (const { productId, sku, quantity } of lines) {
    if (!Number.isInteger(quantity) || quantity < 1)
      throw new RangeError(`quantity of ${productId} ${sku} is ${quantity}`);
    const before = sums.get(keyOf(productId, sku))?.quantity ?? 0;
    sums.set(keyOf(productId, sku), { productId, sku, quantity: before + quantity });
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
}
