import { Clock, newId } from '@biz/platform';
import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { began } from '../history/move-to';
import { Order } from '../orders/order.entity';
import type { Refund } from '../refunds/refund.entity';
import { Difference } from './difference.entity';
import type { Finding } from './finding';

/** A decision to leave a difference as it is. */
export interface GiveUp {
  /** Won at stake, as the operator names it. */
  amount: number;
  reason: string;
}

/** Keeps what differs between our records and KakaoPay's word until a person has acted. */
@Injectable()
export class Differences {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Writes down how a payment compares now: `equal` resolves what is open, the same again is the same row.
   *
   * What was given up stays so while the same is found. That KakaoPay could not be asked takes nothing back.
   */
  async record(finding: Finding): Promise<void> {
    const now = this.clock.now();
    if (finding.kind === 'equal') {
      await this.dataSource.query(
        `UPDATE payment.differences SET state = 'resolved', resolved_at = $2 WHERE attempt_id = $1 AND state = 'open'`,
        [finding.attemptId, now],
      );
      return;
    }
    const { attemptId, partnerOrderId, merchant, kinds, amount, line } = finding;
    if (kinds.length === 0) return;
    await this.dataSource.query(
      `WITH known AS (
         UPDATE payment.differences SET last_seen_at = $1
          WHERE attempt_id = $4 AND state = 'given-up' AND kinds = $6 AND amount = $7 RETURNING id
       )
       INSERT INTO payment.differences (id, order_id, attempt_id, merchant, kinds, amount, line, state, found_at, last_seen_at)
       SELECT $2, $3, $4, $5, $6, $7, $8, 'open', $1, $1 WHERE NOT EXISTS (SELECT FROM known)
       ON CONFLICT (attempt_id) WHERE state = 'open'
       DO UPDATE SET kinds = excluded.kinds, amount = excluded.amount, line = excluded.line, last_seen_at = excluded.last_seen_at
             WHERE excluded.kinds <> '{not-asked}' OR differences.kinds = '{not-asked}'`,
      [now, newId(), partnerOrderId, attemptId, merchant, kinds, amount, line],
    );
  }

  /** A person leaves a difference as it is, and names what is at stake. */
  async giveUp(id: string, { amount, reason }: GiveUp): Promise<Difference> {
    return this.dataSource.transaction(async (manager) => {
      const seen = await manager.findOneBy(Difference, { id });
      if (!seen) throw new NotFoundException('No such difference');
      const lock = { mode: 'pessimistic_write' } as const;
      await manager.findOneOrFail(Order, { where: { id: seen.orderId }, lock });
      const difference = await manager.findOneOrFail(Difference, { where: { id }, lock });
      if (difference.state !== 'open') throw new ConflictException(`The difference is ${difference.state}`);
      if (difference.kinds.includes('in-review')) {
        throw new ConflictException('The payment is in review: accept or refund the order');
      }
      if (difference.amount !== amount) {
        throw new ConflictException(`${difference.amount} won are at stake, not ${amount}: name them to give them up`);
      }
      const at = this.clock.now();
      await manager.query(
        `UPDATE payment.differences SET state = 'given-up', reason = $2, given_up_by = 'operator', given_up_at = $3
          WHERE id = $1 AND state = 'open'`,
        [id, reason, at],
      );
      const { orderId, attemptId } = difference;
      const { state } = await manager.findOneByOrFail(Attempt, { id: attemptId });
      const note = `a difference of ${amount} won is given up: ${reason}`;
      await began(manager, { subject: 'attempt', orderId, id: attemptId, state, by: 'operator', note, at });
      return manager.findOneByOrFail(Difference, { id });
    });
  }

  /** Money that belongs to no order stays at KakaoPay by a person's decision: for ever in the list. In the caller's transaction. */
  async refundGivenUp(manager: EntityManager, refund: Refund, reason: string): Promise<void> {
    const at = this.clock.now();
    const { id, orderId, attemptId, merchant, amount, cause } = refund;
    const row: Partial<Difference> = { orderId, attemptId, merchant, amount, kinds: ['refund-given-up'] };
    const line = `${orderId} ${merchant} | the refund ${id} (${cause}) of ${amount} won was given up`;
    const decision = { state: 'given-up', reason, givenUpBy: 'operator', givenUpAt: at } as const;
    await manager.insert(Difference, { id: newId(), ...row, line, ...decision, foundAt: at, lastSeenAt: at });
  }
}
