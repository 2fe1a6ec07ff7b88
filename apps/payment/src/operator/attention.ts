import { Clock, Metrics } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { DataSource } from 'typeorm';

/** However often it is scraped. */
const COUNTED_EVERY_MS = 15_000;
const SLOW_AFTER_MS = 3_600_000;

/** Orders that wait for a person, one way or another; small sets, each behind an index. */
export const NEEDS_A_PERSON = `
  SELECT id FROM payment.orders WHERE state = 'review'
  UNION SELECT order_id FROM payment.attempts WHERE state = 'review'
  UNION SELECT order_id FROM payment.refunds WHERE state = 'failed'
  UNION SELECT order_id FROM payment.differences WHERE state = 'open'
  UNION SELECT order_id FROM payment.sids WHERE state = 'ending' AND failure IS NOT NULL
  UNION SELECT order_id FROM payment.subscriptions WHERE state = 'ending' AND end_failure IS NOT NULL`;

/** By what it counts, $1 a moment of the past. A period of a subscription may wait for days between its tries. */
const COUNTS = {
  'order-in-review': `SELECT count(*) FROM payment.orders WHERE state = 'review'`,
  'attempt-in-review': `SELECT count(*) FROM payment.attempts WHERE state = 'review'`,
  'refund-failed': `SELECT count(*) FROM payment.refunds WHERE state = 'failed'`,
  'difference-open': `SELECT count(*) FROM payment.differences WHERE state = 'open'`,
  'sid-not-ended': `SELECT (SELECT count(*) FROM payment.sids WHERE state = 'ending' AND failure IS NOT NULL)
                         + (SELECT count(*) FROM payment.subscriptions WHERE state = 'ending' AND end_failure IS NOT NULL)`,
  'order-unfinished': `SELECT count(*) FROM payment.orders
                        WHERE state IN ('pending', 'approving', 'fulfilling') AND subscription_id IS NULL AND updated_at < $1`,
};

const STATEMENT = `SELECT ${Object.entries(COUNTS)
  .map(([what, select]) => `(${select})::int AS "${what}"`)
  .join(', ')}`;

/** The gauge of what needs attention. */
@Injectable()
export class Attention {
  private readonly logger = new Logger(Attention.name);
  private countedAt = 0;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    const count = (gauge: Gauge<'what'>): Promise<void> => this.count(gauge);
    new Gauge({
      name: 'payment_attention',
      help: 'What needs a person: orders and attempts in review, failed refunds, open differences from KakaoPay, SIDs that KakaoPay would not end, orders unfinished for over an hour',
      labelNames: ['what'] as const,
      registers: [metrics.registry],
      async collect() {
        await count(this);
      },
    });
  }

  private async count(gauge: Gauge<'what'>): Promise<void> {
    const now = this.clock.now().getTime();
    if (now - this.countedAt < COUNTED_EVERY_MS) return;
    this.countedAt = now;
    try {
      const [row] = await this.dataSource.query<Record<string, number>[]>(STATEMENT, [new Date(now - SLOW_AFTER_MS)]);
      for (const [what, count] of Object.entries(row ?? {})) gauge.set({ what }, count);
    } catch (error) {
      // The other metrics tell of a database that does not answer; an old count would lie.
      gauge.reset();
      this.logger.warn({ error }, 'cannot count what needs attention');
    }
  }
}
