import { approveRefusal, explainCode, meaningOf, type Approval, type Answer, type PaymentOrder } from '@biz/kakaopay';
import { Clock, Jobs, NotYet, Vault } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';
import { Callback } from '../callbacks/callback.entity';
import { TOKEN_CONTEXT } from '../callbacks/callbacks';
import { ATTEMPT, moveTo, ORDER } from '../history/move-to';
import { Order } from '../orders/order.entity';
import { PaymentConfig } from '../payment.config';
import { APPROVE } from './attempt-jobs';
import { ATTEMPT_STATES } from './attempt-status';
import { Attempt, tidOf } from './attempt.entity';
import { differences } from './compare';
import { MerchantKakaoPay } from './merchant-kakaopay';
import { Settlement } from './settlement';

/** An approve call may still be on its way this long after its time-out: clocks of two instances differ. */
const CALL_MARGIN_MS = 2_000;
const NO_SUCH_TID = -721;
const EXPIRED_CODE = -723;

const EXPIRED = '결제 시간이 만료되었습니다. 다시 시도해 주세요.';
const REFUSED = '결제 승인에 실패했습니다. 다시 시도해 주세요.';
const NOT_FINISHED = '결제가 완료되지 않았습니다.';

/**
 * Brings attempts to their end.
 *
 * The intent to approve is committed first, KakaoPay is asked outside any transaction, and its answer is applied by
 * guarded moves. Whatever is not known is asked by `order`; approve is repeated only while `order` says that the
 * payment still waits for it.
 */
@Injectable()
export class Attempts implements OnModuleInit {
  private readonly logger = new Logger(Attempts.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly kakaopay: MerchantKakaoPay,
    private readonly settlement: Settlement,
    private readonly jobs: Jobs,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly config: PaymentConfig,
  ) {}

  onModuleInit(): void {
    this.jobs.work(APPROVE, ({ orderId }) => this.approve(orderId));
  }

  /** A token came for the order: its newest attempt is approved with it. */
  private async approve(orderId: string): Promise<void> {
    const { manager } = this.dataSource;
    const order = await manager.findOneBy(Order, { id: orderId });
    if (order?.attemptId == null) return;
    const attempt = await manager.findOneByOrFail(Attempt, { id: order.attemptId });
    if (ATTEMPT_STATES[attempt.state].final || attempt.closedAt !== null) return;
    if (attempt.state === 'approving') return this.look(attempt, order);
    const callback = await this.claimToken(attempt);
    if (callback) await this.call(attempt, order, callback);
  }

  /** Asks KakaoPay how an attempt stands and applies it. @throws NotYet when it is not decided */
  async reconcile(attemptId: string): Promise<void> {
    const attempt = await this.dataSource.manager.findOneByOrFail(Attempt, { id: attemptId });
    if (ATTEMPT_STATES[attempt.state].final) return;
    const order = await this.dataSource.manager.findOneByOrFail(Order, { id: attempt.orderId });
    await this.look(attempt, order);
  }

  /** A person must look: the schedule of looks is over. */
  async giveUp(attemptId: string): Promise<void> {
    const attempt = await this.dataSource.manager.findOneByOrFail(Attempt, { id: attemptId });
    await this.settlement.review(attempt, 'KakaoPay never said how this payment ended');
  }

