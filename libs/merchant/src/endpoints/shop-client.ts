import { newId } from '@biz/platform';
import type { Clock, Outbound } from '@biz/platform';
import { ShopLate } from '../calls/shop-calls';
import { signedHeaders } from '../deliveries/signature';
import type { Merchant } from '../registry/merchant';

/** A longer answer is refused. */
const MAX_BYTES = 64 * 1024;

export interface ShopQuestion {
  type: 'order-sheet.load' | 'order-policy.check' | 'order.fulfil' | 'member.match';
  data: Record<string, unknown>;
  /** The same on every try, so that the shop notices what came twice; a new one unless said. */
  id?: string;
  timeoutMs: number;
}

export interface ShopAnswer {
  status: number;
  body: string;
  cacheControl?: string;
}

/** Asks one address of a shop: a POST signed like a delivery (Standard Webhooks), so that one check serves both. */
export class ShopClient {
  constructor(
    readonly merchant: Merchant,
    private readonly url: string,
    private readonly outbound: Outbound,
    private readonly clock: Clock,
  ) {}

  /** @throws ShopLate when there was no answer in time, Error when there was none at all */
  async ask({ type, data, id = newId(), timeoutMs }: ShopQuestion): Promise<ShopAnswer> {
    const now = this.clock.now();
    const body = JSON.stringify({
      type,
      timestamp: now.toISOString(),
      data: { merchant: this.merchant.id, ...data },
    });
    const outcome = await this.outbound.send({
      method: 'POST',
      url: this.url,
      headers: { 'content-type': 'application/json', ...signedHeaders(this.merchant.secrets, id, now, body) },
      body,
      timeoutMs,
      maxBytes: MAX_BYTES,
    });
    if (outcome.kind !== 'answered') {
      if (outcome.reason === 'TIMEOUT') throw new ShopLate(`${type}: no answer in time`);
      throw new Error(`${type}: no answer of the shop: ${outcome.reason}`);
    }
    const cacheControl = outcome.headers['cache-control'];
    return { status: outcome.status, body: outcome.body, ...(cacheControl !== undefined && { cacheControl }) };
  }
}
