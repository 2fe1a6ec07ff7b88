import { Clock, JobMetrics, newRequestId, NotYet, prepared, RuntimeConfig, withRequestId } from '@biz/platform';
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
const AT_ONCE = 16;
/** A merchant whose calls hang leaves room for the others'. */
const AT_ONCE_OF_A_MERCHANT = 6;
/** `order`, an approve that it calls for, and `order` again when that is not known. */
const CALLS_OF_A_LOOK = 3;
/** After the time-outs of its calls and this much more, the process that looked counts as dead. */
const TAKEN_OVER_MARGIN_MS = 3_000;

interface Claim {
  id: string;
  merchant: string;
  /** Looks so far, this one included. */
  looks: number;
  expires_at: Date;
}

/**
 * What is due of each merchant, as many as have room beside those under way; the merchants with open attempts are found
 * by stepping through the index.
 */
const CLAIM = `
  WITH RECURSIVE shop AS (
    (SELECT merchant FROM payment.attempts WHERE state IN ('waiting', 'approving') ORDER BY merchant LIMIT 1)
    UNION ALL
    SELECT (SELECT a.merchant FROM payment.attempts a WHERE a.state IN ('waiting', 'approving') AND a.merchant > shop.merchant
             ORDER BY a.merchant LIMIT 1)
      FROM shop WHERE shop.merchant IS NOT NULL
  ), due AS MATERIALIZED (
    SELECT next.id FROM shop LEFT JOIN unnest($3::text[], $4::integer[]) AS busy (merchant, looks) USING (merchant)
     CROSS JOIN LATERAL (
       SELECT a.id, a.look_at FROM payment.attempts a
        WHERE a.state IN ('waiting', 'approving') AND a.merchant = shop.merchant AND a.look_at <= $1
        ORDER BY a.look_at LIMIT greatest(${AT_ONCE_OF_A_MERCHANT} - coalesce(busy.looks, 0), 0) FOR UPDATE SKIP LOCKED) AS next
     ORDER BY next.look_at LIMIT $5)
  UPDATE payment.attempts SET looks = looks + 1, look_at = $2 WHERE id = ANY (ARRAY(SELECT id FROM due))
  RETURNING id, merchant, looks, expires_at`;

/** When an attempt made now is first looked at. */
export const firstLook = (now: Date, { retryTimeScale }: RuntimeConfig): Date =>
  new Date(now.getTime() + (LOOK_AFTER[0] ?? 0) * 1000 * retryTimeScale);

/**
 * Asks KakaoPay about every attempt until it is final; there is no payment webhook.
 *
 * The schedule stands in the attempts themselves (`look_at`), so T2 writes no job for it and nothing can be lost beside
 * them. Any number of instances search; SKIP LOCKED gives each attempt to one. Of one merchant an instance looks at so many at
 * most, so that payments of other merchants do not wait for calls that hang.
 */
@Injectable()
export class Reconciler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Reconciler.name);
  private readonly looking = new Map<Promise<void>, Claim>();
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
    await Promise.all(this.looking.keys());
  }

  private async search(): Promise<void> {
    try {
      const free = AT_ONCE - this.looking.size;
      if (free === 0) return;
      for (const claim of await this.claim(free)) {
        const look = this.look(claim).finally(() => this.looking.delete(look));
        this.looking.set(look, claim);
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
    const busy = this.looksOfMerchants();
    return prepared<Claim>(this.dataSource, CLAIM, [
      now,
      new Date(now.getTime() + CALLS_OF_A_LOOK * this.config.kakaopayTimeoutMs + TAKEN_OVER_MARGIN_MS),
      [...busy.keys()],
      [...busy.values()],
      limit,
    ]);
  }

  /** How many looks of each merchant are under way here. */
  private looksOfMerchants(): Map<string, number> {
    const looks = new Map<string, number>();
    for (const { merchant } of this.looking.values()) looks.set(merchant, (looks.get(merchant) ?? 0) + 1);
    return looks;
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