  /** Decides on an approve call: the newest token not yet tried, the order's attempt and the order, or nothing. */
  private claimToken(attempt: Attempt): Promise<Callback | undefined> {
    return this.dataSource.transaction(async (manager) => {
      // The order first, here as everywhere.
      await manager.findOneOrFail(Order, { where: { id: attempt.orderId }, lock: { mode: 'pessimistic_write' } });
      const callback = await manager
        .createQueryBuilder(Callback, 'callback')
        .where('callback.order_id = :orderId AND callback.attempt_id IS NULL', { orderId: attempt.orderId })
        .andWhere('callback.refused_for IS DISTINCT FROM :attemptId', { attemptId: attempt.id })
        .orderBy('callback.id', 'DESC')
        .getOne();
      if (!callback) return undefined;
      const at = this.clock.now();
      const by = 'platform';
      const claimed =
        (await moveTo(manager, ATTEMPT, attempt.id, {
          to: 'approving',
          by,
          note: 'T3 came: approve decided on',
          at,
          from: ['waiting'],
          guard: { closed_at: null },
          set: { calls: attempt.calls + 1, calling_until: this.callEnds(at) },
        })) &&
        (await moveTo(manager, ORDER, attempt.orderId, {
          to: 'approving',
          by,
          note: 'T3 came: approve decided on',
          at,
          from: ['pending'],
          guard: { attempt_id: attempt.id },
        }));
      if (!claimed) return undefined;
      await manager.update(Callback, { id: callback.id }, { attemptId: attempt.id });
      return callback;
    });
  }

  /** Asks again what was asked before, unless somebody may still be asking. */
  private async repeatCall(attempt: Attempt, order: Order): Promise<void> {
    const at = this.clock.now();
    const callback = await this.dataSource.manager.findOneBy(Callback, {
      orderId: attempt.orderId,
      attemptId: attempt.id,
    });
    if (!callback) throw new Error('an attempt is approving without a token');
    const [, claimed] = await this.dataSource.query<[unknown, number]>(
      `UPDATE payment.attempts SET calls = calls + 1, calling_until = $2, updated_at = $3
       WHERE id = $1 AND state = 'approving' AND closed_at IS NULL AND (calling_until IS NULL OR calling_until <= $3)`,
      [attempt.id, this.callEnds(at), at],
    );
    if (claimed === 0) throw new NotYet('another approve call may be on its way');
    await this.call(attempt, order, callback);
  }

  private async call(attempt: Attempt, order: Order, callback: Callback): Promise<void> {
    const { pay, cidSecret } = this.kakaopay.of(attempt.merchant);
    const answer = await pay.approve({
      cid: attempt.cid,
      ...(cidSecret !== undefined && { cidSecret }),
      tid: tidOf(attempt),
      partnerOrderId: order.id,
      partnerUserId: order.appUserId,
      pgToken: await this.vault.open(callback.tokenSealed, TOKEN_CONTEXT),
      totalAmount: attempt.totalAmount,
    });
    await this.applyApproval(attempt, order, callback, answer);
  }

  private async applyApproval(
    attempt: Attempt,
    order: Order,
    callback: Callback,
    answer: Answer<Approval>,
  ): Promise<void> {
    if (answer.kind === 'answered') {
      const wrong = differences(attempt, order.appUserId, answer.value);
      return wrong.length === 0
        ? this.settlement.paid(attempt, answer.value)
        : this.settlement.review(attempt, `KakaoPay approved something else: ${wrong.join(', ')} differ`, answer.value);
    }
    if (answer.kind !== 'refused') {
      await this.callEnded(attempt);
      this.logger.warn({ orderId: order.id, outcome: answer.kind, reason: answer.reason }, 'approve: not known');
      return this.look(attempt, order, false);
    }
    const { code } = answer;
    const note = `approve refused with ${code}: ${explainCode(code)}`;
    switch (approveRefusal(code)) {
      case 'failed':
        return this.settlement.failed(attempt, {
          state: 'failed',
          code,
          note,
          message: code === EXPIRED_CODE ? EXPIRED : (answer.userMessage ?? REFUSED),
        });
      case 'look':
        await this.callEnded(attempt);
        return this.look(attempt, order, false);
      case 'wait':
        await this.settlement.backToWaiting(attempt, callback.id, note, false);
        throw new NotYet(note);
      case 'wrong-token':
        await this.settlement.backToWaiting(attempt, callback.id, note, true);
        throw new NotYet(note);
    }
  }

