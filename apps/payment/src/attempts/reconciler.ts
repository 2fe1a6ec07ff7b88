import { Clock, JobMetrics, newRequestId, NotYet, RuntimeConfig, withRequestId } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { PaymentConfig } from '../payment.config';
import { Attempts } from './attempts';

/**
 * Seconds before each look at an attempt that is not final, counted from T2. A tid lives about 900 s, so the later
 * steps are for a KakaoPay that does not answer; past the last a person is shown the order.
 */
export const LOOK_AFTER = [5, 10, 30, 60, 120, 180, 300, 300, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800];

/** Each delay varies by this share, so that what failed together does not return together. */
const JITTER = 0.1;
const SEARCH_EVERY_MS = 1_000;
/** However small RETRY_TIME_SCALE is. */
const SEARCH_EVERY_MS_AT_LEAST = 250;
/** How many payments one instance asks KakaoPay about at once. */
const CONCURRENCY = 8;
/** `order`, an approve that it calls for, and `order` again when that is not known. */
const CALLS_OF_A_LOOK = 3;
/** After the time-outs of its calls and this much more, the process that looked counts as dead. */
const TAKEN_OVER_MARGIN_MS = 3_000;

interface Claim {
  id: string;
  /** Looks so far, this one included. */
  looks: number;
  expires_at: Date;
}

/** When an attempt made now is first looked at. */
export const firstLook = (now: Date, { retryTimeScale }: RuntimeConfig): Date =>
  new Date(now.getTime() + (LOOK_AFTER[0] ?? 0) * 1000 * retryTimeScale);

/**
 * Asks KakaoPay about every attempt until it is final; there is no payment webhook.
 *
 * The schedule stands in the attempts themselves (`look_at`), so T2 writes no job for it and nothing can be lost beside
 * them. Any number of instances search; SKIP LOCKED gives each attempt to one.
 */
@Injectable()
export class Reconciler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Reconciler.name);
  private readonly looking = new Set<Promise<void>>();
  private timer?: NodeJS.Timeout;
  private searching?: Promise<void>;
  private blind = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly attempts: Attempts,
    private readonly clock: Clock,
    private readonly runtime: RuntimeConfig,
    private readonly config: PaymentConfig,
    private readonly metrics: JobMetrics,
  ) {}

  onApplicationBootstrap(): void {
    const every = Math.max(SEARCH_EVERY_MS_AT_LEAST, SEARCH_EVERY_MS * this.runtime.retryTimeScale);
    this.timer = setInterval(() => {
      this.searching ??= this.search().finally(() => (this.searching = undefined));
    }, every);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.searching;
    await Promise.all(this.looking);
  }

  private async search(): Promise<void> {
    try {
      const free = CONCURRENCY - this.looking.size;
      if (free === 0) return;
      for (const claim of await this.claim(free)) {
        const look = this.look(claim).finally(() => this.looking.delete(look));
        this.looking.add(look);
      }
      this.blind = false;
    } catch (error) {
      // Once for each outage: the next search is a moment away.
      if (!this.blind) this.logger.warn({ error }, 'cannot search for payments to look at');
      this.blind = true;
    }
  }

  private async claim(limit: number): Promise<Claim[]> {
    const now = this.clock.now();
    const [claims] = await this.dataSource.query<[Claim[], number]>(
      `UPDATE payment.attempts SET looks = looks + 1, look_at = $2
        WHERE id IN (SELECT id FROM payment.attempts WHERE state IN ('waiting', 'approving') AND look_at <= $1
                      ORDER BY look_at LIMIT $3 FOR UPDATE SKIP LOCKED)
        RETURNING id, looks, expires_at`,
      [now, new Date(now.getTime() + CALLS_OF_A_LOOK * this.config.kakaopayTimeoutMs + TAKEN_OVER_MARGIN_MS), limit],
    );
    return claims;
  }

  private look(claim: Claim): Promise<void> {
    return withRequestId(newRequestId(), async () => {
      const finish = this.metrics.started('payment.reconcile');
      try {
        await this.attempts.reconcile(claim.id);
        finish('done');
      } catch (error) {
        const expected = error instanceof NotYet;
        finish(expected ? 'not-yet' : 'failed');
        if (!expected) this.logger.warn({ attemptId: claim.id, looks: claim.looks, error }, 'look failed');
        await this.lookAgain(claim).catch((cause: unknown) => {
          this.logger.warn({ attemptId: claim.id, error: cause }, 'the next look waits until this one counts as dead');
        });
      }
    });
  }

  private async lookAgain({ id, looks, expires_at: expiresAt }: Claim): Promise<void> {
    const step = LOOK_AFTER[looks];
    if (step === undefined) return this.attempts.giveUp(id);
    const now = this.clock.now();
    await this.dataSource.query(
      `UPDATE payment.attempts SET look_at = $2 WHERE id = $1 AND state IN ('waiting', 'approving') AND looks = $3`,
      [id, new Date(now.getTime() + this.delay(step, expiresAt.getTime() - now.getTime())), looks],
    );
  }

  /** The schedule's step, but a look falls just behind the tid's end. */
  private delay(step: number, leftMs: number): number {
    const scaled = step * 1000 * this.runtime.retryTimeScale;
    if (leftMs > 0 && leftMs < scaled) return leftMs + 1000 * this.runtime.retryTimeScale;
    return scaled * (1 + JITTER * (2 * Math.random() - 1));
  }
}
