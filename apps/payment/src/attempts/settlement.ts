import { Drafts, Stock } from '@biz/commerce';
import type { Amounts, Card } from '@biz/kakaopay';
import { Deliveries, type ShopEventType } from '@biz/merchant';
import { Clock, NotYet, RuntimeConfig } from '@biz/platform';
import { withoutNumbers } from '@biz/privacy';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { OrderCompletion } from '../completion/order-completion';
import { type AfterFailure, ChargePeriods, type FailedTry } from '../charges/charge-periods';
import { callsOf } from '../evidence/evidence-log';
import type { OrderState } from '../orders/order-status';
import { Order } from '../orders/order.entity';
import { orderFacts, paymentFacts } from '../completion/order-facts';
import type { Actor } from '../history/history.entity';
import { ATTEMPT, moveTo, ORDER } from '../history/move-to';
import { Refunds } from '../refunds/refunds';
import { Sid } from '../subscriptions/sid.entity';
import { Subscriptions } from '../subscriptions/subscriptions';
import { Attempt } from './attempt.entity';
import type { AttemptState } from './attempt-status';
import { comparedLater } from './compare-later';

/** What KakaoPay took, by its own word. */
export interface Charge {
  amount: Amounts;
  tid?: string;
  aid?: string;
  method?: string;
  card?: Card;
  approvedAt?: Date;
  cancelledAt?: Date;
}

interface Failure {
  state: Extract<AttemptState, 'failed' | 'expired'>;
  /** Korean, for the buyer. */
  message: string;
  note: string;
  code?: number;
  /** Who says so; KakaoPay unless said. */
  by?: Actor;
  /** Columns of the attempt that must still hold these values. */
  guard?: Record<string, unknown>;
  /** How many calls that can take money were decided on, for all that the conclusion knew. */
  calls?: number;
  /** What comes after the failed charge of a subscription. */
  next?: AfterFailure;
}

/** How an order ends with its attempt. */
interface OrderEnd {
  to: 'failed' | 'cancelled';
  event: ShopEventType;
  note: string;
  by?: Actor;
  message?: string;
  charge?: FailedTry;
}

/** No money was known of these: an answer that comes late may bring some. */
const MONEY_MAY_BE_LATE: readonly AttemptState[] = ['waiting', 'approving', 'failed', 'expired'];
const UNDECIDED: readonly AttemptState[] = ['waiting', 'approving'];

const BEING_PAID: readonly OrderState[] = ['pending', 'approving'];

/**
 * Applies what KakaoPay said about an attempt: one short transaction each, the order locked first, every move guarded.
 *
 * The same news may come from an approve and from the reconciler at once: the second finds nothing to move.
 */
@Injectable()
export class Settlement {
  constructor(
    private readonly dataSource: DataSource,
    private readonly completion: OrderCompletion,
    private readonly refunds: Refunds,
    private readonly subscriptions: Subscriptions,
    private readonly periods: ChargePeriods,
    private readonly stock: Stock,
    private readonly drafts: Drafts,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
    private readonly runtime: RuntimeConfig,
  ) {}

  /** The money is there. When the order cannot take it any more, it goes back. */
  async paid({ id }: Attempt, charge: Charge): Promise<void> {
    await this.inOrder(id, MONEY_MAY_BE_LATE, async (manager, order, attempt) => {
      const refusal = await this.whyNotTaken(manager, order, attempt);
      const at = this.clock.now();
      if (refusal !== undefined) return this.sendBack(manager, order, attempt, charge, refusal);
      if (order.terms.subscription && !(await manager.existsBy(Sid, { attemptId: id, state: 'kept' }))) {
        // KakaoPay hands a SID out in the answer to approve only; when that answer was lost, nobody can charge later.
        return this.show(manager, order, attempt, 'paid, but the SID of the subscription was lost', charge);
      }
      const moved = await moveTo(manager, ATTEMPT, id, {
        to: 'paid',
        by: 'kakaopay',
        note: 'approved',
        at,
        set: chargeColumns(attempt, charge, at),
      });
      if (!moved) return;
      await this.periods.goOn(manager, order, 'paid');
      await this.subscriptions.begin(manager, order, id, charge.approvedAt ?? at);
      await this.completion.begin(manager, order, charge.approvedAt ?? at);
    });
  }

