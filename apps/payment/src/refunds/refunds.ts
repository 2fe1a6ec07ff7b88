import { Stock } from '@biz/commerce';
import { Deliveries } from '@biz/merchant';
import { Clock, defineJob, Jobs, newId, ofOneMerchant } from '@biz/platform';
import { ConflictException, Injectable, NotFoundException, UnprocessableEntityException } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { ChargePeriods } from '../charges/charge-periods';
import { orderFacts } from '../completion/order-facts';
import { ATTEMPT, began, moveTo, ORDER } from '../history/move-to';
import { UsedKeys } from '../idempotency/used-keys';
import { isOrderId } from '../orders/order-id';
import { Order } from '../orders/order.entity';
import { NOT_GIVEN_BACK, type RefundCause } from './refund-status';
import { Refund } from './refund.entity';
import { leftOf, type Parts, splitRefund } from './tax-split';

/** Seconds before each repeat of a refund that KakaoPay did not settle, over two days. */
const REFUND_AFTER = [1, 2, 5, 10, 30, 60, 300, 900, 3600, 7200, 14_400, 28_800, 28_800, 28_800, 57_600];

export const REFUND = defineJob<{ refundId: string; merchant: string }>({
  name: 'payment.refund',
  schedule: REFUND_AFTER,
  concurrency: 8,
  share: ofOneMerchant(3),
});

export interface RefundWish {
  /** Won; all that is left when absent. */
  amount?: number;
  /** Won of `amount`; in proportion to the payment when absent. */
  taxFreeAmount?: number;
  reason: string;
  idempotencyKey: string;
  /** Whether the goods go back on the shelf when the whole order is refunded. */
  restock: boolean;
}

interface Cause {
  cause: RefundCause;
  reason: string;
}

type Why = Cause & Pick<RefundWish, 'idempotencyKey' | 'restock'>;

/** A refund that nobody asked us for. */
export interface FoundRefund extends Pick<RefundWish, 'reason' | 'restock'> {
  /** Won. */
  amount: number;
  aid?: string;
  doneAt: Date;
}

/** What a refund needs to know of the attempt. */
type Charged = Pick<Attempt, 'id' | 'orderId' | 'merchant' | 'chargedAmount' | 'chargedTaxFree' | 'chargedVat'>;

/** Decides on refunds; `RefundWorker` carries them out. */
@Injectable()
export class Refunds {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: UsedKeys,
    private readonly stock: Stock,
    private readonly periods: ChargePeriods,
    private readonly deliveries: Deliveries,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  /**
   * An operator's wish: an order without money is cancelled, a paid one gets its money back.
   *
   * The same key again answers the same refund and changes nothing.
   * @returns nothing when there was no money to give back
   */
  async request(orderId: string, wish: RefundWish): Promise<Refund | undefined> {
    return this.dataSource.transaction(async (manager) => {
      const order = isOrderId(orderId)
        ? await manager.findOne(Order, { where: { id: orderId }, lock: { mode: 'pessimistic_write' } })
        : null;
      if (!order) throw new NotFoundException('No such order');
      const { idempotencyKey, amount, taxFreeAmount, reason, restock } = wish;
      const asked = { what: 'cancel', amount, taxFreeAmount, reason, restock } as const;
      await this.keys.use(manager, orderId, idempotencyKey, asked);
      const known = await manager.findOneBy(Refund, { orderId, idempotencyKey });
      if (known) return repeated(known, wish);
      switch (order.state) {
        case 'open':
        case 'pending':
        case 'failed':
          return this.cancelUnpaid(manager, order, wish);
        case 'approving':
          throw new ConflictException('KakaoPay is being asked to approve this payment; try again in a moment');
        case 'cancelled':
          if (wish.amount !== undefined)
            throw new ConflictException('The order is cancelled; nothing is left to refund');
          // The buyer who left may not come back either.
          await manager.update(Order, { id: order.id }, { leftByBuyer: false });
          return undefined;
        case 'fulfilling':
        case 'paid':
        case 'review':
          return this.refundOrder(manager, order, wish);
      }
    });
  }

