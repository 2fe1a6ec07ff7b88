import { cancelledOf, cancelRefusal, explainCode, type Answer, type Cancellation } from '@biz/kakaopay';
import { Deliveries } from '@biz/merchant';
import { Clock, Jobs, NotYet } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Attempt, tidOf } from '../attempts/attempt.entity';
import { foreignFields } from '../attempts/compare';
import { MerchantKakaoPay } from '../attempts/merchant-kakaopay';
import { orderFacts } from '../completion/order-facts';
import { moveTo, REFUND as REFUND_ROW } from '../history/move-to';
import { Order } from '../orders/order.entity';
import { RefundCompletion } from './refund-completion';
import { UNDER_WAY } from './refund-status';
import { Refund } from './refund.entity';
import { REFUND } from './refunds';

/** Gives money back at KakaoPay, each refund once. */
@Injectable()
export class RefundWorker implements OnModuleInit {
  private readonly logger = new Logger(RefundWorker.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly kakaopay: MerchantKakaoPay,
    private readonly completion: RefundCompletion,
    private readonly deliveries: Deliveries,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.jobs.work(
      REFUND,
      ({ refundId }) => this.carryOut(refundId),
      ({ refundId }) => this.giveUp(refundId),
    );
  }

  /** A person must look: KakaoPay did not settle it in its time. */
  async giveUp(refundId: string): Promise<void> {
    const refund = await this.dataSource.manager.findOneByOrFail(Refund, { id: refundId });
    await this.fail(refund, 'KakaoPay never said how this refund ended');
  }

  /**
   * KakaoPay's cancel has no idempotency key. The first call is guarded by what is left to cancel; before any repeat
   * `order` says what was really cancelled.
   */
  private async carryOut(refundId: string): Promise<void> {
    const { manager } = this.dataSource;
    const refund = await manager.findOneByOrFail(Refund, { id: refundId });
    if (!UNDER_WAY.includes(refund.state)) return;
    const attempt = await manager.findOneByOrFail(Attempt, { id: refund.attemptId });
    const repeat = refund.state === 'sending';
    if (!repeat && !(await this.claim(refund))) throw new NotYet('another refund of the same payment is under way');
    // Read after the claim: until this one ends, no other refund of the payment can.
    const before = await this.refundedBefore(attempt);
    if (repeat && (await this.wasDone(refund, attempt, before))) return;
    const { pay, cidSecret } = this.kakaopay.of(refund.merchant);
    const answer = await pay.cancel({
      cid: attempt.cid,
      ...(cidSecret !== undefined && { cidSecret }),
      tid: tidOf(attempt),
      amount: refund.amount,
      taxFreeAmount: refund.taxFreeAmount,
      vatAmount: refund.vatAmount,
      availableAmount: (attempt.chargedAmount ?? 0) - before,
    });
    await this.apply(refund, attempt, before, answer);
  }

  private async refundedBefore(attempt: Attempt): Promise<number> {
    const [sum] = await this.dataSource.query<{ amount: number }[]>(
      `SELECT coalesce(sum(amount), 0)::int AS amount FROM payment.refunds WHERE attempt_id = $1 AND state = 'done'`,
      [attempt.id],
    );
    return sum?.amount ?? 0;
  }

  /** One at a time for each payment: `refunds_one_at_a_time`. */
  private async claim(refund: Refund): Promise<boolean> {
    try {
      let moved = false;
      await this.inOrder(refund, async (manager) => {
        const move = { to: 'sending', by: 'platform', note: 'cancel decided on', at: this.clock.now() } as const;
        moved = await moveTo(manager, REFUND_ROW, refund.id, move);
      });
      return moved;
    } catch (error) {
      const { driverError } = error as { driverError?: { constraint?: string } };
      if (driverError?.constraint === 'refunds_one_at_a_time') return false;
      throw error;
    }
  }

