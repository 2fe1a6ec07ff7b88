import { chargeRefusal, explainCode, type Answer, type Approval } from '@biz/kakaopay';
import { Stock } from '@biz/commerce';
import { Clock, defineJob, Jobs, newId, NotYet, RuntimeConfig } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource, Not } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { differences } from '../attempts/compare';
import { MerchantKakaoPay } from '../attempts/merchant-kakaopay';
import { Settlement } from '../attempts/settlement';
import { began, moveTo, ORDER } from '../history/move-to';
import { Order } from '../orders/order.entity';
import { PaymentConfig } from '../payment.config';
import { Subscription } from '../subscriptions/subscription.entity';
import { type SidStanding, Subscriptions } from '../subscriptions/subscriptions';
import { type AfterFailure, ChargePeriods } from './charge-periods';

/** Charges the order of a period; seconds before each further go at a try that KakaoPay has not decided, over 14 hours. */
export const CHARGE = defineJob<{ orderId: string; tries: number }>({
  name: 'payment.charge-subscription',
  schedule: [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 21_600],
});

/**
 * `status` is believed to know of a charge whose answer was lost so long after the call: KakaoPay may still have been
 * at work when our side gave up, and there is no key that would keep it from charging twice.
 */
const SETTLED_AFTER_SECONDS = 60;

/** KakaoPay names its approvals by the second. */
const SAME_MOMENT_MS = 1_000;
const NO_TIME = 'KakaoPay does not say when it last charged the SID: look the payment up at KakaoPay';
const TWO_AT_ONCE =
  'KakaoPay charged the SID so shortly before that it cannot tell the two apart: look it up at KakaoPay';

const FAILED = '정기결제에 실패했습니다.';
const NOT_REACHED = '카카오페이에 연결하지 못해 정기결제가 늦어지고 있습니다.';
const SOLD_OUT = '주문 상품이 품절되었습니다.';
const ENDED = '정기결제가 해지되었습니다.';

const NOTHING = { amount: { total: 0, taxFree: 0, vat: 0, point: 0, discount: 0 } };

/**
 * Charges a period of a subscription by its SID, at most once.
 *
 * KakaoPay has no idempotency key here and names the tid only in its answer. So `status` is asked first for its last
 * approval of the SID; the intent is committed with it; and when an answer is lost, a later approval is this charge.
 */
@Injectable()
export class Charges implements OnModuleInit {
  private readonly logger = new Logger(Charges.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly kakaopay: MerchantKakaoPay,
    private readonly subscriptions: Subscriptions,
    private readonly periods: ChargePeriods,
    private readonly settlement: Settlement,
    private readonly stock: Stock,
    private readonly jobs: Jobs,
    private readonly config: PaymentConfig,
    private readonly runtime: RuntimeConfig,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.jobs.work(
      CHARGE,
      ({ orderId, tries }) => this.carryOut(orderId, tries),
      ({ orderId }) => this.giveUp(orderId),
    );
  }

  private async carryOut(orderId: string, tries: number): Promise<void> {
    const order = await this.dataSource.manager.findOneByOrFail(Order, { id: orderId });
    const subscription = await this.subscriptionOf(order);
    switch (order.state) {
      case 'pending':
      case 'failed':
        return this.start(order, subscription, tries);
      case 'approving':
        return this.carryOn(order, subscription);
      case 'fulfilling':
      case 'paid':
      case 'cancelled':
        // A person decided while the subscription waited for it.
        return this.inOrder(order.id, (manager) => this.periods.goOn(manager, order, `its charge is ${order.state}`));
      case 'open':
      case 'review':
        return;
    }
  }

  private async start(order: Order, subscription: Subscription, tries: number): Promise<void> {
    if (subscription.state !== 'active') return this.letOff(order);
    if (order.period !== subscription.periodsCharged + 1 || tries !== subscription.tries) return;
    const standing = await this.subscriptions.check(subscription);
    if (standing.ended) return this.letOff(order);
    const attempt = await this.claim(order.id, tries, standing);
    if (attempt) await this.ask(order, subscription, attempt);
  }

  /** Decides on a try, with what it needs of the stock. */
  private claim(orderId: string, tries: number, standing: SidStanding): Promise<Attempt | undefined> {
    return this.inOrder(orderId, async (manager, order) => {
      if (order.state !== 'pending' && order.state !== 'failed') return undefined;
      const subscription = await this.subscriptions.lock(manager, order.subscriptionId ?? '');
      if (subscription.state !== 'active') return this.letOffIn(manager, order.id);
      if (subscription.tries !== tries) return undefined;
      if (order.period !== subscription.periodsCharged + 1) return undefined;
      const { reserved } = await this.stock.reserve(manager, order.merchant, order.id, order.stockLines);
      return reserved ? this.decide(manager, order, subscription, standing) : this.soldOut(manager, order);
    });
  }

