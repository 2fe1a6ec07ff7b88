import { cancelledOf, type PaymentOrder } from '@biz/kakaopay';
import { Clock } from '@biz/platform';
import { ConflictException, Injectable, NotFoundException, ServiceUnavailableException } from '@nestjs/common';
import { DataSource, In, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Attempt, tidOf } from '../attempts/attempt.entity';
import { foreignFields } from '../attempts/compare';
import { chargedOf } from '../attempts/settlement';
import { CAN_BE_ASKED_ABOUT } from '../charges/charge-looks';
import { began, moveTo, REFUND as REFUND_ROW } from '../history/move-to';
import { isOrderId } from '../orders/order-id';
import { Order } from '../orders/order.entity';
import { type FinalLook, FinalLooks } from '../reconciliation/final-looks';
import { RefundCompletion } from '../refunds/refund-completion';
import { UNDER_WAY } from '../refunds/refund-status';
import { Refund } from '../refunds/refund.entity';
import { chargedParts, type FoundRefund, Refunds } from '../refunds/refunds';
import { splitRefund } from '../refunds/tax-split';
import { UnusedSids } from '../subscriptions/unused-sids';
import { KakaoPayWord } from './kakaopay-word';

export interface FoundWhy {
  reason: string;
  /** Whether the goods go back on the shelf when all of the money turns out to be back. */
  restock: boolean;
}

/** One cancellation, as KakaoPay knows it. */
type Cancelled = Pick<FoundRefund, 'amount' | 'aid' | 'doneAt'>;

/** Money that went back without us: in KakaoPay's own back office, or by a call of ours whose end nobody learned. */
@Injectable()
export class FoundRefunds {
  constructor(
    private readonly dataSource: DataSource,
    private readonly word: KakaoPayWord,
    private readonly refunds: Refunds,
    private readonly completion: RefundCompletion,
    private readonly sids: UnusedSids,
    private readonly finalLooks: FinalLooks,
    private readonly clock: Clock,
  ) {}

  /**
   * Asks KakaoPay about every payment of an order, and writes down what was cancelled there.
   *
   * A payment that is not final is looked at at once; so is one that had ended without money. Repeating it is harmless.
   * @returns the refunds that were found, and those of money that turned up
   */
  async reconcile(orderId: string, why: FoundWhy): Promise<{ found: Refund[]; looks: FinalLook[] }> {
    const { manager } = this.dataSource;
    const seen = isOrderId(orderId) ? await manager.findOneBy(Order, { id: orderId }) : null;
    if (!seen) throw new NotFoundException('No such order');
    if (seen.state === 'review') throw new ConflictException('The order is in review: accept or refund it');
    await this.lookSoon(seen.id);
    await this.sids.endAgain(seen.id);
    const attempts = await manager.find(Attempt, {
      where: { orderId: seen.id, state: In(['paid', 'surplus', 'refunded']), chargedAmount: MoreThan(0) },
    });
    const looks = await this.lookBack(seen.id);
    const words = await Promise.all(
      attempts.map(async (attempt) => ({ id: attempt.id, word: await this.word.about(attempt, tidOf(attempt)) })),
    );
    const found = await this.dataSource.transaction(async (inside) => {
      const found: Refund[] = [];
      for (const { id, word } of words) {
        const order = await inside.findOneOrFail(Order, {
          where: { id: seen.id },
          lock: { mode: 'pessimistic_write' },
        });
        const attempt = await inside.findOneByOrFail(Attempt, { id });
        if (!word.said) {
          throw new ConflictException(
            `KakaoPay says ${word.status} of a payment it has approved: ask it, and give the difference up when it stays`,
          );
        }
        this.refuseForeign(order, attempt, word.said);
        await this.adoptCharge(inside, attempt, word.said, why.reason);
        found.push(...(await this.record(inside, order, attempt, word.said, why)));
      }
      return found;
    });
    const turnedUp = await manager.findBy(Refund, { attemptId: In(looks.map(({ attempt }) => attempt.id)) });
    return { found: [...new Map([...found, ...turnedUp].map((each) => [each.id, each])).values()], looks };
  }

  /** @throws ServiceUnavailableException when KakaoPay does not say; what it said of the others is applied */
  private async lookBack(orderId: string): Promise<FinalLook[]> {
    const ended = await this.dataSource.manager.find(Attempt, {
      select: { id: true },
      where: CAN_BE_ASKED_ABOUT.map((such) => ({ orderId, state: In(['failed', 'expired']), ...such })),
      order: { id: 'ASC' },
    });
    const looks: FinalLook[] = [];
    for (const { id } of ended) {
      const look = await this.finalLooks.look(id);
      if (look?.next === 'person') await this.finalLooks.show(look);
      if (look) looks.push(look);
    }
    const silent = looks.find(({ heard }) => 'why' in heard);
    if (silent) {
      throw new ServiceUnavailableException(`KakaoPay does not say how a payment stands (${silent.says}); try again`);
    }
    return looks;
  }

  private refuseForeign(order: Order, attempt: Attempt, said: PaymentOrder): void {
    const foreign = foreignFields(attempt, order.appUserId, said);
    if (foreign.length > 0) {
      throw new ConflictException(
        `KakaoPay answered about another payment: ${foreign.join(', ')} differ; ask it, and give the difference up when it stays`,
      );
    }
  }

