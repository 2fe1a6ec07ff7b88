import { type Answer, approveRefusal, explainCode } from '@biz/kakaopay';
import { Clock, Jobs, NotYet, Vault } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';
import { Callback } from '../callbacks/callback.entity';
import { TOKEN_CONTEXT } from '../callbacks/callbacks';
import { callsIn } from '../evidence/evidence';
import { EvidenceLog } from '../evidence/evidence-log';
import { type Verdict, verdictOn } from '../evidence/verdict';
import { ATTEMPT, moveTo, ORDER } from '../history/move-to';
import { Order } from '../orders/order.entity';
import { PaymentConfig } from '../payment.config';
import { APPROVE } from './attempt-jobs';
import { ATTEMPT_STATES } from './attempt-status';
import { Attempt, tidOf } from './attempt.entity';
import { MerchantKakaoPay } from './merchant-kakaopay';
import { Settlement } from './settlement';

/** An approve call may still be on its way this long after its time-out: clocks of two instances differ. */
const CALL_MARGIN_MS = 2_000;
const EXPIRED_CODE = -723;

const EXPIRED = '결제 시간이 만료되었습니다. 다시 시도해 주세요.';
const REFUSED = '결제 승인에 실패했습니다. 다시 시도해 주세요.';
const NOT_FINISHED = '결제가 완료되지 않았습니다.';

/** An approve that was decided on. @property callId of its evidence */
interface Claim {
  callback: Callback;
  callId: string;
}

/**
 * Brings attempts to their end.
 *
 * The intent to approve is committed first, with a row of evidence; KakaoPay is asked outside any transaction; its answer
 * becomes evidence before anything follows from it. `verdictOn` alone concludes, and guarded moves apply its verdict.
 */
@Injectable()
export class Attempts implements OnModuleInit {
  private readonly logger = new Logger(Attempts.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly kakaopay: MerchantKakaoPay,
    private readonly evidence: EvidenceLog,
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
    const claim = await this.claimToken(attempt);
    if (claim) await this.call(attempt, order, claim);
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
  private claimToken(attempt: Attempt): Promise<Claim | undefined> {
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
          guard: { closed_at: null, unpriced: false },
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
      return { callback, callId: await this.evidence.sending(manager, attempt, 'approve', at) };
    });
  }

  /** Asks again what was asked before. @throws NotYet while another process may still be asking */
  private claimRepeat(attempt: Attempt): Promise<Claim> {
    return this.dataSource.transaction(async (manager) => {
      const at = this.clock.now();
      const callback = await manager.findOneBy(Callback, { orderId: attempt.orderId, attemptId: attempt.id });
      if (!callback) throw new Error('an attempt is approving without a token');
      const [, claimed] = await manager.query<[unknown, number]>(
        `UPDATE payment.attempts SET calls = calls + 1, calling_until = $2, updated_at = $3
         WHERE id = $1 AND state = 'approving' AND closed_at IS NULL AND (calling_until IS NULL OR calling_until <= $3)`,
        [attempt.id, this.callEnds(at), at],
      );
      if (claimed === 0) throw new NotYet('another approve call may be on its way');
      return { callback, callId: await this.evidence.sending(manager, attempt, 'approve', at) };
    });
  }

  private async call(attempt: Attempt, order: Order, { callback, callId }: Claim): Promise<void> {
    const { pay, contractOf } = this.kakaopay.of(attempt.merchant);
    const answer = await pay.approve({
      ...contractOf(attempt.cid),
      tid: tidOf(attempt),
      partnerOrderId: order.id,
      partnerUserId: order.appUserId,
      pgToken: await this.vault.open(callback.tokenSealed, TOKEN_CONTEXT),
      totalAmount: attempt.totalAmount,
    });
    await this.evidence.approved(callId, answer);
    const meaning = answer.kind === 'refused' ? approveRefusal(answer.code) : undefined;
    if (meaning === 'wait' || meaning === 'wrong-token') {
      const note = answer.kind === 'refused' ? `approve refused with ${answer.code}: ${explainCode(answer.code)}` : '';
      await this.settlement.backToWaiting(attempt, callback.id, note, meaning === 'wrong-token');
      throw new NotYet(note);
    }
    const known = answer.kind === 'answered' || meaning === 'failed';
    if (known && (await this.conclude(attempt, order, { mayApprove: false }))) return;
    await this.callEnded(attempt);
    if (answer.kind !== 'answered') {
      this.logger.warn({ orderId: order.id, outcome: answer.kind, why: whyOf(answer) }, 'approve: not known');
    }
    await this.look(attempt, order, { mayApprove: false });
  }

  /** Reads `order` and concludes. @throws NotYet when nothing is decided */
  private async look(attempt: Attempt, order: Order, how = { mayApprove: true }): Promise<void> {
    const { pay, contractOf } = this.kakaopay.of(attempt.merchant);
    const sentAt = this.clock.now();
    const answer = await pay.order({
      ...contractOf(attempt.cid),
      tid: tidOf(attempt),
    });
    await this.evidence.looked(attempt, sentAt, answer);
    if (await this.conclude(attempt, order, how)) return;
    throw new NotYet(answer.kind === 'answered' ? `order says ${answer.value.status}` : `order: ${whyOf(answer)}`);
  }

  /**
   * Does what the evidence calls for.
   *
   * @param mayApprove whether an approve may follow at once, where KakaoPay waits for one
   * @returns whether it was decided, or gone on with
   */
  private async conclude(attempt: Attempt, order: Order, { mayApprove }: { mayApprove: boolean }): Promise<boolean> {
    const { evidence, hasSid } = await this.evidence.of(attempt);
    const payment = Object.assign({ partnerUserId: order.appUserId }, attempt);
    const verdict = verdictOn(payment, evidence, this.clock.now());
    switch (verdict.is) {
      case 'paid':
        if (order.terms.subscription && !hasSid) await this.waitForCall(attempt);
        await this.settlement.paid(attempt, verdict.said);
        return true;
      case 'given-back':
        await this.settlement.cancelledThere(attempt, verdict.said);
        return true;
      case 'not-paid':
        await this.settlement.failed(attempt, {
          state: verdict.end,
          note: verdict.why,
          message: messageOf(verdict),
          calls: callsIn(evidence),
          ...(verdict.code !== undefined && { code: verdict.code }),
        });
        return true;
      case 'person':
        await this.settlement.review(attempt, verdict.why, verdict.said, verdict.said !== undefined || verdict.taken);
        return true;
      case 'unknown':
        return mayApprove && verdict.next === 'approve' && this.approveNow(attempt, order);
    }
  }

  /** KakaoPay waits for an approve. @returns whether one was sent */
  private async approveNow(attempt: Attempt, order: Order): Promise<boolean> {
    if (attempt.closedAt !== null) return false;
    const claim = attempt.state === 'approving' ? await this.claimRepeat(attempt) : await this.claimToken(attempt);
    if (claim) await this.call(attempt, order, claim);
    return claim !== undefined;
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
}

function messageOf({ end, code, message }: Verdict & { is: 'not-paid' }): string {
  if (end === 'expired' || code === EXPIRED_CODE) return EXPIRED;
  return code === undefined ? NOT_FINISHED : (message ?? REFUSED);
}

const whyOf = (answer: Exclude<Answer<unknown>, { kind: 'answered' }>): string =>
  answer.kind === 'refused'
    ? `refused with ${answer.code}: ${explainCode(answer.code)}`
    : `${answer.kind} ${answer.reason}`;