  /** @returns whether it is settled; false means that KakaoPay did not do it and may be asked again */
  private async wasDone(refund: Refund, attempt: Attempt, before: number): Promise<boolean> {
    const order = await this.dataSource.manager.findOneByOrFail(Order, { id: refund.orderId });
    const { pay, cidSecret } = this.kakaopay.of(refund.merchant);
    const answer = await pay.order({
      cid: attempt.cid,
      ...(cidSecret !== undefined && { cidSecret }),
      tid: tidOf(attempt),
    });
    if (answer.kind !== 'answered') throw new NotYet(`order: ${answer.kind}`);
    const foreign = foreignFields(attempt, order.appUserId, answer.value);
    if (foreign.length > 0) {
      await this.fail(refund, `KakaoPay answered about another payment: ${foreign.join(', ')} differ`);
      return true;
    }
    const { amount, actions } = answer.value;
    const cancelledAmount = cancelledOf(answer.value);
    if (cancelledAmount === undefined) throw new NotYet('order does not say how much was cancelled');
    if (cancelledAmount === before) {
      const charged = attempt.chargedAmount ?? 0;
      if (amount.total === charged) return false;
      // Its guard (cancel_available_amount) would refuse us on every repeat.
      const left = amount.total - before;
      await this.fail(refund, `KakaoPay says ${left} won can be given back, we know of ${charged - before}`);
      return true;
    }
    if (cancelledAmount === before + refund.amount) {
      const { aid, at } = actions.findLast(({ type }) => type === 'CANCEL') ?? {};
      const doneAt = at ?? answer.value.cancelledAt;
      await this.done(refund, 'order says the money is back', { aid, doneAt });
      return true;
    }
    const note = `KakaoPay says ${cancelledAmount} won are cancelled, we know of ${before}`;
    await this.fail(refund, note);
    return true;
  }

  private async apply(refund: Refund, attempt: Attempt, before: number, answer: Answer<Cancellation>): Promise<void> {
    if (answer.kind === 'answered') {
      const { aid, tid, cancelledAmount, cancelledAt } = answer.value;
      if (tid !== attempt.tid) throw new NotYet('cancel: KakaoPay answered about another payment');
      if (cancelledAmount === before + refund.amount)
        return this.done(refund, 'KakaoPay gave the money back', { aid, doneAt: cancelledAt });
      throw new NotYet(`cancel: KakaoPay says that ${cancelledAmount} won are cancelled in all`);
    }
    if (answer.kind !== 'refused') {
      this.logger.warn({ refundId: refund.id, outcome: answer.kind, reason: answer.reason }, 'cancel: not known');
      throw new NotYet(`cancel: ${answer.kind}`);
    }
    const note = `cancel refused with ${answer.code}: ${explainCode(answer.code)}`;
    switch (cancelRefusal(answer.code)) {
      case 'look':
      case 'later':
        throw new NotYet(note);
      case 'person':
        return this.fail(refund, note, answer.code);
    }
  }

  /** @param said KakaoPay's number of the cancellation, and its own time of it: days are settled by that */
  private async done(
    refund: Refund,
    note: string,
    said: { aid: string | undefined; doneAt: Date | undefined },
  ): Promise<void> {
    await this.inOrder(refund, async (manager, order, attempt) => {
      const at = this.clock.now();
      const set = { done_at: said.doneAt ?? at, aid: said.aid ?? null };
      if (!(await moveTo(manager, REFUND_ROW, refund.id, { to: 'done', by: 'kakaopay', note, at, set }))) return;
      await this.completion.complete(manager, order, attempt, refund);
    });
  }

  private async fail(refund: Refund, reason: string, code?: number): Promise<void> {
    await this.inOrder(refund, async (manager, order) => {
      const at = this.clock.now();
      const set = { failure_message: reason, failure_code: code ?? null };
      if (!(await moveTo(manager, REFUND_ROW, refund.id, { to: 'failed', by: 'kakaopay', note: reason, at, set })))
        return;
      this.logger.error({ refundId: refund.id, orderId: order.id, reason }, 'a refund needs a person');
      await this.deliveries.add(manager, {
        merchant: order.merchant,
        type: 'payment.review',
        subject: order.id,
        ...(order.relayId !== null && { relayId: order.relayId }),
        data: { ...orderFacts(order), reason: `refund of ${refund.amount} won: ${reason}` },
      });
    });
  }

  private async inOrder(
    refund: Refund,
    work: (manager: EntityManager, order: Order, attempt: Attempt) => Promise<void>,
  ): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const order = await manager.findOneOrFail(Order, {
        where: { id: refund.orderId },
        lock: { mode: 'pessimistic_write' },
      });
      await work(manager, order, await manager.findOneByOrFail(Attempt, { id: refund.attemptId }));
    });
  }
}
