import { Deliveries } from '@biz/merchant';
import { Clock, Jobs, NotYet } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Attempt, tidOf } from '../attempts/attempt.entity';
import { MerchantKakaoPay } from '../attempts/merchant-kakaopay';
import { orderFacts } from '../completion/order-facts';
import { cancelsIn } from '../evidence/evidence';
import { cancelsOf, EvidenceLog } from '../evidence/evidence-log';
import { type RefundVerdict, verdictOnRefund } from '../evidence/refund-verdict';
import { moveTo, REFUND as REFUND_ROW } from '../history/move-to';
import { Order } from '../orders/order.entity';
import { RefundCompletion } from './refund-completion';
import { UNDER_WAY } from './refund-status';
import { Refund } from './refund.entity';
import { REFUND } from './refunds';

interface About {
  refund: Refund;
  attempt: Attempt;
  order: Order;
}

/**
 * Gives money back at KakaoPay, each refund once.
 *
 * As with payments, a call is kept before it is made and `verdictOnRefund` alone concludes.
 */
@Injectable()
export class RefundWorker implements OnModuleInit {
  private readonly logger = new Logger(RefundWorker.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly kakaopay: MerchantKakaoPay,
    private readonly evidence: EvidenceLog,
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

  /** A call that was decided on is looked at before it is repeated: KakaoPay's cancel has no idempotency key. */
  private async carryOut(refundId: string): Promise<void> {
    const { manager } = this.dataSource;
    const refund = await manager.findOneByOrFail(Refund, { id: refundId });
    if (!UNDER_WAY.includes(refund.state)) return;
    const [attempt, order] = await Promise.all([
      manager.findOneByOrFail(Attempt, { id: refund.attemptId }),
      manager.findOneByOrFail(Order, { id: refund.orderId }),
    ]);
    const about = { refund, attempt, order };
    if (refund.state === 'sending') {
      await this.look(about);
      const verdict = await this.conclude(about);
      if (verdict?.next === 'look') throw new NotYet(verdict.why);
      if (!verdict) return;
    }
    const callId = await this.claim(refund);
    if (callId === undefined) throw new NotYet('another refund of the same payment is under way');
    await this.send(about, callId);
    const verdict = await this.conclude(about);
    if (verdict) throw new NotYet(verdict.why);
  }

  /** Does what the evidence calls for. @returns what is left to do, when it is not known yet */
  private async conclude({ refund, attempt, order }: About): Promise<(RefundVerdict & { is: 'unknown' }) | undefined> {
    const evidence = await this.evidence.ofRefund(refund);
    const verdict = verdictOnRefund(
      {
        ...{ cid: attempt.cid, tid: attempt.tid, orderId: order.id, partnerUserId: order.appUserId },
        ...{ totalAmount: attempt.totalAmount, taxFreeAmount: attempt.taxFreeAmount, vatAmount: attempt.vatAmount },
        amount: refund.amount,
        charged: attempt.chargedAmount ?? 0,
        before: await this.refundedBefore(attempt),
        askedAt: refund.askedAt,
      },
      evidence,
    );
    switch (verdict.is) {
      case 'done':
        await this.done(refund, verdict.why, verdict);
        return undefined;
      case 'not-done':
        await this.fail(refund, verdict.why, { cancels: cancelsIn(evidence), code: verdict.code });
        return undefined;
      case 'person':
        await this.fail(refund, verdict.why, { cancels: cancelsIn(evidence) });
        return undefined;
      case 'unknown':
        return verdict;
    }
  }

  /** While this refund is under way, no other of the payment is. */
  private async refundedBefore(attempt: Attempt): Promise<number> {
    const [sum] = await this.dataSource.query<{ amount: number }[]>(
      `SELECT coalesce(sum(amount), 0)::int AS amount FROM payment.refunds WHERE attempt_id = $1 AND state = 'done'`,
      [attempt.id],
    );
    return sum?.amount ?? 0;
  }

  /**
   * Decides on a cancel call, and keeps it. One refund at a time for each payment: `refunds_one_at_a_time`.
   *
   * @returns the id of its evidence
   */
  private async claim(refund: Refund): Promise<string | undefined> {
    try {
      let callId: string | undefined;
      await this.inOrder(refund, async (manager) => {
        const at = this.clock.now();
        const move = { to: 'sending', by: 'platform', note: 'cancel decided on', at } as const;
        const claimed =
          (await moveTo(manager, REFUND_ROW, refund.id, move)) ||
          (await manager.existsBy(Refund, { id: refund.id, state: 'sending' }));
        if (claimed) callId = await this.evidence.sending(manager, refund, 'cancel', at);
      });
      return callId;
    } catch (error) {
      const { driverError } = error as { driverError?: { constraint?: string } };
      if (driverError?.constraint === 'refunds_one_at_a_time') return undefined;
      throw error;
    }
  }

  private async send({ refund, attempt }: About, callId: string): Promise<void> {
    const { pay, contractOf } = this.kakaopay.of(refund.merchant);
    const answer = await pay.cancel({
      ...contractOf(attempt.cid),
      tid: tidOf(attempt),
      amount: refund.amount,
      taxFreeAmount: refund.taxFreeAmount,
      vatAmount: refund.vatAmount,
      availableAmount: (attempt.chargedAmount ?? 0) - (await this.refundedBefore(attempt)),
    });
    await this.evidence.cancelled(callId, answer);
    if (answer.kind === 'not-sent' || answer.kind === 'unknown') {
      this.logger.warn({ refundId: refund.id, outcome: answer.kind, reason: answer.reason }, 'cancel: not known');
    }
  }

  /** Reads `order`, which says what was really cancelled. */
  private async look({ refund, attempt }: About): Promise<void> {
    const { pay, contractOf } = this.kakaopay.of(refund.merchant);
    const sentAt = this.clock.now();
    const answer = await pay.order({
      ...contractOf(attempt.cid),
      tid: tidOf(attempt),
    });
    await this.evidence.looked(refund, sentAt, answer);
    if (answer.kind !== 'answered') throw new NotYet(`order: ${answer.kind}`);
  }

  /** @param said KakaoPay's number of the cancellation, and its own time of it: days are settled by that */
  private async done(
    refund: Refund,
    note: string,
    said: { readonly aid?: string; readonly doneAt?: Date },
  ): Promise<void> {
    await this.inOrder(refund, async (manager, order, attempt) => {
      const at = this.clock.now();
      const set = { done_at: said.doneAt ?? at, aid: said.aid ?? null };
      if (!(await moveTo(manager, REFUND_ROW, refund.id, { to: 'done', by: 'kakaopay', note, at, set }))) return;
      await this.completion.complete(manager, order, attempt, refund);
    });
  }

  /**
   * @param known.cancels that were decided on, for all that the conclusion knew
   * @throws NotYet when another was decided on since: it may still give the money back
   */
  private async fail(
    refund: Refund,
    reason: string,
    { cancels, code }: { cancels?: number; code?: number | undefined } = {},
  ): Promise<void> {
    await this.inOrder(refund, async (manager, order) => {
      const at = this.clock.now();
      const set = { failure_message: reason, failure_code: code ?? null };
      if (!(await moveTo(manager, REFUND_ROW, refund.id, { to: 'failed', by: 'kakaopay', note: reason, at, set })))
        return;
      if (cancels !== undefined && (await cancelsOf(manager, refund.id)) !== cancels)
        throw new NotYet('another cancel was decided on meanwhile');
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
