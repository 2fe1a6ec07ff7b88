import { Stock } from '@biz/commerce';
import { Clock, defineJob, Jobs, newId, NotYet, ofOneMerchant } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource, Not } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { MerchantKakaoPay } from '../attempts/merchant-kakaopay';
import { Settlement } from '../attempts/settlement';
import { type ChargeVerdict, verdictOnCharge } from '../evidence/charge-verdict';
import { callsIn, type Said } from '../evidence/evidence';
import { EvidenceLog } from '../evidence/evidence-log';
import { began, moveTo, ORDER } from '../history/move-to';
import { Order } from '../orders/order.entity';
import { Subscription } from '../subscriptions/subscription.entity';
import { type SidStanding, Subscriptions } from '../subscriptions/subscriptions';
import { ChargeLooks, TAKEN } from './charge-looks';
import { type AfterFailure, ChargePeriods } from './charge-periods';

/** Charges the order of a period; seconds before each further go at a try that KakaoPay has not decided, over 14 hours. */
export const CHARGE = defineJob<{ orderId: string; merchant: string; tries: number }>({
  name: 'payment.charge-subscription',
  schedule: [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 21_600],
  concurrency: 12,
  share: ofOneMerchant(4),
});

const FAILED = '정기결제에 실패했습니다.';
const NOT_REACHED = '카카오페이에 연결하지 못해 정기결제가 늦어지고 있습니다.';
const SOLD_OUT = '주문 상품이 품절되었습니다.';
const ENDED = '정기결제가 해지되었습니다.';

/** A try that was decided on. @property callId of its evidence, where KakaoPay is asked */
interface Claim {
  attempt: Attempt;
  callId: string | undefined;
}

const NOTHING = { amount: { total: 0, taxFree: 0, vat: 0, point: 0, discount: 0 } };

/**
 * Charges a period of a subscription by its SID, at most once.
 *
 * KakaoPay has no idempotency key here and names the tid only in its answer. So `status` is asked first for its last
 * approval of the SID, and the intent is committed with it and with a row of evidence. `verdictOnCharge` alone concludes.
 */
@Injectable()
export class Charges implements OnModuleInit {
  private readonly logger = new Logger(Charges.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly kakaopay: MerchantKakaoPay,
    private readonly evidence: EvidenceLog,
    private readonly subscriptions: Subscriptions,
    private readonly looks: ChargeLooks,
    private readonly periods: ChargePeriods,
    private readonly settlement: Settlement,
    private readonly stock: Stock,
    private readonly jobs: Jobs,
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
    await this.looks.beforePeriod(order, standing.lastApprovedAt);
    const claim = await this.claim(order.id, tries, standing);
    if (claim) await this.ask(order, subscription, claim);
  }

  /** Decides on a try, with what it needs of the stock. */
  private claim(orderId: string, tries: number, standing: SidStanding): Promise<Claim | undefined> {
    return this.inOrder(orderId, async (manager, order) => {
      if (order.state !== 'pending' && order.state !== 'failed') return undefined;
      const subscription = await this.subscriptions.lock(manager, order.subscriptionId ?? '');
      if (subscription.state !== 'active') return this.letOffIn(manager, order.id);
      if (subscription.tries !== tries) return undefined;
      if (order.period !== subscription.periodsCharged + 1) return undefined;
      const { reserved } = await this.stock.reserve(manager, order.merchant, order.id, order.stockLines);
      const isTaken = await this.looks.isTaken(manager, order.id, standing.lastApprovedAt);
      if (!reserved && !isTaken) return this.soldOut(manager, order);
      return this.decide(manager, order, subscription, standing, isTaken);
    });
  }

