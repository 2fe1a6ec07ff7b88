import { Drafts, Stock } from '@biz/commerce';
import type { PaymentOrder } from '@biz/kakaopay';
import { Deliveries } from '@biz/merchant';
import { Clock, newId, RuntimeConfig } from '@biz/platform';
import { BadRequestException, ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { AttemptState } from '../attempts/attempt-status';
import { Attempt } from '../attempts/attempt.entity';
import { foreignFields } from '../attempts/compare';
import { comparedLater } from '../attempts/compare-later';
import { chargeColumns, chargedOf } from '../attempts/settlement';
import { ChargePeriods } from '../charges/charge-periods';
import { OrderCompletion } from '../completion/order-completion';
import { orderFacts, paymentFacts } from '../completion/order-facts';
import { ATTEMPT, moveTo, ORDER } from '../history/move-to';
import { type Request, UsedKeys } from '../idempotency/used-keys';
import { isOrderId } from '../orders/order-id';
import type { OrderState } from '../orders/order-status';
import { Order } from '../orders/order.entity';
import { Refund } from '../refunds/refund.entity';
import { Refunds } from '../refunds/refunds';
import { Subscriptions } from '../subscriptions/subscriptions';
import { Decision, type DecisionKind } from './decision.entity';
import { FoundRefunds } from './found-refunds';
import { KakaoPayWord, type Word } from './kakaopay-word';

export interface DecisionWish {
  reason: string;
  idempotencyKey: string;
  /** For a charge of a subscription whose tid was lost with KakaoPay's answer: what the operator found there. */
  tid?: string;
  /** For the same: the operator found no payment there. */
  notCharged?: boolean;
}

type Work = (manager: EntityManager, order: Order) => Promise<void>;

/** States of a payment in which somebody must decide whose its money is. */
const UNDECIDED: readonly AttemptState[] = ['review', 'paid'];
const NOT_PAID = '결제가 완료되지 않았습니다. 다시 시도해 주세요.';

/**
 * The two ways out of `review`: a person takes the money, or gives it back.
 *
 * KakaoPay is asked first, outside any transaction; when it does not say how the payment stands, nothing changes.
 */
@Injectable()
export class Review {
  constructor(
    private readonly dataSource: DataSource,
    private readonly word: KakaoPayWord,
    private readonly keys: UsedKeys,
    private readonly completion: OrderCompletion,
    private readonly refunds: Refunds,
    private readonly found: FoundRefunds,
    private readonly subscriptions: Subscriptions,
    private readonly periods: ChargePeriods,
    private readonly drafts: Drafts,
    private readonly stock: Stock,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
    private readonly runtime: RuntimeConfig,
  ) {}

  /**
   * Takes what KakaoPay took, though its amounts may differ from the order's, and goes on as after any payment.
   *
   * The subscription of a first payment begins by the SID that an answer about this payment named; without one the
   * payment counts by itself, and nothing is ever charged by it.
   */
  async accept(orderId: string, wish: DecisionWish): Promise<void> {
    const seen = await this.find(orderId);
    if (await this.isRepeated(this.dataSource.manager, seen.id, 'accept', wish)) return;
    if (seen.state !== 'review') {
      throw new ConflictException(`The order is ${seen.state}, not in review; ${wayOn(seen.state)}`);
    }
    const attempt = await this.dataSource.manager.findOneByOrFail(Attempt, { id: seen.attemptId ?? '' });
    if (!UNDECIDED.includes(attempt.state)) throw new ConflictException(`Its payment is ${attempt.state}; refund it`);
    refuseNeedless([attempt], wish);
    const said = acceptable(seen, attempt, await this.wordAbout(seen, attempt, wish));
    await this.decide(seen.id, 'accept', wish, async (manager, order) => {
      if (order.state !== 'review' || order.attemptId !== attempt.id) throw changed();
      await this.found.refuseWhileUnderWay(manager, attempt.id);
      if (order.draftId !== null && !(await this.drafts.markPaid(manager, order.merchant, order.draftId, order.id))) {
        throw new ConflictException('Another order paid the same selection; refund this one');
      }
      const at = this.clock.now();
      const why = { by: 'operator', note: `accepted: ${wish.reason}` } as const;
      if (attempt.state === 'paid') {
        await this.completion.complete(manager, order, order.paidAt ?? at, why);
      } else {
        const set = { ...chargeColumns(attempt, said, at), failure_message: null };
        if (!(await moveTo(manager, ATTEMPT, attempt.id, { to: 'paid', ...why, at, set }))) throw changed();
        await this.subscriptions.begin(manager, order, attempt.id, said.approvedAt ?? at);
        await this.completion.begin(manager, order, said.approvedAt ?? at, why);
      }
      const [accepted, charged] = await Promise.all([
        manager.findOneByOrFail(Order, { id: order.id }),
        manager.findOneByOrFail(Attempt, { id: attempt.id }),
      ]);
      await this.found.record(manager, accepted, charged, said, { reason: wish.reason, restock: false });
    });
  }

  /**
   * Gives back all that is left of the money, of every payment of the order that nobody could decide on.
   *
   * @returns the refund of the order's own payment; nothing when there was no money to give back
   */
  async refund(orderId: string, wish: DecisionWish): Promise<Refund | undefined> {
    const { manager } = this.dataSource;
    const seen = await this.find(orderId);
    if (!(await this.isRepeated(manager, seen.id, 'refund', wish))) {
      const attempts = await this.undecided(manager, seen);
      if (attempts.length === 0)
        throw new ConflictException(`The order is ${seen.state}, and nothing of it is in review; ${wayOn(seen.state)}`);
      refuseNeedless(attempts, wish);
      const words = await this.wordsToRefund(seen, attempts, wish);
      await this.decide(seen.id, 'refund', wish, async (inside, order) => {
        const still = await this.undecided(inside, order);
        if (order.state !== seen.state || still.map(keyOf).join() !== attempts.map(keyOf).join()) throw changed();
        for (const [n, attempt] of still.entries()) {
          const word = words[n];
          if (word) await this.giveBack(inside, order, attempt, word, wish);
        }
      });
    }
    return (await manager.findOneBy(Refund, { orderId: seen.id, idempotencyKey: wish.idempotencyKey })) ?? undefined;
  }

  /** @throws ConflictException for a charge without a tid, unless the operator names one that is this order's */
  private async wordAbout(order: Order, attempt: Attempt, { tid, notCharged }: DecisionWish): Promise<Word> {
    if (attempt.tid !== null) return this.word.about(attempt, attempt.tid);
    if (notCharged || attempt.chargedAmount === 0) return { kind: 'nothing', status: 'no payment' };
    if (tid === undefined) {
      throw new ConflictException('KakaoPay never told the tid of this charge: look it up there and name it');
    }
    const word = await this.word.about(attempt, tid);
    if (!word.said || foreignOf(order, attempt, word.said).length > 0) {
      throw new ConflictException('This tid is no payment of this order');
    }
    return word;
  }

  /**
   * An answer about another payment tells nothing of this order's money, whatever it says.
   *
   * @throws ConflictException for such an answer, unless the operator found no payment of this order
   */
  private async wordsToRefund(order: Order, attempts: Attempt[], wish: DecisionWish): Promise<Word[]> {
    const words = await Promise.all(attempts.map((attempt) => this.wordAbout(order, attempt, wish)));
    const foreign = words.map(({ said }, n) => {
      const attempt = attempts[n];
      return attempt && said ? foreignOf(order, attempt, said) : [];
    });
    const isNeeded = attempts.some(({ tid }, n) => tid === null || foreign[n]?.length);
    if (wish.notCharged && !isNeeded) throw new BadRequestException(needless('notCharged'));
    return words.map((word, n) => {
      const fields = foreign[n] ?? [];
      if (fields.length === 0) return word;
      if (wish.notCharged) return { kind: 'nothing', status: 'no payment of this order' };
      throw new ConflictException(
        `KakaoPay answers about another payment: ${fields.join(', ')} differ; ask it, and send notCharged: true when it has no money of this order`,
      );
    });
  }

  private async find(orderId: string): Promise<Order> {
    const order = isOrderId(orderId) ? await this.dataSource.manager.findOneBy(Order, { id: orderId }) : null;
    if (!order) throw new NotFoundException('No such order');
    return order;
  }

  /** @throws ConflictException when the key was used for something else */
  private async isRepeated(
    manager: EntityManager,
    orderId: string,
    decision: DecisionKind,
    wish: DecisionWish,
  ): Promise<boolean> {
    const { idempotencyKey, reason } = wish;
    await this.keys.check(manager, orderId, idempotencyKey, requestOf(decision, wish));
    const known = await manager.findOneBy(Decision, { orderId, idempotencyKey });
    const used = known
      ? known.decision !== decision || known.reason !== reason
      : await manager.existsBy(Refund, { orderId, idempotencyKey });
    if (used) throw new ConflictException('This Idempotency-Key was used for something else');
    return known !== null;
  }

  private async decide(orderId: string, decision: DecisionKind, wish: DecisionWish, work: Work): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const order = await manager.findOneOrFail(Order, { where: { id: orderId }, lock: { mode: 'pessimistic_write' } });
      if (await this.isRepeated(manager, orderId, decision, wish)) return;
      await work(manager, order);
      const { reason, idempotencyKey } = wish;
      await this.keys.use(manager, orderId, idempotencyKey, requestOf(decision, wish));
      const madeAt = this.clock.now();
      await manager.insert(Decision, { id: newId(), orderId, decision, reason, idempotencyKey, madeAt });
    });
  }

  /** Attempts in review, also of an order that went on without them, and the payment of an order whose own work failed. */
  private async undecided(manager: EntityManager, order: Order): Promise<Attempt[]> {
    const attempts = await manager.find(Attempt, { where: { orderId: order.id }, order: { id: 'ASC' } });
    return attempts.filter((each) => each.state === 'review' || isOwn(order, each));
  }

  private async giveBack(
    manager: EntityManager,
    order: Order,
    attempt: Attempt,
    word: Word,
    wish: DecisionWish,
  ): Promise<void> {
    const { reason } = wish;
    if (!UNDECIDED.includes(attempt.state)) {
      return this.endOrder(manager, order, attempt, 'failed', `its payment is ${attempt.state}: ${reason}`);
    }
    switch (word.kind) {
      case 'open':
        throw new ConflictException(
          `KakaoPay says ${word.status}: the buyer may still pay; try again after ${attempt.expiresAt.toISOString()}`,
        );
      case 'nothing':
        if (attempt.state === 'paid') {
          throw new ConflictException(`KakaoPay says ${word.status} of a payment it has approved`);
        }
        return this.end(
          manager,
          order,
          attempt,
          'failed',
          `nothing to refund, KakaoPay says ${word.status}: ${reason}`,
        );
      case 'sid-issued':
        return this.end(manager, order, attempt, 'refunded', `no money was taken: ${reason}`);
      case 'charged':
      case 'unclear':
      case 'given-back':
        if (word.said.amount.total === 0) {
          return this.end(manager, order, attempt, 'refunded', `no money was taken: ${reason}`);
        }
        return this.sendBack(manager, order, attempt, word.said, wish);
    }
  }

  private async sendBack(
    manager: EntityManager,
    order: Order,
    attempt: Attempt,
    said: PaymentOrder,
    { reason, idempotencyKey }: DecisionWish,
  ): Promise<void> {
    await this.found.refuseWhileUnderWay(manager, attempt.id);
    const at = this.clock.now();
    const own = isOwn(order, attempt);
    if (!own) {
      const move = {
        to: 'surplus',
        by: 'operator',
        note: `refund: ${reason}`,
        at,
        set: chargeColumns(attempt, said, at),
      } as const;
      if (!(await moveTo(manager, ATTEMPT, attempt.id, move))) throw changed();
    } else if (attempt.state === 'review') {
      const { amount, approvedAt } = said;
      await manager.update(
        Attempt,
        { id: attempt.id, state: 'review' },
        {
          tid: attempt.tid ?? said.tid,
          ...chargedOf({ amount }),
          approvedAt: attempt.approvedAt ?? approvedAt ?? at,
          updatedAt: at,
        },
      );
    }
    const charged = await manager.findOneByOrFail(Attempt, { id: attempt.id });
    await this.found.record(manager, order, charged, said, { reason, restock: false });
    await this.refunds.begin(
      manager,
      charged,
      own ? { cause: 'operator', reason, idempotencyKey } : { cause: 'surplus', reason },
    );
  }

  /** No money is there. The order ends with its own attempt. */
  private async end(
    manager: EntityManager,
    order: Order,
    attempt: Attempt,
    to: 'failed' | 'refunded',
    note: string,
  ): Promise<void> {
    const at = this.clock.now();
    const nothing = { charged_amount: null, charged_tax_free: null, charged_vat: null, approved_at: null };
    // A charge by SID without a tid is over by the word of a person, who looked it up.
    const compared =
      attempt.tid === null ? { compare_at: null } : comparedLater(attempt, at, this.runtime.retryTimeScale);
    const set = to === 'failed' ? { ...nothing, ...compared } : {};
    if (!(await moveTo(manager, ATTEMPT, attempt.id, { to, by: 'operator', note, at, set }))) throw changed();
    if (isOwn(order, attempt))
      await this.endOrder(manager, order, attempt, to === 'failed' ? 'failed' : 'cancelled', note);
  }

  private async endOrder(
    manager: EntityManager,
    order: Order,
    attempt: Attempt,
    to: 'failed' | 'cancelled',
    note: string,
  ): Promise<void> {
    const message = to === 'failed' ? NOT_PAID : null;
    const set = { failure_message: message, review_reason: null };
    const at = this.clock.now();
    if (!(await moveTo(manager, ORDER, order.id, { to, by: 'operator', note, at, set }))) throw changed();
    await this.stock.release(manager, order.merchant, order.id);
    if (to === 'cancelled') await this.periods.orderCancelled(manager, order);
    await this.deliveries.add(manager, {
      merchant: order.merchant,
      type: `payment.${to}`,
      subject: order.id,
      ...(order.relayId !== null && { relayId: order.relayId }),
      data: { ...orderFacts(order, to), ...paymentFacts(attempt), ...(message !== null && { message }) },
    });
  }
}

