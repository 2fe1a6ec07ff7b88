import { Clock, defineJob, Jobs, ofOneMerchant } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { AttemptState } from '../attempts/attempt-status';
import { Attempt } from '../attempts/attempt.entity';
import { began } from '../history/move-to';
import { END_AFTER, SidCalls, whyNotEnded } from './sid-calls';
import { Sid, type SidState } from './sid.entity';
import { Subscription } from './subscription.entity';

export const END_SID = defineJob<{ sidId: string; merchant: string }>({
  name: 'payment.end-sid',
  schedule: END_AFTER,
  concurrency: 8,
  share: ofOneMerchant(3),
});

/** No subscription begins with an attempt from here on. One in review may still be accepted. */
const OVER: readonly AttemptState[] = ['paid', 'surplus', 'refunded', 'failed', 'expired'];
const BATCH = 200;

/** Makes each SID inactive that KakaoPay named and no subscription uses: it could be charged for ever. */
@Injectable()
export class UnusedSids implements OnModuleInit {
  private readonly logger = new Logger(UnusedSids.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly calls: SidCalls,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.jobs.work(
      END_SID,
      ({ sidId }) => this.end(sidId),
      ({ sidId }, error) => this.giveUp(sidId, whyNotEnded(error)),
    );
  }

  /** Finds SIDs whose payment is over and that no subscription began with; a job ends each. */
  async handOut(): Promise<void> {
    while ((await this.dataSource.transaction((manager) => this.handOutBatch(manager))) === BATCH);
  }

  /** KakaoPay is asked again about the SIDs of an order that it would not end in the time of the schedule. */
  async endAgain(orderId: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const [failed] = await manager.query<[{ sidId: string; merchant: string }[], number]>(
        `UPDATE payment.sids SET failure = NULL, updated_at = $2
          WHERE order_id = $1 AND state = 'ending' AND failure IS NOT NULL RETURNING evidence_id AS "sidId", merchant`,
        [orderId, this.clock.now()],
      );
      await this.jobs.addAll(END_SID, failed, manager);
    });
  }

  /** A person must look: the SID is still active at KakaoPay. */
  async giveUp(id: string, why: string): Promise<void> {
    const [, failed] = await this.dataSource.query<[unknown, number]>(
      `UPDATE payment.sids SET failure = $2 WHERE evidence_id = $1 AND state = 'ending' AND failure IS NULL`,
      [id, why],
    );
    if (failed > 0) this.logger.error({ sidId: id, why }, 'a SID that no subscription uses needs a person');
  }

  private async handOutBatch(manager: EntityManager): Promise<number> {
    const [unused] = await manager.query<[{ sidId: string; merchant: string }[], number]>(
      `UPDATE payment.sids SET state = 'ending', updated_at = $1
        WHERE state = 'kept' AND evidence_id IN (
          SELECT s.evidence_id FROM payment.sids s JOIN payment.attempts a ON a.id = s.attempt_id
           WHERE s.state = 'kept' AND a.state = ANY ($2) LIMIT ${BATCH} FOR UPDATE OF s SKIP LOCKED)
        RETURNING evidence_id AS "sidId", merchant`,
      [this.clock.now(), OVER],
    );
    await this.jobs.addAll(END_SID, unused, manager);
    return unused.length;
  }

  private async end(id: string): Promise<void> {
    const sid = await this.dataSource.manager.findOneByOrFail(Sid, { evidenceId: id });
    if (sid.state !== 'ending') return;
    // A KakaoPay that names one SID for two payments must not end a subscription by it.
    if (await this.isUsed(sid)) return this.move(sid, 'used');
    const { note } = await this.calls.end(sid);
    await this.move(sid, 'ended', `its SID, which no subscription uses: ${note}`);
  }

  private async isUsed({ orderId, sealed }: Sid): Promise<boolean> {
    const { manager } = this.dataSource;
    const going = await manager.find(Subscription, {
      select: { id: true, sidSealed: true },
      where: { orderId, state: In(['active', 'ending']) },
    });
    const sid = await this.calls.open(sealed);
    const theirs = await Promise.all(going.map(({ sidSealed }) => this.calls.open(sidSealed)));
    return theirs.includes(sid);
  }

  private async move({ evidenceId, attemptId }: Sid, to: SidState, note?: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const at = this.clock.now();
      const [, moved] = await manager.query<[unknown, number]>(
        `UPDATE payment.sids SET state = $2, failure = NULL, updated_at = $3 WHERE evidence_id = $1 AND state = 'ending'`,
        [evidenceId, to, at],
      );
      if (moved === 0 || note === undefined) return;
      const { id, orderId, state } = await manager.findOneByOrFail(Attempt, { id: attemptId });
      await began(manager, { subject: 'attempt', orderId, id, state, by: 'kakaopay', note, at });
    });
  }
}
