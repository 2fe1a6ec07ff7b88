import { Clock, Jobs } from '@biz/platform';
import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { moveTo, REFUND as REFUND_ROW } from '../history/move-to';
import { Order } from '../orders/order.entity';
import { Differences } from '../reconciliation/differences';
import { Refund } from '../refunds/refund.entity';
import { chargedParts, REFUND, Refunds } from '../refunds/refunds';
import { splitRefund } from '../refunds/tax-split';

/** What a person does about a refund that KakaoPay refused for good. */
@Injectable()
export class FailedRefunds {
  constructor(
    private readonly dataSource: DataSource,
    private readonly refunds: Refunds,
    private readonly differences: Differences,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  /** Asks KakaoPay again: for what was asked, or for what is left when that is less. */
  async retry(id: string): Promise<Refund> {
    return this.ofFailed(id, async (manager, refund) => {
      const attempt = await manager.findOneByOrFail(Attempt, { id: refund.attemptId });
      const before = await this.refunds.decidedOn(manager, attempt.id);
      const left = (attempt.chargedAmount ?? 0) - before.amount;
      if (left <= 0) throw new ConflictException('Nothing is left to refund; withdraw this one');
      const named = refund.amount <= left ? refund.taxFreeAmount : undefined;
      const parts = splitRefund(chargedParts(attempt), before, Math.min(refund.amount, left), named);
      const columns = { amount: parts.amount, tax_free_amount: parts.taxFree, vat_amount: parts.vat };
      const at = this.clock.now();
      await moveTo(manager, REFUND_ROW, id, {
        to: 'requested',
        by: 'operator',
        note: `${parts.amount} won are asked for again`,
        at,
        set: { ...columns, failure_message: null, failure_code: null, asked_at: at },
      });
      await this.jobs.add(REFUND, { refundId: id, merchant: refund.merchant }, manager);
    });
  }

  /**
   * Nobody wants it any more.
   *
   * Money that is no order's is given up only by a decision that names the amount; it stays in the list of differences.
   */
  async withdraw(id: string, { reason, amount }: { reason: string; amount?: number }): Promise<Refund> {
    return this.ofFailed(id, async (manager, refund) => {
      // An operator's own refund may have failed after the shop had refused the order.
      const isOfNoOrder =
        refund.cause !== 'operator' || (await manager.existsBy(Attempt, { id: refund.attemptId, state: 'surplus' }));
      if (isOfNoOrder && amount === undefined) {
        throw new ConflictException(
          `These ${refund.amount} won belong to no order: retry, cancel them at KakaoPay and reconcile the order, ` +
            'or name the amount to give them up',
        );
      }
      if (amount !== undefined && amount !== refund.amount) {
        throw new ConflictException(`The refund is of ${refund.amount} won, not of ${amount}`);
      }
      const note = isOfNoOrder ? `${refund.amount} won that belong to no order are given up: ${reason}` : reason;
      const move = { to: 'withdrawn', by: 'operator', note, at: this.clock.now() } as const;
      if ((await moveTo(manager, REFUND_ROW, id, move)) && isOfNoOrder) {
        await this.differences.refundGivenUp(manager, refund, reason);
      }
    });
  }

  private async ofFailed(id: string, work: (manager: EntityManager, refund: Refund) => Promise<void>): Promise<Refund> {
    return this.dataSource.transaction(async (manager) => {
      const seen = await manager.findOneBy(Refund, { id });
      if (!seen) throw new NotFoundException('No such refund');
      await manager.findOneOrFail(Order, { where: { id: seen.orderId }, lock: { mode: 'pessimistic_write' } });
      const refund = await manager.findOneByOrFail(Refund, { id });
      if (refund.state !== 'failed')
        throw new ConflictException(`The refund is ${refund.state}; only a failed one waits for you`);
      await work(manager, refund);
      return manager.findOneByOrFail(Refund, { id });
    });
  }
}
