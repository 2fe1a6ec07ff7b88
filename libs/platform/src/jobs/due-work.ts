import type { Logger } from '@nestjs/common';
import type { RuntimeConfig } from '../config/platform.config';
import { newRequestId, withRequestId } from '../logging/request-context';
import type { JobMetrics } from '../metrics/job-metrics';
import { NotYet } from './job';

const SEARCH_EVERY_MS = 1_000;
/** However small RETRY_TIME_SCALE is. */
const SEARCH_EVERY_MS_AT_LEAST = 500;

export interface DueWorkOptions<Claim> {
  /** As metrics show it. */
  name: string;
  /** How many one instance works on at once. */
  atOnce: number;
  /** Takes so many at most of what is due, so that no other instance takes them too. */
  claim: (most: number) => Promise<Claim[]>;
  /** `NotYet` says that it is not done, but nothing went wrong. */
  work: (claim: Claim) => Promise<void>;
  /** What names it in the log line of a failure: its id above all, since its request id is another one at each try. */
  facts: (claim: Claim) => object;
  /** For work that may take long: says of all that is under way that it still is, so that a dead process is soon noticed. */
  keep?: { everyMs: number; claims: (claims: Claim[]) => Promise<unknown> };
  logger: Logger;
  metrics: JobMetrics;
  runtime: RuntimeConfig;
}

/**
 * Works on rows whose schedule stands in the rows themselves, so that nothing can be lost beside them.
 *
 * It searches every second, at once when it is told of new work (`nudge`), and whenever something is finished.
 */
export class DueWork<Claim> {
  private readonly running = new Map<Promise<void>, Claim>();
  private timer?: NodeJS.Timeout;
  private signsOfLife?: NodeJS.Timeout;
  private searching?: Promise<void>;
  private again = false;
  private stopped = true;
  private blind = false;

  constructor(private readonly options: DueWorkOptions<Claim>) {}

  start(): void {
    this.stopped = false;
    const every = SEARCH_EVERY_MS * this.options.runtime.retryTimeScale;
    this.timer = setInterval(
      () => {
        this.nudge();
      },
      Math.max(SEARCH_EVERY_MS_AT_LEAST, every),
    );
    const { keep } = this.options;
    if (keep) this.signsOfLife = setInterval(() => void this.keepClaims(), keep.everyMs);
  }

  /** Takes no more and waits for what is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.searching;
    await Promise.all(this.running.keys());
    clearInterval(this.signsOfLife);
  }

  /** What is under way just now. */
  current(): Claim[] {
    return [...this.running.values()];
  }

  /** Something became due. */
  nudge(): void {
    if (this.stopped) return;
    this.again = true;
    this.searching ??= this.search().finally(() => {
      this.searching = undefined;
      if (this.again) this.nudge();
    });
  }

  private async search(): Promise<void> {
    this.again = false;
    const free = this.options.atOnce - this.running.size;
    if (free === 0) return;
    try {
      const claims = await this.options.claim(free);
      for (const claim of claims) this.begin(claim);
      this.blind = false;
    } catch (error) {
      // Once for each outage: the next search is a moment away.
      if (!this.blind) this.options.logger.warn({ error }, `${this.options.name}: cannot search for what is due`);
      this.blind = true;
      this.again = false;
    }
  }

  private async keepClaims(): Promise<void> {
    const { keep, logger, name } = this.options;
    if (this.running.size === 0) return;
    await keep?.claims(this.current()).catch((error: unknown) => {
      logger.warn({ error }, `${name}: claims not kept, another instance may do the same`);
    });
  }

  private begin(claim: Claim): void {
    const { name, work, facts, logger, metrics } = this.options;
    const run = withRequestId(newRequestId(), async () => {
      const finish = metrics.started(name);
      try {
        await work(claim);
        finish('done');
      } catch (error) {
        const expected = error instanceof NotYet;
        finish(expected ? 'not-yet' : 'failed');
        // It counts as dead when its claim runs out, and is then due again.
        if (!expected) logger.warn({ ...facts(claim), error }, `${name} failed`);
      }
    }).finally(() => {
      this.running.delete(run);
      this.nudge();
    });
    this.running.set(run, claim);
  }
}
