import { Jobs, Metrics } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { Counter } from 'prom-client';
import { UnusedSids } from '../subscriptions/unused-sids';
import { StockSweep } from './stock-sweep';
import { StuckWork } from './stuck-work';

const EVERY_SECONDS = 300;

/**
 * Finds what was left behind, every few minutes on one instance.
 *
 * Nothing should be: every move and what follows from it commit together. What it finds is a fault of ours or of a
 * hand in the database, so each find is logged and counted.
 */
@Injectable()
export class Sweep implements OnModuleInit {
  private readonly logger = new Logger(Sweep.name);
  private readonly swept: Counter<'what'>;

  constructor(
    private readonly stock: StockSweep,
    private readonly stuck: StuckWork,
    private readonly sids: UnusedSids,
    private readonly jobs: Jobs,
    metrics: Metrics,
  ) {
    this.swept = new Counter({
      name: 'payment_swept_total',
      help: 'What the sweep found left behind: stock, orders, fulfilments, refunds, subscriptions, SIDs',
      labelNames: ['what'] as const,
      registers: [metrics.registry],
    });
  }

  onModuleInit(): void {
    this.jobs.every('payment.sweep', EVERY_SECONDS, () => this.run());
  }

  async run(): Promise<void> {
    this.count('order', await this.stuck.endOrders());
    this.count('fulfilment', await this.stuck.giveUpFulfilments());
    this.count('refund', await this.stuck.giveUpRefunds());
    this.count('subscription', await this.stuck.endSubscriptions());
    this.count('stock', await this.stock.run());
    this.count('sid', await this.stuck.giveUpSids());
    // No fault: an order that was paid again, or not accepted, leaves a SID behind.
    await this.sids.handOut();
  }

  private count(what: string, ids: string[]): void {
    this.swept.inc({ what }, ids.length);
    if (ids.length > 0) this.logger.warn({ what, ids }, 'swept up what was left behind');
  }
}
