import { Injectable, Logger } from '@nestjs/common';
import { Clock, newId, prepared } from '@biz/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { SyncFailure } from './failure.entity';
import type { SyncStep } from './failure.entity';

const MINUTE_MS = 60_000;

interface FailedStep {
  merchant: string;
  step: SyncStep;
  /** One of a fixed list, or a code of Kakao's answer; nothing that a caller can make up. */
  reason: string;
}

/** The steps that failed, as the operator reads them at `/operator/sync-errors`. */
@Injectable()
export class Failures {
  private readonly logger = new Logger(Failures.name);

  constructor(private readonly clock: Clock) {}

  /** A failure of one login has a row of its own: the schedule of its tries bounds how many there are. */
  async recordOf(manager: EntityManager, loginId: string, failed: FailedStep): Promise<void> {
    this.logger.warn({ ...failed, loginId }, 'login step failed');
    await manager.insert(SyncFailure, { ...failed, loginId, id: newId(), failedAt: this.clock.now() });
  }

  /** A failure that belongs to no stored login is counted: one row and one log line a minute, however often it comes. */
  async count(on: DataSource | EntityManager, failed: FailedStep & { relayId?: string }): Promise<void> {
    const { merchant, step, reason, relayId } = failed;
    const now = this.clock.now();
    const minute = new Date(Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS);
    const [row] = await prepared<{ count: number }>(
      on,
      `INSERT INTO sync.failures AS f (id, merchant, step, reason, relay_id, minute, failed_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT ON CONSTRAINT failures_minute_once DO UPDATE
         SET count = f.count + 1, last_failed_at = excluded.failed_at, relay_id = coalesce(excluded.relay_id, f.relay_id)
       RETURNING count`,
      [newId(), merchant, step, reason, relayId ?? null, minute, now],
    );
    if (row?.count === 1)
      this.logger.warn({ merchant, step, reason }, 'a step failed; more of this minute are counted');
  }
}