  /** Reads `order` and applies it. @throws NotYet when it is not decided */
  private async look(attempt: Attempt, order: Order, mayRepeat = true): Promise<void> {
    const { pay, cidSecret } = this.kakaopay.of(attempt.merchant);
    const answer = await pay.order({
      cid: attempt.cid,
      ...(cidSecret !== undefined && { cidSecret }),
      tid: tidOf(attempt),
    });
    if (answer.kind === 'answered') return this.applyOrder(attempt, order, answer.value, mayRepeat);
    if (answer.kind === 'refused') {
      const note = `order refused with ${answer.code}: ${explainCode(answer.code)}`;
      if (answer.code === NO_SUCH_TID && this.isOver(attempt)) {
        return this.settlement.failed(attempt, { state: 'expired', code: answer.code, note, message: EXPIRED });
      }
      throw new NotYet(note);
    }
    throw new NotYet(`order: ${answer.kind} ${answer.reason}`);
  }

  private async applyOrder(attempt: Attempt, order: Order, said: PaymentOrder, mayRepeat: boolean): Promise<void> {
    const meaning = meaningOf(said.status);
    const wrong = differences(attempt, order.appUserId, said);
    switch (meaning) {
      case 'paid':
      case 'sid-issued':
        if (wrong.length > 0) {
          return this.settlement.review(
            attempt,
            `KakaoPay was paid for something else: ${wrong.join(', ')} differ`,
            said,
          );
        }
        if (meaning === 'sid-issued' && attempt.totalAmount > 0) {
          return this.settlement.review(attempt, 'KakaoPay issued a SID but took no money');
        }
        if (order.terms.subscription) await this.waitForCall(attempt);
        return this.settlement.paid(attempt, said);
      case 'cancelled':
        return said.cancelledAmount >= said.amount.total
          ? this.settlement.cancelledThere(attempt, said)
          : this.settlement.review(attempt, 'a part of the payment was cancelled at KakaoPay', said);
      case 'failed':
        return this.settlement.failed(attempt, {
          state: 'failed',
          note: `order says ${said.status}`,
          message: NOT_FINISHED,
        });
      case 'authenticated':
        if (attempt.state === 'approving' && attempt.closedAt === null) {
          if (!mayRepeat) throw new NotYet('order still waits for the approve');
          return this.repeatCall(attempt, order);
        }
        if (attempt.state === 'waiting' && attempt.closedAt === null) {
          const callback = await this.claimToken(attempt);
          if (callback) return this.call(attempt, order, callback);
        }
        return this.waitOrExpire(attempt, said.status);
      case 'wait':
        return this.waitOrExpire(attempt, said.status);
      case 'unknown':
        if (this.isOver(attempt)) {
          return this.settlement.review(attempt, `past its end the payment is ${said.status}, which no document names`);
        }
        throw new NotYet(`order says ${said.status}`);
    }
  }

  private async waitOrExpire(attempt: Attempt, status: string): Promise<void> {
    if (!this.isOver(attempt)) throw new NotYet(`order says ${status}`);
    await this.settlement.failed(attempt, {
      state: 'expired',
      note: `the tid's time is over; order says ${status}`,
      message: EXPIRED,
    });
  }

  /** `order` never names the SID; the answer of an approve call that is on its way does. */
  private async waitForCall({ id }: Attempt): Promise<void> {
    const calling = await this.dataSource.manager.existsBy(Attempt, { id, callingUntil: MoreThan(this.clock.now()) });
    if (calling) throw new NotYet('paid; the SID comes with the answer to approve');
  }

  private async callEnded(attempt: Attempt): Promise<void> {
    await this.dataSource.query(
      `UPDATE payment.attempts SET calling_until = NULL WHERE id = $1 AND state = 'approving'`,
      [attempt.id],
    );
  }

  private callEnds(from: Date): Date {
    return new Date(from.getTime() + this.config.kakaopayTimeoutMs + CALL_MARGIN_MS);
  }

  private isOver(attempt: Attempt): boolean {
    return attempt.expiresAt <= this.clock.now();
  }
}