  /** Sends all that is left of an attempt's money back, in the caller's transaction. */
  async begin(
    manager: EntityManager,
    attempt: Charged,
    { cause, reason, idempotencyKey = `platform:${attempt.id}` }: Cause & { idempotencyKey?: string },
  ): Promise<Refund | undefined> {
    const before = await this.decidedOn(manager, attempt.id);
    const left = (attempt.chargedAmount ?? 0) - before.amount;
    if (left > 0) {
      const parts = splitRefund(chargedParts(attempt), before, left);
      return this.insert(manager, attempt, parts, { cause, reason, idempotencyKey, restock: false });
    }
    if (before.amount > 0) return undefined;
    const move = { to: 'refunded', by: 'platform', note: 'no money to give back', at: this.clock.now() } as const;
    await moveTo(manager, ATTEMPT, attempt.id, move);
    return undefined;
  }

  /** Writes down what somebody gave back in KakaoPay's own back office, in the caller's transaction. */
  async foundAtKakaoPay(
    manager: EntityManager,
    attempt: Charged,
    { amount, aid, doneAt, reason, restock }: FoundRefund,
  ): Promise<Refund> {
    const before = await this.decidedOn(manager, attempt.id);
    const refund = this.newRefund(manager, attempt, splitRefund(chargedParts(attempt), before, amount), {
      cause: 'at-kakaopay',
      reason,
      idempotencyKey: `kakaopay:${attempt.id}:${before.amount + amount}`,
      restock,
    });
    Object.assign(refund, { state: 'done', aid: aid ?? null, doneAt } satisfies Partial<Refund>);
    await manager.insert(Refund, refund);
    const note = `${amount} won were cancelled at KakaoPay: ${reason}`;
    await began(manager, { ...placeOf(refund), state: 'done', by: 'kakaopay', note, at: refund.createdAt });
    return refund;
  }

  /** An order that cost nothing, such as the first month of a subscription. */
  private async cancelFree(
    manager: EntityManager,
    order: Order,
    attempt: Attempt,
    { reason, restock }: RefundWish,
  ): Promise<void> {
    const move = { by: 'operator', note: reason, at: this.clock.now() } as const;
    if (!(await moveTo(manager, ORDER, order.id, { to: 'cancelled', ...move }))) return;
    await moveTo(manager, ATTEMPT, attempt.id, { to: 'refunded', ...move });
    // Whichever of the two it has: goods held for it, or goods that were sold.
    if (!(await this.stock.release(manager, order.merchant, order.id)) && restock) {
      await this.stock.restock(manager, order.merchant, order.id);
    }
    await this.tellCancelled(manager, order, { reason });
  }

  /** What is given back or on its way. */
  async decidedOn(manager: EntityManager, attemptId: string): Promise<Parts> {
    const [sum] = await manager.query<Parts[]>(
      `SELECT coalesce(sum(amount), 0)::int AS amount, coalesce(sum(tax_free_amount), 0)::int AS "taxFree",
              coalesce(sum(vat_amount), 0)::int AS vat
         FROM payment.refunds WHERE attempt_id = $1 AND state <> ALL ($2)`,
      [attemptId, NOT_GIVEN_BACK],
    );
    return sum ?? { amount: 0, taxFree: 0, vat: 0 };
  }

  private async cancelUnpaid(manager: EntityManager, order: Order, { amount, reason }: RefundWish): Promise<undefined> {
    if (amount !== undefined)
      throw new UnprocessableEntityException('The order is not paid; there is nothing to refund');
    const at = this.clock.now();
    const moved = await moveTo(manager, ORDER, order.id, {
      to: 'cancelled',
      by: 'operator',
      note: reason,
      at,
      from: ['open', 'pending', 'failed'],
    });
    if (!moved) return undefined;
    await manager.query(
      `UPDATE payment.attempts SET closed_at = $2, updated_at = $2 WHERE order_id = $1 AND closed_at IS NULL AND state = 'waiting'`,
      [order.id, at],
    );
    // Money that KakaoPay took all the same goes back: what had ended without it is looked at now.
    await manager.query(
      `UPDATE payment.attempts SET compare_at = $2, compares = 0
        WHERE order_id = $1 AND state IN ('failed', 'expired') AND (tid IS NOT NULL OR calls > 0)`,
      [order.id, at],
    );
    await this.stock.release(manager, order.merchant, order.id);
    await this.tellCancelled(manager, order, { reason });
    return undefined;
  }

