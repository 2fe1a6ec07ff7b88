import { Inject, Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap, OnModuleInit } from '@nestjs/common';
import {
  APP_NAME,
  Clock,
  DueWork,
  JobMetrics,
  Jobs,
  NotNow,
  parseOwnJson,
  prepared,
  RuntimeConfig,
  Vault,
} from '@biz/platform';
import type { AppName } from '@biz/platform';
import { DataSource } from 'typeorm';
import { EventSender } from '../calls/event-sender';
import type { Sent } from '../calls/event-sender';
import { ShopCalls } from '../calls/shop-calls';
import type { ShopEventData, ShopEventType } from '../events/shop-event';
import { Merchants } from '../registry/merchants';
import { Deliveries, PAYLOAD_CONTEXT } from './deliveries';

/** Mostly waiting for shops, so many may run at once; a single merchant has its places in `ShopCalls`. */
const AT_ONCE = 64;
/** After so long without a sign of life the process that claimed a delivery counts as dead. */
const CLAIM_MS = 10_000;
const SIGN_OF_LIFE_EVERY_MS = 2_000;

/** How often it is looked for what is owed to merchants that are no longer listed. */
const STRAYS_EVERY_SECONDS = 600;

interface Claim {
  id: string;
  merchant: string;
  type: ShopEventType;
  payload: string | null;
  created_at: Date;
  tries: number;
}

type Sendable = Omit<Claim, 'payload'>;

/**
 * What is due, of each merchant as many as it has places; an earlier event of the same subject goes first.
 *
 * `OFFSET 0` has it looked up row by row: the planner, who takes what is open for next to nothing, would join all of it.
 */
const CLAIM = `
  WITH due AS MATERIALIZED (
    SELECT next.id FROM unnest($1::text[], $2::integer[]) AS shop(merchant, room)
     CROSS JOIN LATERAL (
       SELECT id, due_at FROM merchant.deliveries AS mine
        WHERE app = $3 AND mine.merchant = shop.merchant AND state = 'pending' AND due_at > '-infinity' AND due_at <= $4
          AND (claimed_until IS NULL OR claimed_until <= $4) AND id <> ALL($7::uuid[])
          AND NOT EXISTS (
            SELECT FROM merchant.deliveries AS earlier
             WHERE earlier.app = mine.app AND earlier.merchant = mine.merchant AND earlier.state = 'pending' AND earlier.place > 0
               AND earlier.ordering_key = mine.ordering_key AND earlier.place < mine.place OFFSET 0)
        ORDER BY due_at, id LIMIT shop.room FOR UPDATE SKIP LOCKED) AS next
     ORDER BY next.due_at, next.id LIMIT $5)
  UPDATE merchant.deliveries SET claimed_until = $6, tries = tries + 1 FROM due WHERE deliveries.id = due.id
  RETURNING deliveries.id, merchant, type, payload, created_at, tries`;

/** Hands what merchants are owed to their ports and webhooks, in time and fairly between them. */
@Injectable()
export class DeliveryWorker implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(DeliveryWorker.name);
  private readonly due: DueWork<Claim>;

  constructor(
    @Inject(APP_NAME) private readonly app: AppName,
    private readonly deliveries: Deliveries,
    private readonly merchants: Merchants,
    private readonly calls: ShopCalls,
    private readonly sender: EventSender,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly jobs: Jobs,
    private readonly dataSource: DataSource,
    runtime: RuntimeConfig,
    metrics: JobMetrics,
  ) {
    this.due = new DueWork({
      name: `deliver.${app}`,
      atOnce: AT_ONCE,
      claim: (most) => this.claim(most),
      work: (claim) => this.deliver(claim),
      facts: ({ id, merchant, type }) => ({ deliveryId: id, merchant, type }),
      keep: { everyMs: SIGN_OF_LIFE_EVERY_MS, claims: (claims) => this.keepClaims(claims) },
      ...{ logger: this.logger, metrics, runtime },
    });
  }

  onModuleInit(): void {
    this.jobs.every(`deliver.${this.app}.strays`, STRAYS_EVERY_SECONDS, () => this.failStrays());
  }

  onApplicationBootstrap(): void {
    this.deliveries.onDue(() => {
      this.due.nudge();
    });
    this.due.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.due.stop();
  }

  private async failStrays(): Promise<void> {
    const failed = await this.deliveries.failStrays(this.merchants.all.map(({ id }) => id));
    for (const stray of failed)
      this.logger.error(stray, 'a merchant is owed events and no longer listed: kept as failed');
  }

  private claim(most: number): Promise<Claim[]> {
    const now = this.clock.now();
    const room = new Map(this.merchants.all.map(({ id }) => [id, this.calls.atOnce(id, 'events')]));
    for (const { merchant } of this.due.current()) room.set(merchant, Math.max((room.get(merchant) ?? 0) - 1, 0));
    return prepared<Claim>(this.dataSource, CLAIM, [
      [...room.keys()],
      [...room.values()],
      this.app,
      now,
      most,
      new Date(now.getTime() + CLAIM_MS),
      // Its claim ran out because no sign of life reached the database: the shop is still being told.
      this.due.current().map(({ id }) => id),
    ]);
  }

  /** What was put back just now stays so. */
  private keepClaims(claims: Claim[]): Promise<unknown> {
    const until = new Date(this.clock.now().getTime() + CLAIM_MS);
    return this.dataSource.query(
      `UPDATE merchant.deliveries SET claimed_until = $2 WHERE id = ANY($1) AND state = 'pending' AND claimed_until IS NOT NULL`,
      [claims.map(({ id }) => id), until],
    );
  }

  private async deliver({ payload, ...claim }: Claim): Promise<void> {
    // Erased just now.
    if (payload === null) return;
    const { id: deliveryId, tries } = claim;
    const at = this.clock.now();
    const started = performance.now();
    const { result, status = null, retryAfter } = await this.send(claim, payload);
    const durationMs = Math.round(performance.now() - started);
    const hopeless = result === 'no-receiver' || result === 'GONE';
    if (result === 'GONE')
      this.logger.error(
        { deliveryId, merchant: claim.merchant, type: claim.type },
        'the webhook answered 410, it takes no events any more: kept as failed, send it again when the address is right',
      );
    await this.deliveries.settle({ deliveryId, at, durationMs, status, result, tries, hopeless, retryAfter });
    if (result !== 'ok' && !hopeless)
      throw new Error(`not delivered: ${status === null ? result : `${result} ${status}`}`);
  }

  /** @throws NotNow when it is not the merchant's turn; whatever else is in the way costs a try, or it would be sent for ever */
  private async send({ id, type, merchant, created_at: timestamp, tries }: Sendable, payload: string): Promise<Sent> {
    try {
      const facts = parseOwnJson(await this.vault.open(payload, PAYLOAD_CONTEXT)) as ShopEventData;
      const event = { id, type, timestamp, data: this.deliveries.completed(type, facts) };
      return await this.sender.send(this.merchants.get(merchant), event);
    } catch (error) {
      if (error instanceof NotNow) {
        await this.deliveries.putBack(id, tries, error.afterSeconds);
        throw error;
      }
      // Its kind only: what a merchant's code throws may quote the customer.
      this.logger.error({ deliveryId: id, merchant, fault: (error as Error).name }, 'an event could not be sent');
      return { result: 'NOT_SENT' };
    }
  }
}