  /**
   * No money came with this tid and none can.
   *
   * @throws NotYet when another call was decided on since the evidence was read: it may still take the money
   */
  async failed({ id }: Attempt, failure: Failure): Promise<void> {
    const { state, message: said, note, code, next, by = 'kakaopay', guard = {}, calls } = failure;
    const message = withoutNumbers(said);
    await this.inOrder(id, UNDECIDED, async (manager, order, attempt) => {
      const at = this.clock.now();
      const set = {
        ...{ failure_message: message, failure_code: code ?? null, calling_until: null },
        ...comparedLater(attempt, at, this.runtime.retryTimeScale),
      };
      if (!(await moveTo(manager, ATTEMPT, id, { to: state, by, note, at, set, guard }))) return;
      // Nobody decides on one from here on, and those that did are seen.
      if (calls !== undefined && (await callsOf(manager, id)) !== calls)
        throw new NotYet('another call was decided on meanwhile');
      await this.endOrder(manager, order, attempt, {
        ...{ to: 'failed', by },
        event: 'payment.failed',
        note,
        message,
        charge: { message, next: next ?? 'dunning', ...(code !== undefined && { code }) },
      });
    });
  }

  /** The whole payment was cancelled at KakaoPay by somebody else. */
  async cancelledThere({ id }: Attempt, charge: Charge): Promise<void> {
    await this.inOrder(id, MONEY_MAY_BE_LATE, async (manager, order, attempt) => {
      const note = 'cancelled at KakaoPay';
      const at = this.clock.now();
      const set = { ...chargeColumns(attempt, charge, at), calling_until: null };
      if (!(await moveTo(manager, ATTEMPT, id, { to: 'refunded', by: 'kakaopay', note, at, set }))) return;
      if (charge.amount.total > 0) {
        const given = { amount: charge.amount.total, doneAt: charge.cancelledAt ?? at, reason: note, restock: false };
        await this.refunds.foundAtKakaoPay(manager, Object.assign(attempt, chargedOf(charge)), given);
        if (this.isCurrent(order, attempt) && BEING_PAID.includes(order.state)) {
          order.refundedAmount = given.amount;
          await manager.update(Order, { id: order.id }, { refundedAmount: given.amount });
        }
      }
      await this.endOrder(manager, order, attempt, { to: 'cancelled', event: 'payment.cancelled', note });
    });
  }

  /** A person must look. Stock stays held: money may be there. @param taken whether money was taken, for all that is known */
  async review({ id }: Attempt, reason: string, charge?: Charge, taken = charge !== undefined): Promise<void> {
    await this.inOrder(id, charge || taken ? MONEY_MAY_BE_LATE : UNDECIDED, async (manager, order, attempt) => {
      await this.show(manager, order, attempt, reason, charge);
      if (taken) await this.periods.goOn(manager, order, 'charged, and a person looks at it');
    });
  }

  /** KakaoPay did nothing with this token; the buyer may still finish. */
  async backToWaiting({ id }: Attempt, callbackId: string, note: string, refused: boolean): Promise<void> {
    await this.inOrder(id, UNDECIDED, async (manager, order, attempt) => {
      const at = this.clock.now();
      await manager.query(
        `UPDATE payment.callbacks SET attempt_id = NULL, refused_for = CASE WHEN $3 THEN $2::uuid ELSE refused_for END
         WHERE id = $1 AND attempt_id = $2`,
        [callbackId, id, refused],
      );
      const set = { calling_until: null };
      if (!(await moveTo(manager, ATTEMPT, id, { to: 'waiting', by: 'kakaopay', note, at, set, from: ['approving'] })))
        return;
      if (!this.isCurrent(order, attempt)) return;
      await moveTo(manager, ORDER, order.id, { to: 'pending', by: 'kakaopay', note, at, from: ['approving'] });
    });
  }

  private async show(
    manager: EntityManager,
    order: Order,
    attempt: Attempt,
    reason: string,
    charge?: Charge,
  ): Promise<void> {
    const at = this.clock.now();
    const set = { ...(charge && chargeColumns(attempt, charge, at)), failure_message: reason, calling_until: null };
    if (!(await moveTo(manager, ATTEMPT, attempt.id, { to: 'review', by: 'platform', note: reason, at, set }))) return;
    if (this.isCurrent(order, attempt)) {
      const moved = await moveTo(manager, ORDER, order.id, {
        to: 'review',
        by: 'platform',
        note: reason,
        at,
        from: BEING_PAID,
        set: { review_reason: reason },
      });
      // An order that is over stays so when money turns up for its last payment.
      if (moved) order.state = 'review';
    }
    await this.tell(manager, order, 'payment.review', { reason, ...paymentFacts(attempt) });
  }

