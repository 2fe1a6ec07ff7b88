import { Clock, newId } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Problem } from '@biz/platform';
import { RefusalRow } from './refusal.entity';

export interface NewRefusal {
  merchantId: string;
  productId: string;
  relayId?: string;
  problems: readonly Problem[];
}

/** A merchant's newest; whoever floods T2 pushes older ones out and fills nothing. */
const KEPT = 1_000;
export const REFUSAL_DAYS = 30;
/** A body can be wrong in thousands of places. */
const MAX_PROBLEMS = 100;

/** What customers could not order, for a shop that wonders why: the newest of a month. */
@Injectable()
export class Refusals {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  async add({ merchantId, productId, relayId, problems }: NewRefusal): Promise<void> {
    // Rows somebody else is deleting just now are skipped, so that two never wait for each other.
    await this.dataSource.query(
      `WITH surplus AS (
         SELECT merchant_id, id FROM commerce.refusals WHERE merchant_id = $2 AND id <= greatest(
           (SELECT id FROM commerce.refusals WHERE merchant_id = $2 ORDER BY id DESC OFFSET $7 LIMIT 1),
           (SELECT id FROM commerce.refusals WHERE merchant_id = $2 AND created_at <= $8 ORDER BY id DESC LIMIT 1))
         FOR UPDATE SKIP LOCKED
       ), forgotten AS (
         DELETE FROM commerce.refusals r USING surplus s WHERE r.merchant_id = s.merchant_id AND r.id = s.id
       )
       INSERT INTO commerce.refusals (id, merchant_id, product_id, relay_id, problems, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
      [
        newId(),
        merchantId,
        productId,
        relayId ?? null,
        JSON.stringify(problems.slice(0, MAX_PROBLEMS)),
        this.clock.now(),
        KEPT - 1,
        this.oldest(),
      ],
    );
  }

  /** Newest first. @param cursor of the last one seen */
  async list(merchantId: string, limit: number, cursor?: string, productId?: string): Promise<RefusalRow[]> {
    const query = this.dataSource
      .createQueryBuilder(RefusalRow, 'refusal')
      .where('refusal.merchantId = :merchantId AND refusal.createdAt > :oldest', { merchantId, oldest: this.oldest() });
    if (cursor !== undefined) query.andWhere('refusal.id < :cursor', { cursor });
    if (productId !== undefined) query.andWhere('refusal.productId = :productId', { productId });
    return query.orderBy('refusal.id', 'DESC').take(limit).getMany();
  }

  private oldest(): Date {
    return new Date(this.clock.now().getTime() - REFUSAL_DAYS * 86_400_000);
  }
}