  private async decide(
    manager: EntityManager,
    order: Order,
    { cid, tries }: Subscription,
    { lastApprovedAt }: SidStanding,
  ): Promise<Attempt> {
    const at = this.clock.now();
    const by = 'platform';
    const note = `try ${tries + 1}: charge decided on`;
    const { id: orderId, merchant, totalAmount, taxFreeAmount, vatAmount } = order;
    const attempt = manager.create(Attempt, {
      id: newId(),
      ...{ orderId, merchant, cid, tid: null, state: 'approving', totalAmount, taxFreeAmount, vatAmount },
      // Nothing is asked for a free period.
      calls: totalAmount === 0 ? 0 : 1,
      callingUntil: this.callEnds(at),
      approvedBefore: lastApprovedAt ?? null,
      expiresAt: at,
      createdAt: at,
      updatedAt: at,
    });
    await manager.insert(Attempt, attempt);
    await began(manager, { subject: 'attempt', orderId, id: attempt.id, state: 'approving', by, note, at });
    if (order.state === 'failed') await moveTo(manager, ORDER, orderId, { to: 'pending', by, note: 'tried again', at });
    const set = { attempt_id: attempt.id, failure_message: null };
    await moveTo(manager, ORDER, orderId, { to: 'approving', by, note, at, set });
    return attempt;
  }

  private async soldOut(manager: EntityManager, order: Order): Promise<undefined> {
    const set = { failure_message: SOLD_OUT };
    await moveTo(manager, ORDER, order.id, {
      to: 'failed',
      by: 'platform',
      note: 'sold out',
      at: this.clock.now(),
      set,
    });
    await this.periods.failed(manager, order, { message: SOLD_OUT, next: 'dunning' });
    return undefined;
  }

  /** Somebody decided on a try: settles what became of it. */
  private async carryOn(order: Order, subscription: Subscription): Promise<void> {
    const attempt = await this.attemptOf(order);
    if (attempt?.state !== 'approving') return;
    if (attempt.totalAmount === 0) return this.settlement.paid(attempt, NOTHING);
    if (attempt.callingUntil !== null) {
      if (attempt.callingUntil > this.clock.now()) throw new NotYet('a charge may still be on its way');
      const { ended, lastApprovedAt } = await this.subscriptions.check(subscription);
      if (lastApprovedAt === undefined) {
        return this.settlement.review(attempt, `The answer to this charge was lost, and ${NO_TIME}`);
      }
      if (attempt.approvedBefore === null || lastApprovedAt > attempt.approvedBefore) {
        const reason =
          `KakaoPay charged the SID at ${lastApprovedAt.toISOString()}, but its answer was lost and with it the tid: ` +
          'look the payment up at KakaoPay';
        return this.settlement.review(attempt, reason, undefined, true);
      }
      if (lastApprovedAt.getTime() > attempt.createdAt.getTime() - SAME_MOMENT_MS) {
        return this.settlement.review(attempt, `The answer to this charge was lost, and ${TWO_AT_ONCE}`);
      }
      if (ended) return this.fail(attempt, 'ended at KakaoPay before this charge', { message: ENDED, next: 'never' });
      if (attempt.failureCode !== null) return this.refused(attempt, attempt.failureCode, FAILED, 'dunning');
    }
    await this.askAgain(order, subscription, attempt);
  }

  /** KakaoPay did nothing so far, and no call is on its way. */
  private async askAgain(order: Order, subscription: Subscription, attempt: Attempt): Promise<void> {
    const at = this.clock.now();
    const [, claimed] = await this.dataSource.query<[unknown, number]>(
      `UPDATE payment.attempts SET calls = calls + 1, calling_until = $3, failure_code = NULL, updated_at = $4
        WHERE id = $1 AND calls = $2 AND state = 'approving'
          AND EXISTS (SELECT 1 FROM payment.subscriptions WHERE id = $5 AND state = 'active')`,
      [attempt.id, attempt.calls, this.callEnds(at), at, subscription.id],
    );
    if (claimed > 0) return this.ask(order, subscription, Object.assign(attempt, { calls: attempt.calls + 1 }));
    if ((await this.subscriptionOf(order)).state === 'active') throw new NotYet('another charge is on its way');
    await this.fail(attempt, 'the subscription was ended before KakaoPay charged it', {
      message: ENDED,
      next: 'never',
    });
  }

  private async ask(order: Order, subscription: Subscription, attempt: Attempt): Promise<void> {
    if (attempt.totalAmount === 0) return this.settlement.paid(attempt, NOTHING);
    const request = await this.subscriptions.sidOf(subscription);
    const answer = await this.kakaopay.of(order.merchant).pay.subscription({
      ...request,
      partnerOrderId: order.id,
      partnerUserId: order.appUserId,
      itemName: order.itemName,
      ...(order.itemCode !== null && { itemCode: order.itemCode }),
      quantity: order.quantity,
      totalAmount: attempt.totalAmount,
      taxFreeAmount: attempt.taxFreeAmount,
      vatAmount: attempt.vatAmount,
    });
    await this.apply(order, attempt, request.sid, answer);
  }

