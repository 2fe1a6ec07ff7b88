import { createHash } from 'node:crypto';
import { Clock } from '@biz/platform';
import { ConflictException, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { UsedKey } from './used-key.entity';

/** What an operator asks for: the same key with anything else is refused. */
export interface Request {
  readonly what: 'cancel' | 'accept' | 'refund';
  readonly [field: string]: unknown;
}

/** Which Idempotency-Keys an order has seen, and for what. */
@Injectable()
export class UsedKeys {
  constructor(private readonly clock: Clock) {}

  /**
   * Notes the key, in the transaction that does what is asked for: when that fails, the key is free again.
   *
   * @throws ConflictException when it was used for another request
   */
  async use(manager: EntityManager, orderId: string, key: string, request: Request): Promise<void> {
    await manager.query(
      `INSERT INTO payment.used_keys (order_id, idempotency_key, request_hash, used_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT ON CONSTRAINT used_keys_pkey DO NOTHING`,
      [orderId, key, hashOf(request), this.clock.now()],
    );
    await this.check(manager, orderId, key, request);
  }

  /** @throws ConflictException when it was used for another request */
  async check(manager: EntityManager, orderId: string, idempotencyKey: string, request: Request): Promise<void> {
    const known = await manager.findOneBy(UsedKey, { orderId, idempotencyKey });
    if (known && known.requestHash !== hashOf(request)) {
      throw new ConflictException('This Idempotency-Key was used for another request');
    }
  }
}

/** The order of the fields and what is absent make no difference. */
function hashOf(request: Request): string {
  const fields = Object.entries(request).filter(([, value]) => value !== undefined);
  const sorted = fields.sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}
