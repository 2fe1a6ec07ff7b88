import { Injectable, Logger } from '@nestjs/common';
import { Counter } from 'prom-client';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Clock } from '../clock';
import { prepared } from '../database/prepared';
import { Refusal } from '../http/refusal';
import { OnceAMinute } from '../logging/once-a-minute';
import { Metrics } from '../metrics/metrics';
import { OpenLimitConfig } from './open-limit.config';

type Holder = 'customer' | 'merchant';

/** One kind of thing of which so many are held at a time. */
export interface LimitedKind {
  what: 'orders' | 'drafts' | 'captures' | 'unread';
  /** How many, where OPEN_LIMIT_… does not say. */
  most?: number;
}

/** One kind of thing that callers open. */
export interface OpenKind extends LimitedKind {
  /** Answers those of the merchants `$1` (text[]) that hold `$3` open at `$2` (timestamptz); a column `merchant`. */
  full: string;
  /** Values from `$4` on. */
  values?: readonly unknown[];
  messages: Partial<Record<Holder, string>> & { merchant: string };
}

/** As PostgreSQL reads a LIMIT that is none. */
const NO_LIMIT = 2_147_483_647;
/** What a merchant holds open is counted this often at most, by each instance: with 500,000 open that takes a tenth of a second. */
const COUNTED_EVERY_MS = 10_000;

/** Bounds what one customer, and all customers of one merchant, hold open: any caller can invent both orders and users. */
@Injectable()
export class OpenLimits {
  private readonly logger = new Logger(OpenLimits.name);
  private readonly limited: Counter<'what' | 'by'>;
  private readonly countedAt = new Map<string, number>();
  private readonly told: OnceAMinute;
  private readonly full = new Set<string>();

  constructor(
    private readonly config: OpenLimitConfig,
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.told = new OnceAMinute(clock);
    this.limited = new Counter({
      name: 'biz_open_limited_total',
      help: 'Requests refused because a customer or a merchant holds too much open',
      labelNames: ['what', 'by'] as const,
      registers: [metrics.registry],
    });
  }

  /** How much of one kind a customer may hold open: the LIMIT of the probe in the statement that adds one more. */
  get ofCustomer(): number {
    return this.config.customer === 0 ? NO_LIMIT : this.config.customer;
  }

  /**
   * Those of these merchants that hold as much open as one may.
   *
   * Exceeded by what comes between two counts. While one call counts, the others go by the count before.
   */
  async fullMerchants(
    { what, full, values = [] }: OpenKind,
    merchants: readonly string[],
    on: DataSource | EntityManager = this.dataSource,
  ): Promise<ReadonlySet<string>> {
    const { merchant: most } = this.config;
    if (most === 0) return new Set();
    const now = this.clock.now();
    const asked = [...new Set(merchants)];
    const due = asked.filter((merchant) => {
      const countedAt = this.countedAt.get(`${what} ${merchant}`) ?? -Infinity;
      return now.getTime() - countedAt >= COUNTED_EVERY_MS;
    });
    if (due.length > 0) {
      for (const merchant of due) this.countedAt.set(`${what} ${merchant}`, now.getTime());
      const found = await prepared<{ merchant: string }>(on, full, [due, now, most, ...values]);
      const fullNow = new Set(found.map(({ merchant }) => merchant));
      for (const merchant of due) {
        if (fullNow.has(merchant)) this.full.add(`${what} ${merchant}`);
        else this.full.delete(`${what} ${merchant}`);
      }
    }
    return new Set(asked.filter((merchant) => this.full.has(`${what} ${merchant}`)));
  }

  /** Counts a refusal. @returns what the customer is told */
  refused(kind: OpenKind, by: Holder, merchant: string): Refusal {
    this.count(kind, by, merchant);
    return new Refusal(500, kind.messages[by] ?? kind.messages.merchant);
  }

  /** Counts what was one too many, and says so once a minute. */
  count({ what, most }: LimitedKind, by: Holder, merchant: string): void {
    this.limited.inc({ what, by });
    if (this.told.isDue(`${what} ${by} ${merchant}`)) {
      this.logger.warn(
        { merchant, what, by, most: most ?? this.config[by] },
        'too much is open: more is refused, and counted',
      );
    }
  }
}