  private async apply(order: Order, attempt: Attempt, sid: string, answer: Answer<Approval>): Promise<void> {
    switch (answer.kind) {
      case 'answered':
        return this.answered(order, attempt, sid, answer.value);
      case 'not-sent':
        await this.notSent(attempt);
        throw new NotYet(`charge not sent: ${answer.reason}`);
      case 'unknown':
        this.logger.warn({ orderId: order.id, reason: answer.reason }, 'charge: not known');
        throw new NotYet(`charge not known: ${answer.reason}`);
      case 'refused':
        break;
    }
    const { code } = answer;
    const note = `charge refused with ${code}: ${explainCode(code)}`;
    switch (chargeRefusal(code)) {
      case 'failed':
        return this.refused(attempt, code, answer.userMessage ?? FAILED, 'dunning');
      case 'ended':
        return this.refused(attempt, code, answer.userMessage ?? ENDED, 'never');
      case 'person':
        return this.settlement.review(attempt, note, NOTHING, false);
      case 'later':
        await this.notSent(attempt, code);
        throw new NotYet(note);
      case 'look':
        await this.dataSource.manager.update(Attempt, { id: attempt.id, calls: attempt.calls }, { failureCode: code });
        throw new NotYet(note);
    }
  }

  private async answered(order: Order, attempt: Attempt, sid: string, said: Approval): Promise<void> {
    const wrong = differences(attempt, order.appUserId, said);
    if (said.sid !== undefined && said.sid !== sid) wrong.unshift('sid');
    const known = { merchant: attempt.merchant, tid: said.tid, id: Not(attempt.id) };
    if (await this.dataSource.manager.existsBy(Attempt, known)) {
      const { amount, approvedAt } = said;
      const nameless = { amount, ...(approvedAt && { approvedAt }) };
      return this.settlement.review(attempt, 'KakaoPay answered with the tid of another payment', nameless);
    }
    if (wrong.length === 0) return this.settlement.paid(attempt, said);
    // A SID in this answer would begin nothing: it belongs to the first payment.
    await this.settlement.review(attempt, `KakaoPay charged something else: ${wrong.join(', ')} differ`, said);
  }

  /** This call did nothing at KakaoPay. */
  private async notSent({ id, calls }: Attempt, code?: number): Promise<void> {
    const set = { callingUntil: null, failureCode: code ?? null };
    await this.dataSource.manager.update(Attempt, { id, calls, state: 'approving' }, set);
  }

  private refused(attempt: Attempt, code: number, message: string, next: AfterFailure): Promise<void> {
    return this.fail(attempt, `charge refused with ${code}: ${explainCode(code)}`, { code, message, next });
  }

  private fail(
    attempt: Attempt,
    note: string,
    failure: { code?: number; message: string; next: AfterFailure },
  ): Promise<void> {
    return this.settlement.failed(attempt, { state: 'failed', note, ...failure });
  }

  private letOff(order: Order): Promise<void> {
    return this.inOrder(order.id, (manager) => this.letOffIn(manager, order.id));
  }

  /** The subscription ended before this period was charged. */
  private async letOffIn(manager: EntityManager, orderId: string): Promise<undefined> {
    await moveTo(manager, ORDER, orderId, {
      to: 'cancelled',
      by: 'platform',
      note: 'the subscription was ended before this charge',
      at: this.clock.now(),
      from: ['pending'],
    });
  }

  /** The schedule of one day is over. KakaoPay that could not be asked is asked tomorrow; what it never told is for a person. */
  private async giveUp(orderId: string): Promise<void> {
    const order = await this.dataSource.manager.findOneByOrFail(Order, { id: orderId });
    const note = 'KakaoPay could not be asked';
    const tomorrow = { message: NOT_REACHED, next: 'tomorrow' } as const;
    if (order.state === 'approving') {
      const attempt = await this.attemptOf(order);
      if (attempt?.callingUntil === null) return this.fail(attempt, note, tomorrow);
      if (attempt) return this.settlement.review(attempt, 'KakaoPay never said whether it took this charge');
    }
    if (order.state !== 'pending') return;
    await this.inOrder(orderId, async (manager) => {
      const set = { failure_message: NOT_REACHED };
      const move = { to: 'failed', by: 'platform', note, at: this.clock.now(), from: ['pending'], set } as const;
      if (await moveTo(manager, ORDER, orderId, move)) await this.periods.failed(manager, order, tomorrow);
    });
  }

  private async subscriptionOf({ subscriptionId }: Order): Promise<Subscription> {
    return this.dataSource.manager.findOneByOrFail(Subscription, { id: subscriptionId ?? '' });
  }

  private async attemptOf({ attemptId }: Order): Promise<Attempt | null> {
    return attemptId === null ? null : this.dataSource.manager.findOneBy(Attempt, { id: attemptId });
  }

  private inOrder<T>(id: string, work: (manager: EntityManager, order: Order) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(async (manager) =>
      work(manager, await manager.findOneOrFail(Order, { where: { id }, lock: { mode: 'pessimistic_write' } })),
    );
  }

  private callEnds(from: Date): Date {
    const settled = SETTLED_AFTER_SECONDS * 1000 * this.runtime.retryTimeScale;
    return new Date(from.getTime() + this.config.kakaopayTimeoutMs + settled);
  }
}
