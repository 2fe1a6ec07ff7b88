import type { Random } from '../random';
import type { Reader } from '../world/database';
import type { Kakao } from '../world/kakao';
import type { Caller, Reply } from './caller';

/** A failed refund of money that belongs to no order, which an operator tried to give up. */
export interface Withdrawal {
  refund: string;
  /** The operator named the amount. */
  named: boolean;
  /** HTTP status of the answer; absent when none came. */
  http?: number;
}

/** How often an operator did what. */
export type OperatorActs = Record<'reviews accepted' | 'reviews cleared by hand' | 'refunds retried', number>;

const ACCEPTED = 0.5;
const RETRIED = 0.4;

/** Decides on all that waits for a person once the buyers have gone and KakaoPay and the shop behave. */
export class Operator {
  readonly withdrawals: Withdrawal[] = [];
  readonly acts: OperatorActs = { 'reviews accepted': 0, 'reviews cleared by hand': 0, 'refunds retried': 0 };

  constructor(
    private readonly random: Random,
    private readonly reader: Reader,
    private readonly kakao: Kakao,
    private readonly caller: Caller,
  ) {}

  async decide(): Promise<void> {
    await this.decideOnReviews();
    await this.decideOnRefunds();
  }

  /**
   * Accepts some of the orders in review: the platform asks KakaoPay what it took. Sends the money of others back, where
   * KakaoPay's own books name the amount that we were told.
   */
  private async decideOnReviews(): Promise<void> {
    const charged = new Map(this.kakao.booked().map(({ tid, charges }) => [tid, charges]));
    const rows = await this.reader.rows<{ id: string; tid: string | null; charged: number | null }>(
      `SELECT o.id, a.tid, a.charged_amount AS charged FROM payment.orders o JOIN payment.attempts a ON a.id = o.attempt_id
        WHERE o.state = 'review' ORDER BY o.id`,
    );
    for (const row of rows) {
      const [taken] = charged.get(row.tid ?? '') ?? [];
      if (taken === undefined) continue;
      if (this.random.chance(ACCEPTED)) {
        const reply = await this.press(row.id, 'accept');
        if (reply?.http === 200) {
          this.acts['reviews accepted'] += 1;
          continue;
        }
      }
      if (taken !== row.charged) continue;
      await this.press(row.id, 'cancel');
      this.acts['reviews cleared by hand'] += 1;
    }
  }

  private press(order: string, act: 'accept' | 'cancel'): Promise<Reply | undefined> {
    const key = { 'idempotency-key': `review-${act}-${order}` };
    return this.caller.operator(this.random, `orders/${order}/${act}`, key, { reason: '확인 후 처리' });
  }

  /** Asks again for some of the money that belongs to no order, and gives the rest up: first without naming the amount. */
  private async decideOnRefunds(): Promise<void> {
    const failed = await this.reader.rows<{ id: string; amount: number }>(
      `SELECT r.id, r.amount FROM payment.refunds r JOIN payment.attempts a ON a.id = r.attempt_id
        WHERE r.state = 'failed' AND a.state = 'surplus' ORDER BY r.id`,
    );
    for (const { id, amount } of failed) {
      if (this.random.chance(RETRIED)) {
        await this.caller.operator(this.random, `refunds/${id}/retry`, {}, {});
        this.acts['refunds retried'] += 1;
        continue;
      }
      const reason = '고객과 합의함';
      const unnamed = await this.withdraw(id, { reason });
      if (unnamed?.http !== 200) await this.withdraw(id, { reason, amount });
    }
  }

  private async withdraw(refund: string, body: { reason: string; amount?: number }): Promise<Reply | undefined> {
    const reply = await this.caller.operator(this.random, `refunds/${refund}/withdraw`, {}, body);
    this.withdrawals.push({ refund, named: body.amount !== undefined, ...(reply && { http: reply.http }) });
    return reply;
  }
}
