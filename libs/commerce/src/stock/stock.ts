import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ReservationState } from './reservation.entity';
import type { StockLine } from './stock-line';

/** A sku that has less left than an order wants; one that is not counted at all has nothing left. */
export interface Shortage extends StockLine {
  available: number;
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
    const wanted = inLockOrder(lines);
    // The row is the lock of the order: a second call waits here and then finds it.
    const [claim] = await manager.query<{ fresh: boolean }[]>(
      `INSERT INTO commerce.reservations AS r (merchant_id, order_ref, state, lines)
       VALUES ($1, $2, 'held', $3)
       ON CONFLICT (merchant_id, order_ref) DO UPDATE
         SET state = 'held', lines = excluded.lines, settled_at = NULL WHERE r.state IN ('released', 'returned')
       RETURNING xmax = 0 AS fresh`,
      [merchantId, orderRef, JSON.stringify(wanted)],
    );
    if (claim === undefined) return { reserved: true };
    const short = await this.take(manager, merchantId, wanted);
    if (short.length === 0) return { reserved: true };
    await manager.query(
      claim.fresh
        ? `DELETE FROM commerce.reservations WHERE merchant_id = $1 AND order_ref = $2`
        : `UPDATE commerce.reservations SET state = 'released', settled_at = now() WHERE merchant_id = $1 AND order_ref = $2`,
      [merchantId, orderRef],
    );
    return { reserved: false, short };
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

  /** @returns what is short; then nothing was taken */
  private async take(manager: EntityManager, merchantId: string, wanted: StockLine[]): Promise<Shortage[]> {
    if (wanted.length === 0) return [];
    const [only] = wanted;
    if (only !== undefined && wanted.length === 1) {
      const [, count] = await manager.query<[unknown, number]>(
        `UPDATE commerce.stock SET reserved = reserved + $4
         WHERE merchant_id = $1 AND product_id = $2 AND sku = $3 AND on_hand - reserved >= $4`,
        [merchantId, only.productId, only.sku, only.quantity],
      );
      if (count === 1) return [];
    }
    const available = new Map(
      (await this.lock(manager, merchantId, wanted)).map(({ product_id, sku, available }) => [
        keyOf(product_id, sku),
        available,
      ]),
    );
    const short = wanted
      .map((line) => ({ ...line, available: available.get(keyOf(line.productId, line.sku)) ?? 0 }))
      .filter(({ quantity, available }) => available < quantity);
    if (short.length === 0) await this.change(manager, merchantId, wanted, 'reserved = s.reserved + w.quantity');
    return short;
  }

  private async settle(
    manager: EntityManager,
    merchantId: string,
    orderRef: string,
    { from, to, change }: { from: ReservationState; to: ReservationState; change: string },
  ): Promise<boolean> {
    const [moved] = await manager.query<[{ lines: StockLine[] }[], number]>(
      `UPDATE commerce.reservations SET state = $4, settled_at = now()
       WHERE merchant_id = $1 AND order_ref = $2 AND state = $3 RETURNING lines`,
      [merchantId, orderRef, from, to],
    );
    const lines = moved[0]?.lines;
    if (lines === undefined) return false;
    if (lines.length > 1) await this.lock(manager, merchantId, lines);
    if (lines.length > 0) await this.change(manager, merchantId, lines, change);
    return true;
  }

  /** Rows are locked in one order everywhere, so that two orders of the same goods wait and never deadlock. */
  private lock(manager: EntityManager, merchantId: string, lines: StockLine[]): Promise<LockedRow[]> {
    return manager.query<LockedRow[]>(
      `SELECT s.product_id, s.sku, s.on_hand - s.reserved AS available
       FROM commerce.stock s JOIN unnest($2::text[], $3::text[]) AS w (product_id, sku) USING (product_id, sku)
       WHERE s.merchant_id = $1 ORDER BY s.product_id COLLATE "C", s.sku COLLATE "C" FOR UPDATE OF s`,
      [merchantId, lines.map(({ productId }) => productId), lines.map(({ sku }) => sku)],
    );
  }

  private async change(manager: EntityManager, merchantId: string, lines: StockLine[], change: string): Promise<void> {
    await manager.query(
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

interface LockedRow {
  product_id: string;
  sku: string;
  available: number;
}

const keyOf = (productId: string, sku: string): string => JSON.stringify([productId, sku]);

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
