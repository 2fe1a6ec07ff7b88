import { Injectable, Logger } from '@nestjs/common';
import { Clock, NotNow, Outbound } from '@biz/platform';
import { retryAfterOf } from '../deliveries/retry-after';
import { signedHeaders } from '../deliveries/signature';
import { EventReceiver } from '../events/shop-event';
import type { ShopEvent } from '../events/shop-event';
import { Merchants } from '../registry/merchants';
import type { Merchant } from '../registry/merchant';
import { ShopAnswerRefused } from '../ports/shop-answer-refused';
import { ShopCalls, ShopLate } from './shop-calls';
import { withoutGiven } from './without-given';

/** A shop that takes longer is tried again. */
const SHOP_TIMEOUT_MS = 15_000;

/** How one try ended. */
export interface Sent {
  /** `ok`, or the kind of fault; never a text of the other side. */
  result: string;
  /** HTTP status of the webhook, when it answered. */
  status?: number;
  /** Seconds that the shop asks to wait before the next try. */
  retryAfter?: number;
}

/** Hands an event to the merchant's port or webhook, once. */
@Injectable()
export class EventSender {
  private readonly logger = new Logger(EventSender.name);

  constructor(
    private readonly merchants: Merchants,
    private readonly calls: ShopCalls,
    private readonly outbound: Outbound,
    private readonly clock: Clock,
  ) {}

  /** @throws NotNow when it is not the merchant's turn: nothing was asked */
  async send(merchant: Merchant, event: ShopEvent): Promise<Sent> {
    const receiver = this.merchants.port(merchant, EventReceiver);
    const taken = receiver && this.isTaken(merchant.id, receiver, event);
    if (taken === 'unsaid') return { result: 'RECEIVER_FAILED' };
    if (receiver && taken) return this.callPort(merchant.id, receiver, event);
    const { webhookUrl, webhookSecrets } = merchant.secrets;
    if (!webhookUrl) {
      this.logger.warn({ merchant: merchant.id, type: event.type }, 'no EventReceiver and no webhook: kept as failed');
      return { result: 'no-receiver' };
    }
    return this.callWebhook(merchant.id, webhookUrl, webhookSecrets, event);
  }

  /** An event that the receiver does not say is its own goes nowhere: it is tried again. */
  private isTaken(merchant: string, receiver: EventReceiver, { type, data }: ShopEvent): boolean | 'unsaid' {
    try {
      return receiver.accepts(type);
    } catch (error) {
      const told = error instanceof ShopAnswerRefused ? error : withoutGiven(error, data);
      this.logger.warn({ merchant, type, error: told }, 'EventReceiver does not say whether it takes an event');
      return 'unsaid';
    }
  }

  private async callPort(merchant: string, receiver: EventReceiver, event: ShopEvent): Promise<Sent> {
    try {
      await this.calls.job(merchant, 'events', SHOP_TIMEOUT_MS, event.data, () => receiver.receive(event));
      return { result: 'ok' };
    } catch (error) {
      if (error instanceof NotNow) throw error;
      if (error instanceof ShopLate) return { result: 'TIMEOUT' };
      this.logger.warn({ merchant, type: event.type, error }, 'EventReceiver failed');
      return { result: 'RECEIVER_FAILED' };
    }
  }

  private async callWebhook(merchant: string, url: string, secrets: string[], event: ShopEvent): Promise<Sent> {
    try {
      // The time-out is the call's own; a merchant that reaches it counts as hanging.
      return await this.calls.job(merchant, 'events', 2 * SHOP_TIMEOUT_MS, event.data, () =>
        this.post(url, secrets, event),
      );
    } catch (error) {
      if (error instanceof ShopLate) return { result: 'TIMEOUT' };
      throw error;
    }
  }

  /** Standard Webhooks: the id is the same on every try, the signature is of this try. */
  private async post(url: string, secrets: string[], { id, type, timestamp, data }: ShopEvent): Promise<Sent> {
    const now = this.clock.now();
    const body = JSON.stringify({ type, timestamp: timestamp.toISOString(), data });
    const outcome = await this.outbound.send({
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/json',
        ...signedHeaders({ webhookSecrets: secrets }, id, now, body),
      },
      body,
      timeoutMs: SHOP_TIMEOUT_MS,
      // 2xx is done: what a shop says besides, too much, too slowly or cut off, does not send the event again.
      statusOnly: true,
    });
    if (outcome.kind !== 'answered' && outcome.reason === 'TIMEOUT') throw new ShopLate('TIMEOUT');
    if (outcome.kind !== 'answered') return { result: outcome.reason };
    const { status, headers } = outcome;
    if (status >= 200 && status < 300) return { status, result: 'ok' };
    // Standard Webhooks: this address takes no events any more.
    if (status === 410) return { status, result: 'GONE' };
    const retryAfter = retryAfterOf(headers['retry-after'], this.clock.now());
    return { status, result: 'REFUSED', ...(retryAfter !== undefined && { retryAfter }) };
  }
}