  private async decide(
    manager: EntityManager,
    order: Order,
    { cid, tries }: Subscription,
    { lastApprovedAt }: SidStanding,
    isTaken: boolean,
  ): Promise<Claim> {
    const at = this.clock.now();
    const by = 'platform';
    const note = `try ${tries + 1}: charge decided on`;
    const { id: orderId, merchant, totalAmount, taxFreeAmount, vatAmount } = order;
    const isAsked = totalAmount > 0 && !isTaken;
    const attempt = manager.create(Attempt, {
      id: newId(),
      ...{ orderId, merchant, cid, tid: null, state: 'approving', totalAmount, taxFreeAmount, vatAmount },
      calls: isAsked ? 1 : 0,
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
    return {
      attempt,
      callId: isAsked ? await this.evidence.sending(manager, attempt, 'charge', at) : undefined,
    };
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

  /** A try was decided on: finds out what became of it, and goes on. */
  private async carryOn(order: Order, subscription: Subscription): Promise<void> {
    const attempt = await this.attemptOf(order);
    if (attempt?.state !== 'approving') return;
    if (attempt.calls === 0) return this.withoutCall(attempt);
    let verdict = await this.conclude(order, attempt);
    if (verdict?.next === 'look') {
      const sentAt = this.clock.now();
      const { answer } = await this.subscriptions.check(subscription);
      await this.evidence.lookedAtSid(attempt, sentAt, answer);
      verdict = await this.conclude(order, attempt);
    }
    if (!verdict) return;
    if (verdict.next !== 'charge') throw new NotYet(verdict.why);
    await this.askAgain(order, subscription, attempt);
  }

  /** KakaoPay did nothing so far, and no call is on its way. */
  private async askAgain(order: Order, subscription: Subscription, attempt: Attempt): Promise<void> {
    const at = this.clock.now();
    const callId = await this.dataSource.transaction(async (manager) => {
      const [, claimed] = await manager.query<[unknown, number]>(
        `UPDATE payment.attempts SET calls = calls + 1, updated_at = $3
          WHERE id = $1 AND calls = $2 AND state = 'approving'
            AND EXISTS (SELECT 1 FROM payment.subscriptions WHERE id = $4 AND state = 'active')`,
        [attempt.id, attempt.calls, at, subscription.id],
      );
      return claimed > 0 ? this.evidence.sending(manager, attempt, 'charge', at) : undefined;
    });
    if (callId !== undefined) return this.ask(order, subscription, { attempt, callId });
    if ((await this.subscriptionOf(order)).state === 'active') throw new NotYet('another charge is on its way');
    await this.fail(attempt, 'the subscription was ended before KakaoPay charged it', {
      message: ENDED,
      next: 'never',
      calls: attempt.calls,
    });
  }

  private async ask(order: Order, subscription: Subscription, { attempt, callId }: Claim): Promise<void> {
    if (callId === undefined) return this.withoutCall(attempt);
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
    await this.evidence.charged(callId, request.sid, answer);
    if (answer.kind === 'unknown') {
      this.logger.warn({ orderId: order.id, reason: answer.reason }, 'charge: not known');
    }
    const verdict = await this.conclude(order, attempt);
    if (verdict) throw new NotYet(verdict.why);
  }

  /** KakaoPay is not asked for a free period, nor for one that it took while it said that it did not. */
  private withoutCall(attempt: Attempt): Promise<void> {
    if (attempt.totalAmount === 0) return this.settlement.paid(attempt, NOTHING);
    return this.settlement.review(attempt, TAKEN, undefined, true);
  }

  /** Does what the evidence calls for. @returns what is left to do, when it is not known yet */
  private async conclude(order: Order, attempt: Attempt): Promise<(ChargeVerdict & { is: 'unknown' }) | undefined> {
    const evidence = await this.evidence.ofCharge(attempt);
    const charge = Object.assign({ partnerUserId: order.appUserId }, attempt, {
      approvedBefore: attempt.approvedBefore ?? undefined,
    });
    const verdict = verdictOnCharge(charge, evidence, this.clock.now());
    switch (verdict.is) {
      case 'paid':
        await this.paid(attempt, verdict.said);
        return undefined;
      case 'not-paid': {
        const { why, code, next } = verdict;
        const message = verdict.message ?? (next === 'never' ? ENDED : FAILED);
        await this.fail(attempt, why, { message, next, ...(code !== undefined && { code }), calls: callsIn(evidence) });
        return undefined;
      }
      case 'person': {
        const { why, taken, said } = verdict;
        await this.settlement.review(attempt, why, taken === 'no' ? NOTHING : said, taken === 'yes');
        return undefined;
      }
      case 'unknown':
        return verdict;
    }
  }

  private async paid(attempt: Attempt, said: Said): Promise<void> {
    const known = { merchant: attempt.merchant, tid: said.tid, id: Not(attempt.id) };
    if (!(await this.dataSource.manager.existsBy(Attempt, known))) return this.settlement.paid(attempt, said);
    await this.settlement.review(attempt, 'KakaoPay answered with the tid of another payment', undefined, true);
  }

  private fail(
    attempt: Attempt,
    note: string,
    failure: { code?: number; message: string; next: AfterFailure; calls: number },
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
      if (attempt?.state !== 'approving') return;
      if (attempt.calls === 0) return this.withoutCall(attempt);
      const verdict = await this.conclude(order, attempt);
      if (!verdict) return;
      if (verdict.next === 'charge') return this.fail(attempt, note, { ...tomorrow, calls: attempt.calls });
      return this.settlement.review(attempt, 'KakaoPay never said whether it took this charge');
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
}