  private async refundOrder(manager: EntityManager, order: Order, wish: RefundWish): Promise<Refund | undefined> {
    const attempt = await manager.findOneByOrFail(Attempt, { id: order.attemptId ?? '' });
    if (attempt.chargedAmount === null || (attempt.tid === null && attempt.chargedAmount > 0)) {
      throw new ConflictException('KakaoPay has not said what it took; POST …/refund asks it and gives all of it back');
    }
    const before = await this.decidedOn(manager, attempt.id);
    const left = attempt.chargedAmount - before.amount;
    const amount = wish.amount ?? left;
    if (amount > left) {
      throw new UnprocessableEntityException(`Only ${left} won are left to refund, refunds under way included`);
    }
    if (amount === 0) {
      if (attempt.chargedAmount === 0) await this.cancelFree(manager, order, attempt, wish);
      return undefined;
    }
    const { taxFreeAmount, reason, idempotencyKey, restock } = wish;
    const charged = chargedParts(attempt);
    if (taxFreeAmount !== undefined) refuseMore(leftOf(charged, before), amount, taxFreeAmount);
    const parts = splitRefund(charged, before, amount, taxFreeAmount);
    return this.insert(manager, attempt, parts, { cause: 'operator', reason, idempotencyKey, restock });
  }

  private async insert(manager: EntityManager, attempt: Charged, parts: Parts, why: Why): Promise<Refund> {
    const refund = this.newRefund(manager, attempt, parts, why);
    await manager.insert(Refund, refund);
    const by = why.cause === 'operator' ? 'operator' : 'platform';
    const note = `${parts.amount} won: ${why.reason}`;
    await began(manager, { ...placeOf(refund), state: 'requested', by, note, at: refund.createdAt });
    await this.jobs.add(REFUND, { refundId: refund.id, merchant: refund.merchant }, manager);
    return refund;
  }

  private newRefund(manager: EntityManager, attempt: Charged, { amount, taxFree, vat }: Parts, why: Why): Refund {
    const at = this.clock.now();
    return manager.create(Refund, {
      id: newId(),
      orderId: attempt.orderId,
      attemptId: attempt.id,
      merchant: attempt.merchant,
      state: 'requested',
      ...why,
      amount,
      taxFreeAmount: taxFree,
      vatAmount: vat,
      aid: null,
      failureCode: null,
      failureMessage: null,
      doneAt: null,
      askedAt: at,
      createdAt: at,
      updatedAt: at,
    });
  }

  private async tellCancelled(manager: EntityManager, order: Order, facts: Record<string, unknown>): Promise<void> {
    await this.periods.orderCancelled(manager, order);
    await this.deliveries.add(manager, {
      merchant: order.merchant,
      type: 'payment.cancelled',
      subject: order.id,
      ...(order.relayId !== null && { relayId: order.relayId }),
      data: { ...orderFacts(order, 'cancelled'), ...facts },
    });
  }
}

const placeOf = ({ id, orderId }: Refund) => ({ subject: 'refund', id, orderId }) as const;

export function chargedParts({ chargedAmount, chargedTaxFree, chargedVat }: Charged): Parts {
  return { amount: chargedAmount ?? 0, taxFree: chargedTaxFree ?? 0, vat: chargedVat ?? 0 };
}

/** @throws UnprocessableEntityException when one of the two parts has not so much left */
function refuseMore(left: { taxFree: number; taxable: number }, amount: number, taxFreeAmount: number): void {
  const isTaxFree = taxFreeAmount > left.taxFree;
  if (!isTaxFree && amount - taxFreeAmount <= left.taxable) return;
  const [won, part] = isTaxFree ? [left.taxFree, 'tax-free'] : [left.taxable, 'taxable'];
  throw new UnprocessableEntityException(
    `taxFreeAmount: only ${won} won of the ${part} part are left to refund, refunds under way included`,
  );
}

function repeated(known: Refund, { amount, reason }: RefundWish): Refund {
  if ((amount !== undefined && amount !== known.amount) || reason !== known.reason) {
    throw new ConflictException('This Idempotency-Key was used for another refund');
  }
  return known;
}