  /** The order is locked before the attempt is read, here as everywhere. */
  private async inOrder(
    attemptId: string,
    from: readonly AttemptState[],
    work: (manager: EntityManager, order: Order, attempt: Attempt) => Promise<void>,
  ): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const { orderId } = await manager.findOneOrFail(Attempt, { select: { orderId: true }, where: { id: attemptId } });
      const order = await manager.findOneOrFail(Order, { where: { id: orderId }, lock: { mode: 'pessimistic_write' } });
      const attempt = await manager.findOneByOrFail(Attempt, { id: attemptId });
      // Two may have asked KakaoPay at once: what the first one's answer decided stands, a person's review above all.
      if (from.includes(attempt.state)) await work(manager, order, attempt);
    });
  }

  private isCurrent(order: Order, attempt: Attempt): boolean {
    return order.attemptId === attempt.id && attempt.closedAt === null;
  }

  private async whyNotTaken(manager: EntityManager, order: Order, attempt: Attempt): Promise<string | undefined> {
    if (!this.isCurrent(order, attempt)) return 'the tid was superseded or given up before its money came';
    if (!BEING_PAID.includes(order.state)) return `the order was ${order.state} when the money came`;
    if (order.draftId === null) return undefined;
    const free = await this.drafts.markPaid(manager, order.merchant, order.draftId, order.id);
    return free ? undefined : 'another order paid the same selection';
  }

  private async sendBack(
    manager: EntityManager,
    order: Order,
    attempt: Attempt,
    charge: Charge,
    reason: string,
  ): Promise<void> {
    const at = this.clock.now();
    const set = chargeColumns(attempt, charge, at);
    if (!(await moveTo(manager, ATTEMPT, attempt.id, { to: 'surplus', by: 'kakaopay', note: reason, at, set }))) return;
    await this.refunds.begin(
      manager,
      { id: attempt.id, orderId: order.id, merchant: order.merchant, ...chargedOf(charge) },
      { cause: 'surplus', reason },
    );
    await this.endOrder(manager, order, attempt, {
      to: 'failed',
      event: 'payment.failed',
      note: reason,
      message: '결제를 완료할 수 없어 취소되었습니다.',
    });
  }

  /** Ends the order with its current attempt; a superseded attempt ends alone. */
  private async endOrder(manager: EntityManager, order: Order, attempt: Attempt, end: OrderEnd): Promise<void> {
    if (!this.isCurrent(order, attempt)) return;
    const moved = await moveTo(manager, ORDER, order.id, {
      to: end.to,
      by: end.by ?? 'kakaopay',
      note: end.note,
      at: this.clock.now(),
      from: BEING_PAID,
      guard: { attempt_id: attempt.id },
      set: { failure_message: end.message ?? null },
    });
    if (!moved) return;
    await this.stock.release(manager, order.merchant, order.id);
    order.state = end.to;
    if (order.subscriptionId !== null && end.charge) {
      return this.periods.failed(manager, order, end.charge, attempt);
    }
    await this.tell(manager, order, end.event, {
      ...paymentFacts(attempt),
      ...(end.message !== undefined && { message: end.message }),
    });
  }

  private tell(
    manager: EntityManager,
    order: Order,
    type: ShopEventType,
    facts: Record<string, unknown>,
  ): Promise<void> {
    return this.deliveries.add(manager, {
      merchant: order.merchant,
      type,
      subject: order.id,
      ...(order.relayId !== null && { relayId: order.relayId }),
      data: { ...orderFacts(order), ...facts },
    });
  }
}

export function chargedOf({ amount }: Charge): Pick<Attempt, 'chargedAmount' | 'chargedTaxFree' | 'chargedVat'> {
  return { chargedAmount: amount.total, chargedTaxFree: amount.taxFree, chargedVat: amount.vat };
}

/** @param at when we learned of it, unless KakaoPay says when it was */
export function chargeColumns(
  attempt: Attempt,
  { amount, tid, aid, method, card, approvedAt }: Charge,
  at: Date,
): Record<string, unknown> {
  return {
    charged_amount: amount.total,
    charged_tax_free: amount.taxFree,
    charged_vat: amount.vat,
    calling_until: null,
    ...(attempt.tid === null && tid !== undefined && { tid }),
    ...(aid !== undefined && { aid }),
    ...(method !== undefined && { method }),
    ...(card && { card: JSON.stringify(card) }),
    approved_at: approvedAt ?? at,
  };
}
