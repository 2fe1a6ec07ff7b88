import { Logger } from '@nestjs/common';
import type { PgBoss } from 'pg-boss';
import type { Job as BossJob } from 'pg-boss';
import type { DataSource } from 'typeorm';
import { prepared } from '../database/prepared';
import type { Job } from './job';

interface WorkerPool<Data> {
  readonly job: Job<object>;
  readonly run: (running: BossJob<Data>) => Promise<void>;
  /** How many were started; the newest may have no id yet. */
  started: number;
  readonly ids: string[];
}

/** How often one statement looks in all queues for jobs whose notification was lost, and for delayed jobs. */
const POLL_SECONDS = 2;
const IDLE_POLL_SECONDS = 30;
/** The queues among these in which a job is due; what takes it is the worker's fetch. */
const WITH_JOBS_DUE = `
  SELECT queue.name FROM unnest($1::text[]) AS queue(name)
  WHERE EXISTS (
    SELECT FROM pgboss.job
    WHERE job.name = queue.name AND job.state < 'active' AND NOT job.blocked AND job.start_after <= now()
  )`;

/**
 * pg-boss's workers of each queue.
 *
 * One idle worker of a queue looks for jobs, the others are woken, or started, by a worker that finds one. All of them
 * looking at once held up every request of that moment, and the app's start.
 */
export class WorkerPools<Data> {
  private readonly logger = new Logger(WorkerPools.name);
  /** By the name of the queue. */
  private readonly pools = new Map<string, WorkerPool<Data>>();
  /** Ids of the workers that run a job. */
  private readonly busy = new Set<string>();
  private polling?: NodeJS.Timeout;

  constructor(
    private readonly boss: PgBoss,
    private readonly dataSource: DataSource,
  ) {}

  /** Starts the first worker of a queue. */
  async open(job: Job<object>, run: WorkerPool<Data>['run']): Promise<void> {
    const pool: WorkerPool<Data> = { job, run, started: 0, ids: [] };
    this.pools.set(job.name, pool);
    await this.startWorker(pool);
  }

  /** Looks for due jobs again and again, each time a while after the last look was answered. */
  poll(): void {
    this.polling = setTimeout(() => {
      this.wakeWhereDue()
        .catch((error: unknown) => {
          this.logger.debug({ error }, 'not polled: tried again');
        })
        .finally(() => {
          if (this.pools.size > 0) this.poll();
        });
    }, 1000 * POLL_SECONDS).unref();
  }

  /** Has an idle worker of a queue look for jobs, or one more where all are busy; those that run one look when they are done. */
  wake(name: string): void {
    const pool = this.pools.get(name);
    if (!pool) return;
    const idle = pool.ids.find((id) => !this.busy.has(id));
    if (idle !== undefined) this.boss.notifyWorker(idle);
    else if (pool.started < pool.job.concurrency) void this.startWorker(pool);
  }

  /** Takes no more jobs and waits for the running ones. */
  async close(): Promise<void> {
    clearTimeout(this.polling);
    const names = [...this.pools.keys()];
    // From here on no worker is added.
    this.pools.clear();
    await Promise.all(names.map((name) => this.boss.offWork(name, { wait: true })));
  }

  private async wakeWhereDue(): Promise<void> {
    const due = await prepared<{ name: string }>(this.dataSource, WITH_JOBS_DUE, [[...this.pools.keys()]]);
    for (const { name } of due) this.wake(name);
  }

  private async startWorker(pool: WorkerPool<Data>): Promise<void> {
    const { name, share } = pool.job;
    pool.started += 1;
    const id: string = await this.boss.work<Data>(
      name,
      {
        batchSize: 1,
        pollingIntervalSeconds: POLL_SECONDS,
        notifyPollingIntervalSeconds: IDLE_POLL_SECONDS,
        ...(share && { groupConcurrency: share.atOnce }),
      },
      async ([running]) => {
        this.busy.add(id);
        this.wake(name);
        try {
          if (running) await pool.run(running);
        } finally {
          this.busy.delete(id);
          // pg-boss would let it sleep until the next notice or poll, with others waiting in the queue.
          this.boss.notifyWorker(id);
        }
      },
    );
    pool.ids.push(id);
  }
}
