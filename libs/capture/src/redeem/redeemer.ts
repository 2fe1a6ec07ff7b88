import { Inject, Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap, OnModuleInit } from '@nestjs/common';
import { Clock, DueWork, JobMetrics, Jobs, NotYet, RuntimeConfig } from '@biz/platform';
import type { OtpKind } from '@biz/otp-client';
import { Merchants } from '@biz/merchant';
import { DataSource, In, LessThanOrEqual, Not } from 'typeorm';
import { Arrivals } from '../schedule/arrivals';
import { CaptureClaims } from './capture-claims';
import { Redemption } from './redemption';
import { Turns } from './turns';
import { CAPTURE_KIND } from '../records/capture-kind';
import { Capture } from '../records/capture.entity';
import type { Which } from '../schedule/circuit';
import { OtpCircuit } from '../schedule/circuits';
import { RetryTimes } from '../schedule/retry-times';

/** A call to Kakao that takes longer leaves its place to the next. */
const SLOW_MS = 2_000;
/** While callbacks arrive faster than they are answered, they go first: so few are redeemed, so often. */
const WHILE_MANY_ARRIVE = { most: 2, everyMs: 100 };
const SIGN_OF_LIFE_EVERY_MS = 1_000;

/** How often it is looked for captures of merchants that are no longer listed, and for how many at once. */
const STRAYS_EVERY_SECONDS = 60;
const STRAYS_AT_ONCE = 200;

/** Sees that every pending capture is redeemed in time: the most urgent first, fairly between merchants and their customers. */
@Injectable()
export class Redeemer implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Redeemer.name);
  private readonly due: DueWork<Capture>;
  private readonly begunAt = new Map<string, number>();
  private claimedAt = 0;

  constructor(
    @Inject(CAPTURE_KIND) private readonly kind: OtpKind,
    private readonly claims: CaptureClaims,
    private readonly redemption: Redemption,
    private readonly arrivals: Arrivals,
    private readonly circuit: OtpCircuit,
    private readonly times: RetryTimes,
    private readonly merchants: Merchants,
    private readonly clock: Clock,
    private readonly jobs: Jobs,
    private readonly dataSource: DataSource,
    runtime: RuntimeConfig,
    metrics: JobMetrics,
  ) {
    this.due = new DueWork({
      name: `capture.${kind}.redeem`,
      atOnce: Turns.AT_MOST,
      claim: (most) => this.claim(most),
      work: (capture) => this.work(capture),
      facts: ({ id, merchant }) => ({ captureId: id, merchant }),
      keep: { everyMs: SIGN_OF_LIFE_EVERY_MS, claims: (captures) => this.claims.keep(captures) },
      ...{ logger: this.logger, metrics, runtime },
    });
    circuit.onChange((open) => {
      if (open) this.logger.error('Kakao does not answer: only probes and what is nearly over are sent until it does');
      else this.pullForward();
    });
  }

  onModuleInit(): void {
    this.jobs.every(`capture.${this.kind}.strays`, STRAYS_EVERY_SECONDS, () => this.endStrays());
  }

  onApplicationBootstrap(): void {
    this.due.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.due.stop();
  }

  /** A capture became due. */
  nudge(): void {
    this.due.nudge();
  }

  private async claim(most: number): Promise<Capture[]> {
    const free = Math.min(most, this.turns().free);
    if (free === 0) return [];
    const admit = (most: number): Promise<Capture[]> =>
      this.circuit.admit(most, (which, most) => (which === 'urgent' ? this.takeUrgent(most) : this.take(which, most)));
    if (!this.arrivals.many) return admit(free);
    if (performance.now() - this.claimedAt < WHILE_MANY_ARRIVE.everyMs) return [];
    this.claimedAt = performance.now();
    const urgent = await this.take('urgent', free);
    return urgent.length > 0 ? urgent : admit(Math.min(free, WHILE_MANY_ARRIVE.most));
  }

  /** Answers that are held are read while Kakao is down, too: that asks nobody. */
  private async takeUrgent(most: number): Promise<Capture[]> {
    const held = await this.take('held', most);
    return [...held, ...(await this.take('urgent', most - held.length, held))];
  }

  /** @param taken a moment ago, and not yet under way */
  private take(which: Which | 'held', most: number, taken: readonly Capture[] = []): Promise<Capture[]> {
    return this.claims.take(which, most, this.turns(taken));
  }

  private turns(taken: readonly Capture[] = []): Turns {
    const slowSince = this.clock.now().getTime() - SLOW_MS;
    return new Turns(
      [...this.due.current(), ...taken].map(({ id, merchant, relayId }) => ({
        ...{ id, merchant, relayId },
        isSlow: (this.begunAt.get(id) ?? Infinity) <= slowSince,
      })),
    );
  }

  /** Nobody has a key to ask for them; those whose time is over end all the same, where somebody sees it. */
  private async endStrays(): Promise<void> {
    const strays = await this.dataSource.getRepository(Capture).find({
      where: {
        ...{ kind: this.kind, state: 'pending', deadlineAt: LessThanOrEqual(this.clock.now()) },
        merchant: Not(In(this.merchants.all.map(({ id }) => id))),
      },
      order: { deadlineAt: 'ASC' },
      take: STRAYS_AT_ONCE,
    });
    for (const capture of strays) {
      const { id: captureId, merchant } = capture;
      this.logger.error({ captureId, merchant }, 'a capture waits for a merchant that is no longer listed');
      await this.redemption.advance(capture).catch((error: unknown) => {
        this.logger.error({ captureId, error }, 'it could not be ended');
      });
    }
  }

  private async work(capture: Capture): Promise<void> {
    this.begunAt.set(capture.id, this.clock.now().getTime());
    try {
      await this.redemption.advance(capture);
    } catch (error) {
      await this.tryLater(capture);
      if (!(error instanceof NotYet)) throw error;
      this.logger.debug({ captureId: capture.id, tries: capture.tries, reason: error.message }, 'not yet');
    } finally {
      this.begunAt.delete(capture.id);
    }
  }

  private async tryLater({ id, tries, deadlineAt, sealedAnswer }: Capture): Promise<void> {
    // What is held already has no deadline.
    const dueAt = this.times.next(tries, sealedAnswer === null ? deadlineAt : undefined);
    await this.dataSource.query(
      `UPDATE capture.captures SET due_at = $2, claimed_until = NULL, retrying = sealed_answer IS NULL
        WHERE id = $1 AND state = 'pending' AND tries = $3`,
      [id, dueAt, tries],
    );
  }

  /** Whoever waits for its next try has it now. */
  private pullForward(): void {
    this.logger.warn('Kakao answers again');
    this.dataSource
      .query(
        `UPDATE capture.captures SET due_at = $2
          WHERE kind = $1 AND state = 'pending' AND due_at > $2 AND claimed_until IS NULL AND sealed_answer IS NULL`,
        [this.kind, this.clock.now()],
      )
      .then(
        () => {
          this.nudge();
        },
        (error: unknown) => {
          this.logger.warn({ error }, 'not pulled forward: each is tried at its time');
        },
      );
  }
}
