import { Injectable, Logger } from '@nestjs/common';
import { PgBoss } from 'pg-boss';
import type { Db, Job as BossJob } from 'pg-boss';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { DatabaseConfig, RuntimeConfig } from '../config/platform.config';
import { mayMigrate } from '../database/database';
import { prepared } from '../database/prepared';
import { endingSilence } from '../database/silent-connection';
import { newRequestId, requestId, withRequestId } from '../logging/request-context';
import { JobMetrics } from '../metrics/job-metrics';
import { defineJob, NotNow, NotYet } from './job';
import type { Job, JobRun } from './job';
import { groupOf, type InGroup, Shares } from './shares';
import { WorkerPools } from './worker-pools';

interface Envelope {
  data: object;
  attempt: number;
  requestId?: string;
}

const FIRST_RUN: Envelope = { data: {}, attempt: 1 };

interface Worker {
  job: Job<object>;
  handler: (data: object, run: JobRun) => Promise<void>;
  onExhausted: (data: object, error: unknown) => Promise<void>;
  /** Recurs so long after each run; multiplied by RETRY_TIME_SCALE. */
  everySeconds?: number;
}

export interface AddOptions {
  /** Multiplied by RETRY_TIME_SCALE. */
  afterSeconds?: number;
}

/** A delayed job is also woken by a timer of the process that added it; longer delays wait for the next poll. */
const WAKE_BY_TIMER_BELOW_MS = 60_000;
/** A job that was taken beyond its owner's share is put back for so long; multiplied by RETRY_TIME_SCALE. */
const PUT_BACK_SECONDS = 1;
/** A running job whose process died is handed out again after this long. */
const HEARTBEAT_SECONDS = 10;
/** How often jobs of dead processes are looked for; multiplied by RETRY_TIME_SCALE, three seconds at least. */
const SUPERVISE_SECONDS = 5;
const SUPERVISE_SECONDS_AT_LEAST = 3;
/** Recurring work runs no more often, however small RETRY_TIME_SCALE is: every run costs eight statements. */
const RECUR_MS_AT_LEAST = 3_000;
/** Each delay varies by this share, so that what failed together does not return together. */
const JITTER = 0.1;
/** How often a job may take its process down before it is put aside in the queue `dead`. */
const CRASH_LIMIT = 20;
/** Recurring work is never put aside. */
const NO_CRASH_LIMIT = 1_000_000_000;
/** Recurring work that is gone from the queue, whoever emptied it, is back after this long; multiplied by RETRY_TIME_SCALE, five seconds at least. */
const RENEW_SECONDS = 60;
const RENEW_MS_AT_LEAST = 5_000;
/** Connections of the queue at most: workers fetch one at a time and briefly. */
const QUEUE_POOL_SIZE = 4;
const DEAD_LETTER_QUEUE = 'dead';
const DAY_SECONDS = 86_400;
/** How long the queue keeps jobs: done or failed, and waiting past their time without a worker. pg-boss deletes them after it. */
export const JOB_DAYS = { done: 7, waiting: 14 };
const KEPT = {
  deleteAfterSeconds: JOB_DAYS.done * DAY_SECONDS,
  retentionSeconds: JOB_DAYS.waiting * DAY_SECONDS,
};

/**
 * Durable work: a job is stored in the same transaction as the row that needs it, starts within milliseconds of
 * the commit on any instance, is retried on its visible schedule, and survives a crash.
 *
 * A job runs at least once, so handlers must be repeatable. Its data is stored in the clear: ids only.
 */
@Injectable()
export class Jobs {
  private readonly logger = new Logger(Jobs.name);
  /** From `start` on. */
  private boss: PgBoss;
  /** From `startWorkers` on. */
  private pools?: WorkerPools<Envelope>;
  private readonly workers = new Map<string, Worker>();
  private readonly shares = new Shares();
  private readonly queues = new Map<string, Promise<void>>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private renewing?: NodeJS.Timeout;
  private started = false;

  constructor(
    private readonly database: DatabaseConfig,
    private readonly runtime: RuntimeConfig,
    private readonly dataSource: DataSource,
    private readonly metrics: JobMetrics,
  ) {}

  /** Registers what runs a job; call it in `onModuleInit`. `onExhausted` runs once after the last step of the schedule failed. */
  work<Data extends object>(
    job: Job<Data>,
    handler: (data: Data, run: JobRun) => Promise<void>,
    onExhausted: (data: Data, error: unknown) => Promise<void> = () => Promise.resolve(),
  ): void {
    this.workers.set(job.name, {
      job: job,
      handler: handler as Worker['handler'],
      onExhausted: onExhausted as Worker['onExhausted'],
    });
  }

