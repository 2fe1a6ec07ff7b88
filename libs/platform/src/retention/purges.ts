import { Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { Counter } from 'prom-client';
import type { DataSource } from 'typeorm';
import type { Clock } from '../clock';
import type { Purge, SchemaOwner } from '../database/schema-owner';
import { NotYet } from '../jobs/job';
import type { Jobs } from '../jobs/jobs';
import type { Metrics } from '../metrics/metrics';
import { purgeStatement } from './purge-statement';
import type { PurgedBatch } from './purge-statement';

const DAY_SECONDS = 86_400;
const DAY_MS = 1000 * DAY_SECONDS;
/** Rows of one statement; each locks its rows for some ten milliseconds. */
const BATCH = 500;
/** A run ends after so long and goes on in the next: an app that stops waits for it. */
const RUN_MS = 5_000;
const GO_ON_AFTER_SECONDS = 1;

/**
 * Deletes what the schemas of an app keep no longer (`SchemaOwner.purges`), once a day and in small batches.
 *
 * Apps that share a schema purge it side by side: rows that one holds are skipped by the other.
 */
export class Purges implements OnModuleInit {
  private readonly logger = new Logger(Purges.name);
  private readonly purges: readonly Purge[];
  private readonly purged: Counter<'table'>;

  constructor(
    private readonly app: { name: string; schemas: readonly SchemaOwner[] },
    private readonly jobs: Jobs,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
    metrics: Metrics,
  ) {
    this.purges = app.schemas.flatMap(({ purges = [] }) => purges);
    this.purged = new Counter({
      name: 'biz_purged_rows_total',
      help: 'Rows deleted because their days in the table of docs/operations.md were over',
      labelNames: ['table'] as const,
      registers: [metrics.registry],
    });
  }

  onModuleInit(): void {
    this.jobs.every(`${this.app.name}.purge`, DAY_SECONDS, () => this.runForAWhile());
  }

  /**
   * Deletes everything whose days are over. One purge that fails holds up no other.
   *
   * @param maxMs ends the run early
   * @returns whether nothing is left
   * @throws AggregateError with what failed
   */
  async run(maxMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    const until = performance.now() + maxMs;
    const rows: Record<string, number> = {};
    const errors: unknown[] = [];
    let isDone = true;
    for (const purge of this.purges) {
      try {
        for await (const deleted of this.batches(purge)) {
          rows[purge.table] = (rows[purge.table] ?? 0) + deleted;
          this.purged.inc({ table: purge.table }, deleted);
          isDone = performance.now() < until;
          if (!isDone) break;
        }
      } catch (error) {
        this.logger.error({ table: purge.table, error }, 'not purged');
        errors.push(error);
      }
      if (!isDone) break;
    }
    if (Object.keys(rows).length > 0) this.logger.log({ rows }, 'purged');
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} of ${this.purges.length} purges failed`);
    return isDone;
  }

  private async runForAWhile(): Promise<void> {
    if (!(await this.run(RUN_MS))) throw new NotYet('more is to be purged', GO_ON_AFTER_SECONDS);
  }

  /** How many rows each batch deleted. */
  private async *batches(purge: Purge): AsyncGenerator<number> {
    const statement = purgeStatement(purge);
    const before = new Date(this.clock.now().getTime() - purge.days * DAY_MS);
    let from = '-infinity';
    for (;;) {
      const [batch] = await this.dataSource.query<PurgedBatch[]>(statement, [before, from, BATCH]);
      if (!batch?.last) return;
      yield batch.rows;
      if (batch.rows < BATCH) return;
      from = batch.last;
    }
  }
}