/** @throws BadRequestException when a tid is named, and KakaoPay is not to be asked by it */
function refuseNeedless(attempts: readonly Attempt[], { tid, notCharged }: DecisionWish): void {
  if (tid === undefined) return;
  if (notCharged) throw new BadRequestException('tid and notCharged exclude each other');
  if (attempts.some((attempt) => attempt.tid === null || attempt.tid === tid)) return;
  throw new BadRequestException(needless('tid'));
}

const needless = (field: 'tid' | 'notCharged'): string =>
  `${field} is for the charge of a subscription whose tid was lost${field === 'tid' ? '' : ', and for answers about another payment'}: leave it out`;

/** @throws ConflictException when there is no money of this order to accept */
function acceptable(order: Order, attempt: Attempt, word: Word): PaymentOrder {
  const free = word.kind === 'sid-issued' && attempt.totalAmount === 0;
  if (word.kind !== 'charged' && !free) {
    throw new ConflictException(`KakaoPay says ${word.status}: there is no money to accept`);
  }
  const foreign = foreignOf(order, attempt, word.said);
  if (foreign.length > 0) {
    throw new ConflictException(`KakaoPay's payment is another order's: ${foreign.join(', ')} differ`);
  }
  return word.said;
}

const foreignOf = (order: Order, attempt: Attempt, said: PaymentOrder): string[] =>
  foreignFields(attempt, order.appUserId, said);

/** What an operator may do about an order that is not in review, or without a payment in review. */
function wayOn(state: OrderState): string {
  switch (state) {
    case 'failed':
    case 'cancelled':
      return 'POST …/reconcile asks KakaoPay for money of it, and sends back what is there';
    case 'paid':
    case 'fulfilling':
      return 'POST …/cancel gives its money back, POST …/reconcile takes KakaoPay’s word for what went back there';
    case 'open':
    case 'pending':
      return 'POST …/cancel ends it';
    case 'approving':
      return 'KakaoPay is being asked; POST …/reconcile asks at once';
    case 'review':
      return 'refund ends the review of a payment, accept that of the order';
  }
}

/** Whether the order stands or falls with it. */
const isOwn = (order: Order, attempt: Attempt): boolean => order.state === 'review' && order.attemptId === attempt.id;

const requestOf = (what: DecisionKind, { reason, tid, notCharged = false }: DecisionWish): Request => ({
  what,
  reason,
  tid,
  notCharged,
});

const keyOf = ({ id, state }: Attempt): string => `${id} ${state}`;

const changed = (): ConflictException => new ConflictException('The order has changed meanwhile; look at it again');