  /**
   * Registers work that recurs, on one instance at a time; call it in `onModuleInit`.
   *
   * One job of it exists, however many instances start: each run adds the next, `seconds` after its end, also when it
   * failed. `NotYet` with seconds of its own brings the next run earlier or later. A run must end within 15 minutes,
   * or another instance begins.
   */
  every(name: string, seconds: number, handler: () => Promise<void>): void {
    this.workers.set(name, {
      job: defineJob({ name, schedule: [], concurrency: 1 }),
      handler,
      onExhausted: () => Promise.resolve(),
      everySeconds: seconds,
    });
  }

  /**
   * Adds a job in the caller's transaction: it exists when, and only when, the transaction commits.
   *
   * @returns its id, for `remove`
   */
  async add<Data extends object>(
    job: Job<Data>,
    data: Data,
    manager: EntityManager,
    options: AddOptions = {},
  ): Promise<string> {
    await this.start();
    await this.ensureQueue(job.name);
    const id = requestId();
    const envelope = { data, attempt: 1, ...(id && { requestId: id }) };
    return this.send(job, envelope, this.scaled(options.afterSeconds ?? 0), manager);
  }

  /** Removes a job in the caller's transaction, because nothing is left to do for it; a run that has begun goes on. */
  async remove<Data extends object>(job: Job<Data>, id: string, manager: EntityManager): Promise<void> {
    await this.boss.deleteJob(job.name, id, { db: inTransaction(manager) });
  }

  /**
   * Adds a job for each of these data by one statement, in the caller's transaction.
   *
   * @param requestIds of those who asked for them, when it was not one and the same
   */
  async addAll<Data extends object>(
    job: Job<Data>,
    all: readonly Data[],
    manager: EntityManager,
    requestIds: readonly (string | undefined)[] = all.map(() => requestId()),
  ): Promise<void> {
    if (all.length === 0) return;
    await this.start();
    await this.ensureQueue(job.name);
    const envelopes = all.map((data, at): { data: Envelope } & InGroup => {
      const id = requestIds[at];
      return { data: { data, attempt: 1, ...(id !== undefined && { requestId: id }) }, ...groupOf(job, data) };
    });
    await this.boss.insert(job.name, envelopes, { db: inTransaction(manager) });
  }

  /** Starts the workers registered so far. Called when the app has started. */
  async startWorkers(): Promise<void> {
    if (this.workers.size === 0) return;
    await this.start();
    this.pools = new WorkerPools(this.boss, this.dataSource);
    for (const { job, everySeconds } of this.workers.values()) {
      await this.ensureQueue(job.name);
      if (everySeconds !== undefined) await this.renew(job.name);
      await this.pools.open(job, (running) => this.run(running));
    }
    this.pools.poll();
    const recurring = [...this.workers.values()].filter(({ everySeconds }) => everySeconds !== undefined);
    this.renewing = setInterval(
      () => {
        for (const { job } of recurring)
          this.renew(job.name).catch((error: unknown) => {
            this.logger.debug({ job: job.name, error }, 'not renewed: tried again');
          });
      },
      Math.max(RENEW_MS_AT_LEAST, this.scaled(RENEW_SECONDS)),
    ).unref();
  }

  /** Nothing is added while one waits or runs: the queue is exclusive. */
  private async renew(name: string): Promise<void> {
    await this.boss.send(name, FIRST_RUN);
  }

  /** Takes no more jobs and waits for the running ones; jobs can still be added. */
  async stopWorkers(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    clearInterval(this.renewing);
    await this.pools?.close();
  }

  async stop(): Promise<void> {
    if (this.started) await this.boss.stop({ graceful: true, timeout: 20_000 });
  }

  private starting?: Promise<void>;
  private start(): Promise<void> {
    this.starting ??= this.open();
    return this.starting;
  }

  private async open(): Promise<void> {
    const superviseSeconds = Math.max(SUPERVISE_SECONDS_AT_LEAST, SUPERVISE_SECONDS * this.runtime.retryTimeScale);
    const isOwner = await mayMigrate(this.dataSource);
    this.boss = new PgBoss({
      connectionString: this.database.url ?? '',
      application_name: 'biz-jobs',
      max: Math.min(QUEUE_POOL_SIZE, Math.ceil(this.database.poolSize / 2)),
      // Not of its types, but of the pool that it makes.
      ...endingSilence(this.database.silentMs),
      useListenNotify: true,
      schedule: false,
      superviseIntervalSeconds: superviseSeconds,
      monitorIntervalSeconds: superviseSeconds,
      // The tables and indexes belong to the owner, and `npm run migrate` keeps them.
      migrate: isOwner,
      reindex: isOwner,
    });
    this.boss.on('error', (error) => {
      this.logger.error(error, 'queue');
    });
    await this.boss.start();
    this.started = true;
    await this.boss.createQueue(DEAD_LETTER_QUEUE, KEPT);
  }

