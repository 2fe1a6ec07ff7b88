import { setTimeout as delay } from 'node:timers/promises';
import { explainCode } from '@biz/kakaopay';
import { RuntimeConfig } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { MerchantKakaoPay } from '../attempts/merchant-kakaopay';
import { Order } from '../orders/order.entity';
import { attemptsOfDay } from './attempts-of-day';
import { type Finding, findingOf, type Heard, type Ours } from './finding';

const CONCURRENCY = 8;
/** Seconds before each repeat of a question that KakaoPay did not answer. */
const ASK_AGAIN_AFTER = [1, 3, 10];
const NO_SUCH_TID = -721;

/** Holds every payment of a day against KakaoPay's `order`; it changes nothing. */
@Injectable()
export class DayComparison {
  constructor(
    private readonly dataSource: DataSource,
    private readonly kakaopay: MerchantKakaoPay,
    private readonly runtime: RuntimeConfig,
  ) {}

  /** @param day `YYYY-MM-DD`, in Korea */
  async *of(day: string, merchant?: string): AsyncGenerator<Finding> {
    for await (const ids of attemptsOfDay(this.dataSource, day, merchant)) yield* this.ofAttempts(ids);
  }

  /** @returns how these payments compare, few at a time */
  async *ofAttempts(ids: string[]): AsyncGenerator<Finding> {
    const all = await this.load(ids);
    for (let n = 0; n < all.length; n += CONCURRENCY) {
      yield* await Promise.all(all.slice(n, n + CONCURRENCY).map((ours) => this.compare(ours)));
    }
  }

  /** A payment by our records. */
  async ours(attemptId: string): Promise<Ours | undefined> {
    return (await this.load([attemptId]))[0];
  }

  private async load(ids: string[]): Promise<Ours[]> {
    const { manager } = this.dataSource;
    const attempts = await manager.find(Attempt, { where: { id: In(ids) }, order: { id: 'ASC' } });
    const [orders, sums] = await Promise.all([
      manager.find(Order, {
        select: { id: true, appUserId: true },
        where: { id: In([...new Set(attempts.map(({ orderId }) => orderId))]) },
      }),
      manager.query<{ id: string; done: number; onItsWay: number }[]>(
        `SELECT attempt_id AS id, coalesce(sum(amount) FILTER (WHERE state = 'done'), 0)::int AS done,
                coalesce(sum(amount) FILTER (WHERE state <> 'done'), 0)::int AS "onItsWay"
           FROM payment.refunds WHERE attempt_id = ANY ($1) AND state IN ('requested', 'sending', 'done') GROUP BY attempt_id`,
        [ids],
      ),
    ]);
    const users = new Map(orders.map(({ id, appUserId }) => [id, appUserId]));
    const refunded = new Map(sums.map((each) => [each.id, each]));
    return attempts.map((attempt) => ({
      attempt,
      appUserId: users.get(attempt.orderId) ?? '',
      givenBack: refunded.get(attempt.id)?.done ?? 0,
      onItsWay: refunded.get(attempt.id)?.onItsWay ?? 0,
    }));
  }

  private async compare(ours: Ours): Promise<Finding> {
    const finding = findingOf(ours, await this.ask(ours.attempt));
    if (finding.kind !== 'differs') return finding;
    // A refund or an approval may have been done between the two readings.
    const [again] = await this.load([ours.attempt.id]);
    return again ? findingOf(again, await this.ask(again.attempt)) : finding;
  }

  private async ask({ merchant, cid, tid, state }: Attempt): Promise<Heard> {
    if (tid === null) return state === 'approving' ? { why: 'it has not told the tid' } : { word: 'no tid' };
    const { pay, contractOf } = this.kakaopay.of(merchant);
    for (let asked = 0; ; asked++) {
      const answer = await pay.order({ ...contractOf(cid), tid });
      if (answer.kind === 'answered') return { word: answer.value };
      if (answer.kind === 'refused') {
        if (answer.code === NO_SUCH_TID) return { word: 'no such tid' };
        return { why: `refused with ${answer.code}: ${explainCode(answer.code)}` };
      }
      const after = ASK_AGAIN_AFTER[asked];
      if (after === undefined) return { why: answer.kind };
      await delay(after * 1000 * this.runtime.retryTimeScale);
    }
  }
}