  /**
   * Writes down what KakaoPay cancelled beyond what we know of, in the caller's transaction and under the order's lock:
   * each cancellation on its own day, where KakaoPay names them.
   */
  async record(
    manager: EntityManager,
    order: Order,
    attempt: Attempt,
    said: PaymentOrder,
    why: FoundWhy,
  ): Promise<Refund[]> {
    await this.refuseWhileUnderWay(manager, attempt.id);
    const before = await this.refunds.decidedOn(manager, attempt.id);
    const cancelled = cancelledOf(said);
    if (cancelled === undefined) {
      throw new ServiceUnavailableException('KakaoPay does not say how much of this payment was cancelled; try again');
    }
    const amount = cancelled - before.amount;
    if (amount === 0) return [];
    if (amount < 0 || cancelled > (attempt.chargedAmount ?? 0)) {
      throw new ConflictException(
        `KakaoPay says ${cancelled} of ${attempt.chargedAmount ?? 0} won are cancelled, we know of ${before.amount}`,
      );
    }
    const found: Refund[] = [];
    for (const each of await this.cancellationsOf(manager, attempt, said, amount)) {
      const refund = await this.writeDown(manager, attempt, { ...each, ...why });
      await this.completion.complete(manager, order, attempt, refund);
      found.push(refund);
    }
    return found;
  }

  /** The cancellations that we do not know of, oldest first; one of the whole amount when KakaoPay does not tell them apart. */
  private async cancellationsOf(
    manager: EntityManager,
    attempt: Attempt,
    said: PaymentOrder,
    amount: number,
  ): Promise<Cancelled[]> {
    const now = this.clock.now();
    const done = await manager.find(Refund, { select: { aid: true }, where: { attemptId: attempt.id, state: 'done' } });
    const known = new Set(done.map(({ aid }) => aid));
    const cancels = said.actions.filter(({ type }) => type === 'CANCEL');
    const news = cancels.flatMap(({ aid, amount: won = 0, at = said.cancelledAt ?? now }): Cancelled[] =>
      aid === undefined || known.has(aid) || won === 0 ? [] : [{ amount: won, aid, doneAt: at }],
    );
    if (news.reduce((sum, each) => sum + each.amount, 0) === amount) return news;
    const { aid, at = said.cancelledAt ?? now } = cancels.at(-1) ?? {};
    return [{ amount, doneAt: at, ...(aid !== undefined && { aid }) }];
  }

  /** Ends the `failed` refund of this amount, or adds a refund that was made in KakaoPay's back office. */
  private async writeDown(
    manager: EntityManager,
    attempt: Attempt,
    { amount, aid, doneAt, ...why }: Cancelled & FoundWhy,
  ): Promise<Refund> {
    const failed = await manager.findOneBy(Refund, { attemptId: attempt.id, state: 'failed', amount });
    if (!failed) {
      return this.refunds.foundAtKakaoPay(manager, attempt, {
        ...{ amount, doneAt, ...why },
        ...(aid !== undefined && { aid }),
      });
    }
    const { taxFree, vat } = splitRefund(
      chargedParts(attempt),
      await this.refunds.decidedOn(manager, attempt.id),
      amount,
      failed.taxFreeAmount,
    );
    const set = { done_at: doneAt, aid: aid ?? null, tax_free_amount: taxFree, vat_amount: vat };
    const note = `order says that it was done: ${why.reason}`;
    await moveTo(manager, REFUND_ROW, failed.id, { to: 'done', by: 'operator', note, at: this.clock.now(), set });
    return manager.findOneByOrFail(Refund, { id: failed.id });
  }

  /** KakaoPay once said another sum than it took: every refund would be refused by its guard. */
  private async adoptCharge(
    manager: EntityManager,
    attempt: Attempt,
    { amount }: PaymentOrder,
    reason: string,
  ): Promise<void> {
    const isSame = amount.taxFree === attempt.chargedTaxFree && amount.vat === attempt.chargedVat;
    if (isSame && amount.total === attempt.chargedAmount) return;
    await this.refuseWhileUnderWay(manager, attempt.id);
    const before = await this.refunds.decidedOn(manager, attempt.id);
    if (before.amount > amount.total || before.taxFree > amount.taxFree || before.vat > amount.vat) {
      throw new ConflictException('More is given back than KakaoPay says that it took; give the difference up');
    }
    const { id, orderId, state, chargedAmount } = attempt;
    const at = this.clock.now();
    const charged = chargedOf({ amount });
    await manager.update(Attempt, { id }, { ...charged, updatedAt: at });
    Object.assign(attempt, charged);
    const parts = isSame ? '' : ` (tax-free ${amount.taxFree}, VAT ${amount.vat})`;
    const took = amount.total === chargedAmount ? `${amount.total} won${parts}` : `${amount.total} won`;
    const not = amount.total === chargedAmount ? '' : `, not ${chargedAmount ?? 0}`;
    const note = `KakaoPay says that it took ${took}${not}: ${reason}`;
    await began(manager, { subject: 'attempt', orderId, id, state, by: 'operator', note, at });
  }

  /** While a cancel call may be on its way, nobody can say whose the cancelled won are. */
  async refuseWhileUnderWay(manager: EntityManager, attemptId: string): Promise<void> {
    if (await manager.existsBy(Refund, { attemptId, state: In([...UNDER_WAY]) })) {
      throw new ConflictException('A refund of this payment is under way; try again when it has ended');
    }
  }

  private async lookSoon(orderId: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE payment.attempts SET look_at = $2
        WHERE order_id = $1 AND state IN ('waiting', 'approving') AND look_at > $2`,
      [orderId, this.clock.now()],
    );
  }
}