  private ensureQueue(name: string): Promise<void> {
    let queue = this.queues.get(name);
    if (!queue) {
      const recurs = this.workers.get(name)?.everySeconds !== undefined;
      queue = this.boss.createQueue(name, {
        notify: true,
        heartbeatSeconds: HEARTBEAT_SECONDS,
        ...KEPT,
        ...(recurs
          ? { policy: 'exclusive', retryLimit: NO_CRASH_LIMIT }
          : { retryLimit: CRASH_LIMIT, deadLetter: DEAD_LETTER_QUEUE }),
      });
      this.queues.set(name, queue);
    }
    return queue;
  }

  private async run(running: BossJob<Envelope>): Promise<void> {
    const { id, name, data } = running;
    const worker = this.workers.get(name);
    if (!worker) return;
    const leave = this.shares.enter(worker.job, data.data);
    if (!leave) return this.repeat(id, worker.job, data, this.scaled(PUT_BACK_SECONDS));
    await this.runInPlace(running, worker).finally(leave);
  }

  private async runInPlace({ id, name, data: envelope }: BossJob<Envelope>, worker: Worker): Promise<void> {
    await withRequestId(envelope.requestId ?? newRequestId(), async () => {
      const { job, everySeconds, handler, onExhausted } = worker;
      const last = everySeconds === undefined && envelope.attempt > job.schedule.length;
      const finish = this.metrics.started(name);
      let afterMs = everySeconds === undefined ? undefined : Math.max(RECUR_MS_AT_LEAST, this.scaled(everySeconds));
      let attempt = envelope.attempt + 1;
      try {
        await handler(envelope.data, { attempt: envelope.attempt, last });
        finish('done');
      } catch (error) {
        const expected = error instanceof NotYet;
        finish(expected ? 'not-yet' : 'failed');
        if (expected) this.logger.debug({ job: name, attempt: envelope.attempt, reason: error.message }, 'not yet');
        else this.logger.warn({ job: name, attempt: envelope.attempt, last, error }, 'job failed');
        if (error instanceof NotNow) attempt = envelope.attempt;
        else if (last) return onExhausted(envelope.data, error);
        const asked = (expected ? error.afterSeconds : undefined) ?? job.schedule[envelope.attempt - 1];
        if (asked !== undefined) afterMs = this.scaled(asked);
      }
      if (afterMs === undefined) return;
      const next = everySeconds === undefined ? { ...envelope, attempt } : FIRST_RUN;
      await this.repeat(id, job, next, afterMs);
    });
  }

  /** Replaces a running job by its next run, in one transaction, so that a crash leaves exactly one of the two. */
  private async repeat(id: string, job: Job<object>, envelope: Envelope, delayMs: number): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await this.boss.complete(job.name, id, null, { db: inTransaction(manager) });
      await this.send(job, envelope, delayMs * (1 + JITTER * (2 * Math.random() - 1)), manager);
    });
  }

  private async send<Data extends object>(
    job: Job<Data>,
    envelope: Envelope & { data: Data },
    delayMs: number,
    manager: EntityManager,
  ): Promise<string> {
    const { name } = job;
    const id = await this.boss.send(name, envelope, {
      db: inTransaction(manager),
      ...groupOf(job, envelope.data),
      ...(delayMs > 0 && { startAfter: new Date(Date.now() + delayMs) }),
    });
    if (delayMs > 0 && delayMs < WAKE_BY_TIMER_BELOW_MS) this.wakeAfter(name, delayMs);
    return id ?? '';
  }

  /** A hint only: the poll finds the job in any case. */
  private wakeAfter(name: string, delayMs: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.pools?.wake(name);
    }, delayMs + 5);
    timer.unref();
    this.timers.add(timer);
  }

  private scaled(seconds: number): number {
    return seconds * 1000 * this.runtime.retryTimeScale;
  }
}

/** Lets pg-boss write through the caller's transaction. */
function inTransaction(manager: EntityManager): Db {
  return {
    executeSql: async (text, values) => {
      if (!manager.queryRunner)
        throw new Error('a job is added inside a transaction: dataSource.transaction((manager) => …)');
      // Its statements are the same few for each queue, and long: planning them costs more than running them.
      return { rows: await prepared(manager, text, values ?? []) };
    },
  };
}
