import { Inject, Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap, OnModuleInit } from '@nestjs/common';
import { Clock, DueWork, JobMetrics, Jobs, NotYet, RuntimeConfig } from '@biz/platform';
import type { OtpKind } from '@biz/otp-client';
import { Merchants } from '@biz/merchant';
import { DataSource, In, LessThanOrEqual, Not } from 'typeorm';
import { Arrivals } from '../schedule/arrivals';
import { Redemption } from './redemption';
import { CAPTURE_KIND } from '../records/capture-kind';
import { Capture } from '../records/capture.entity';
import { Captures } from '../records/captures';
import type { Which } from '../schedule/circuit';
import { OtpCircuit } from '../schedule/circuits';
import { RetryTimes } from '../schedule/retry-times';

/** Mostly waiting for Kakao, so many may run at once. */
const AT_ONCE = 64;
/** A shop whose customers all come at once leaves room for the others'. */
const AT_ONCE_OF_A_MERCHANT = 16;
/** While callbacks arrive faster than they are answered, they go first: so few are redeemed, so often. */
const WHILE_MANY_ARRIVE = { most: 2, everyMs: 100 };
/** After so long without a sign of life the process that claimed a capture counts as dead. */
const CLAIM_MS = 5_000;
const SIGN_OF_LIFE_EVERY_MS = 1_000;

/** Which of those who wait; what is urgent and what is held is found without reading the rest. */
const OF: Record<Which | 'held', string> = {
  due: 'due_at <= $4',
  urgent: 'due_at <= $4',
  held: 'due_at <= $4 AND sealed_answer IS NOT NULL',
  // Due or not; reading what is held asks nobody.
  probe: 'sealed_answer IS NULL',
};

/** How often it is looked for captures of merchants that are no longer listed, and for how many at once. */
const STRAYS_EVERY_SECONDS = 60;
const STRAYS_AT_ONCE = 200;

/** Sees that every pending capture is redeemed in time: the most urgent first, fairly between merchants. */
@Injectable()
export class Redeemer implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Redeemer.name);
  private readonly due: DueWork<Capture>;
  private claimedAt = 0;

  constructor(
    @Inject(CAPTURE_KIND) private readonly kind: OtpKind,
    private readonly captures: Captures,
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
      atOnce: AT_ONCE,
      claim: (most) => this.claim(most),
      work: (capture) => this.work(capture),
      keep: { everyMs: SIGN_OF_LIFE_EVERY_MS, claims: (captures) => this.keepClaims(captures) },
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
    const admit = (most: number): Promise<Capture[]> =>
      this.circuit.admit(most, (which, most) => (which === 'urgent' ? this.takeUrgent(most) : this.take(which, most)));
    if (!this.arrivals.many) return admit(most);
    if (performance.now() - this.claimedAt < WHILE_MANY_ARRIVE.everyMs) return [];
    this.claimedAt = performance.now();
    const urgent = await this.take('urgent', most);
    return urgent.length > 0 ? urgent : admit(Math.min(most, WHILE_MANY_ARRIVE.most));
  }

  /** Answers that are held are read while Kakao is down, too: that asks nobody. */
  private async takeUrgent(most: number): Promise<Capture[]> {
    const held = await this.take('held', most);
    return [...held, ...(await this.take('urgent', most - held.length, held))];
  }

  /** @param taken a moment ago, and not yet under way */
  private async take(which: Which | 'held', most: number, taken: readonly Capture[] = []): Promise<Capture[]> {
    const now = this.clock.now();
    const shops = [...this.roomOfMerchants(taken)];
    // One that never succeeds is not the only one that Kakao is probed with.
    const order = which === 'probe' ? 'tries, deadline_at, id' : 'deadline_at, id';
    const [rows] = await this.dataSource.query<[Record<string, unknown>[], number]>(
      `WITH due AS MATERIALIZED (
         SELECT next.id FROM unnest($1::text[], $2::integer[]) AS shop(merchant, room)
          CROSS JOIN LATERAL (
            SELECT id, tries, deadline_at FROM capture.captures
             WHERE kind = $3 AND state = 'pending' AND due_at > '-infinity' AND captures.merchant = shop.merchant
               AND (claimed_until IS NULL OR claimed_until <= $4) AND deadline_at <= $5 AND id <> ALL($8::uuid[]) AND ${OF[which]}
             ORDER BY ${order} LIMIT shop.room FOR UPDATE SKIP LOCKED) AS next
          ORDER BY ${order} LIMIT $6)
       UPDATE capture.captures SET claimed_until = $7, tries = tries + 1 FROM due WHERE captures.id = due.id
       RETURNING captures.*`,
      [
        shops.map(([merchant]) => merchant),
        shops.map(([, room]) => room),
        this.kind,
        now,
        which === 'urgent' ? this.times.urgentUntil() : 'infinity',
        most,
        new Date(now.getTime() + CLAIM_MS),
        // Its claim ran out because no sign of life reached the database: Kakao was asked, and its answer is held here.
        this.due.current().map(({ id }) => id),
      ],
    );
    return rows.map((row) => this.captures.read(row));
  }

  /** What was put back just now stays so. */
  private keepClaims(captures: Capture[]): Promise<unknown> {
    return this.dataSource.query(
      `UPDATE capture.captures SET claimed_until = $2 WHERE id = ANY($1) AND state = 'pending' AND claimed_until IS NOT NULL`,
      [captures.map(({ id }) => id), new Date(this.clock.now().getTime() + CLAIM_MS)],
    );
  }

  /** How many more of each merchant this instance may take. */
  private roomOfMerchants(taken: readonly Capture[]): Map<string, number> {
    const room = new Map(this.merchants.all.map(({ id }) => [id, AT_ONCE_OF_A_MERCHANT]));
    for (const { merchant } of [...this.due.current(), ...taken])
      room.set(merchant, Math.max((room.get(merchant) ?? 0) - 1, 0));
    return room;
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
    try {
      await this.redemption.advance(capture);
    } catch (error) {
      await this.tryLater(capture);
      if (!(error instanceof NotYet)) throw error;
      this.logger.debug({ captureId: capture.id, tries: capture.tries, reason: error.message }, 'not yet');
    }
  }

  private async tryLater({ id, tries, deadlineAt, sealedAnswer }: Capture): Promise<void> {
    // What is held already has no deadline.
    const dueAt = this.times.next(tries, sealedAnswer === null ? deadlineAt : undefined);
    await this.dataSource.query(
      `UPDATE capture.captures SET due_at = $2, claimed_until = NULL WHERE id = $1 AND state = 'pending' AND tries = $3`,
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
