import { Injectable, Logger } from '@nestjs/common';
import { Clock, Metrics } from '@biz/platform';
import { IMAGE_QUOTA_BYTES, Merchants } from '@biz/merchant';
import { Gauge } from 'prom-client';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { FileRefused } from './image-download';

/** Reads the counter this often at most, however often the metrics are scraped. */
const COUNTED_EVERY_MS = 15_000;

/** A merchant whose store is full is named in the log this often at most. */
const TOLD_EVERY_MS = 60_000;

/**
 * The bytes of images a merchant may have in the store.
 *
 * The counter moves in the transaction that stores or erases a file. A guarded statement adds to it, so downloads that
 * end at the same moment, in any number of instances, never exceed the quota together.
 */
@Injectable()
export class ImageQuota {
  private readonly logger = new Logger(ImageQuota.name);
  private readonly quotas: ReadonlyMap<string, number>;
  private readonly toldAt = new Map<string, number>();
  private countedAt = -Infinity;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    merchants: Merchants,
    metrics: Metrics,
  ) {
    this.quotas = new Map(merchants.all.map(({ id, imageQuotaBytes = IMAGE_QUOTA_BYTES }) => [id, imageQuotaBytes]));
    const count = (gauge: Gauge<'merchant'>): Promise<void> => this.count(gauge);
    new Gauge({
      name: 'image_store_used_bytes',
      help: 'Bytes of images a merchant has in the store, before encryption',
      labelNames: ['merchant'] as const,
      registers: [metrics.registry],
      async collect() {
        await count(this);
      },
    });
    const limit = new Gauge({
      name: 'image_store_quota_bytes',
      help: 'Bytes of images a merchant may have in the store',
      labelNames: ['merchant'] as const,
      registers: [metrics.registry],
    });
    for (const [merchant, bytes] of this.quotas) limit.set({ merchant }, bytes);
  }

  /** True when the merchant of a capture has no room for one more byte: its files are not downloaded. */
  async isFull(captureId: string): Promise<boolean> {
    const [row] = await this.dataSource.query<{ merchant: string; bytes: string | null }[]>(
      `SELECT captures.merchant, image_usage.bytes FROM capture.captures
         LEFT JOIN capture.image_usage ON image_usage.merchant = captures.merchant WHERE captures.id = $1`,
      [captureId],
    );
    if (!row || Number(row.bytes ?? 0) < this.quotaOf(row.merchant)) return false;
    this.tell(row.merchant);
    return true;
  }

  /** Counts a file in the transaction that stores it. @throws FileRefused when the file does not fit; the transaction must end */
  async take(manager: EntityManager, captureId: string, bytes: number): Promise<void> {
    const [owner] = await manager.query<{ merchant: string }[]>(`SELECT merchant FROM capture.captures WHERE id = $1`, [
      captureId,
    ]);
    if (!owner) return;
    const counted = await manager.query<unknown[]>(
      `INSERT INTO capture.image_usage AS usage (merchant, bytes) SELECT $1, $2::bigint WHERE $2::bigint <= $3::bigint
       ON CONFLICT ON CONSTRAINT image_usage_pk DO UPDATE SET bytes = usage.bytes + excluded.bytes
        WHERE usage.bytes + excluded.bytes <= $3::bigint RETURNING merchant`,
      [owner.merchant, bytes, this.quotaOf(owner.merchant)],
    );
    if (counted.length > 0) return;
    this.tell(owner.merchant);
    throw new FileRefused('quota-exceeded');
  }

  private quotaOf(merchant: string): number {
    return this.quotas.get(merchant) ?? IMAGE_QUOTA_BYTES;
  }

  private tell(merchant: string): void {
    const now = this.clock.now().getTime();
    if (now - (this.toldAt.get(merchant) ?? -Infinity) < TOLD_EVERY_MS) return;
    this.toldAt.set(merchant, now);
    this.logger.error(
      { merchant, quotaBytes: this.quotaOf(merchant) },
      'the image quota of a merchant is used up: files are refused',
    );
  }

  private async count(gauge: Gauge<'merchant'>): Promise<void> {
    const now = this.clock.now().getTime();
    if (now - this.countedAt < COUNTED_EVERY_MS) return;
    this.countedAt = now;
    try {
      const rows = await this.dataSource.query<{ merchant: string; bytes: string }[]>(
        `SELECT merchant, bytes FROM capture.image_usage`,
      );
      for (const { merchant, bytes } of rows) gauge.set({ merchant }, Number(bytes));
    } catch (error) {
      // The other metrics tell of a database that does not answer; an old count would mislead.
      gauge.reset();
      this.logger.warn({ error }, 'cannot count the bytes of images');
    }
  }
}
