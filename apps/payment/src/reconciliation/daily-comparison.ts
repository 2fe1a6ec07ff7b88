import { Merchants } from '@biz/merchant';
import { Clock, defineJob, type JobRun, Jobs, NotYet, ofOneMerchant } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { atKstHour, daysAfter, kstDay } from '../charges/kst-day';
import { attemptsOfDay } from './attempts-of-day';
import { DayComparison } from './day-comparison';
import { Difference } from './difference.entity';
import { Differences } from './differences';

/** Compares some payments with KakaoPay; seconds before each further try about those that it did not answer for. */
export const COMPARE = defineJob<{ merchant: string; attemptIds: string[] }>({
  name: 'payment.compare',
  schedule: [60, 600, 3600, 14_400],
  concurrency: 2,
  share: ofOneMerchant(1),
});

const LOOKED_EVERY_SECONDS = 900;
/** The hour in Seoul from which yesterday is compared: what was under way at midnight has ended. */
const FROM_HOUR = 4;
/** Payments of one job: it asks KakaoPay about a few at a time, and goes on after a crash. */
const CHUNK = 20;
/** Days that are made up for when no app ran. */
const DAYS_AT_MOST = 7;
const DAYS_REMEMBERED = 30;

/** Compares each day with KakaoPay on the morning after it, once, and all that is still open of earlier days. */
@Injectable()
export class DailyComparison implements OnModuleInit {
  private readonly logger = new Logger(DailyComparison.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly comparison: DayComparison,
    private readonly differences: Differences,
    private readonly merchants: Merchants,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.jobs.every('payment.compare-yesterday', LOOKED_EVERY_SECONDS, () => this.handOut());
    this.jobs.work(
      COMPARE,
      ({ attemptIds }, run) => this.compare(attemptIds, run),
      ({ merchant, attemptIds }, error) => {
        this.logger.error({ merchant, attemptIds, error }, 'payments of a day were not compared: run reconcile');
        return Promise.resolve();
      },
    );
  }

  /** Hands out the days that are over and were not compared yet. */
  async handOut(): Promise<void> {
    const now = this.clock.now();
    const today = kstDay(now);
    if (now < atKstHour(today, FROM_HOUR)) return;
    const yesterday = daysAfter(today, -1);
    const [last] = await this.dataSource.query<{ day: string | null }[]>(
      'SELECT max(day)::text AS day FROM payment.compared_days',
    );
    const since = last?.day == null ? yesterday : daysAfter(last.day, 1);
    const earliest = daysAfter(yesterday, 1 - DAYS_AT_MOST);
    for (let day = since > earliest ? since : earliest; day <= yesterday; day = daysAfter(day, 1)) {
      await this.handOutDay(day, day === yesterday);
    }
  }

  /** Compares an order's open differences again, because a person has acted. What cannot be asked stays open. */
  async compareOpenOf(orderId: string): Promise<void> {
    const open = await this.openOnes({ orderId });
    if (open.length === 0) return;
    for await (const finding of this.comparison.ofAttempts(open)) await this.differences.record(finding);
  }

  /** The day and its jobs are stored together. */
  private handOutDay(day: string, withOpen: boolean): Promise<void> {
    return this.dataSource.transaction(async (manager) => {
      const inserted = await manager.query<unknown[]>(
        'INSERT INTO payment.compared_days (day, handed_out_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING day',
        [day, this.clock.now()],
      );
      if (inserted.length === 0) return;
      await manager.query('DELETE FROM payment.compared_days WHERE day < $1', [daysAfter(day, -DAYS_REMEMBERED)]);
      for (const { id: merchant } of this.merchants.all) {
        if (withOpen) await this.jobs.addAll(COMPARE, chunks(merchant, await this.openOnes({ merchant })), manager);
        for await (const ids of attemptsOfDay(this.dataSource, day, merchant)) {
          await this.jobs.addAll(COMPARE, chunks(merchant, ids), manager);
        }
      }
    });
  }

  private async openOnes(of: { orderId: string } | { merchant: string }): Promise<string[]> {
    const open = await this.dataSource.manager.find(Difference, {
      select: { attemptId: true },
      where: { state: 'open', ...of },
    });
    return open.map(({ attemptId }) => attemptId);
  }

  private async compare(attemptIds: string[], { last }: JobRun): Promise<void> {
    let unasked = 0;
    for await (const finding of this.comparison.ofAttempts(attemptIds)) {
      if (finding.kind === 'not-asked' && finding.kinds.length > 0 && !last) unasked++;
      else await this.differences.record(finding);
    }
    if (unasked > 0) throw new NotYet(`${unasked} payments could not be compared`);
  }
}

function chunks(merchant: string, ids: readonly string[]): { merchant: string; attemptIds: string[] }[] {
  const all: { merchant: string; attemptIds: string[] }[] = [];
  for (let n = 0; n < ids.length; n += CHUNK) all.push({ merchant, attemptIds: ids.slice(n, n + CHUNK) });
  return all;
}
