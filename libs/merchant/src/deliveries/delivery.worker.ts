import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { Clock, Jobs, newId, NotNow, Outbound, Vault } from '@biz/platform';
import { DataSource, LessThan } from 'typeorm';
import { ShopCalls, ShopLate } from '../calls/shop-calls';
import { EventReceiver } from '../events/shop-event';
import type { ShopEvent, ShopEventData } from '../events/shop-event';
import { Merchants } from '../registry/merchants';
import type { Merchant } from '../registry/merchants';
import { Deliveries, PAYLOAD_CONTEXT } from './deliveries';
import { Delivery, DeliveryAttempt } from './delivery.entity';
import { signedHeaders } from './signature';

/** A shop that takes longer is tried again. */
const SHOP_TIMEOUT_MS = 15_000;

interface Attempt {
  result: string;
  status?: number;
}

/** Hands a stored event to the merchant's port or webhook. */
@Injectable()
export class DeliveryWorker implements OnModuleInit {
  private readonly logger = new Logger(DeliveryWorker.name);

  constructor(
    private readonly deliveries: Deliveries,
    private readonly merchants: Merchants,
    private readonly calls: ShopCalls,
    private readonly jobs: Jobs,
    private readonly vault: Vault,
    private readonly outbound: Outbound,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
  ) {}

  onModuleInit(): void {
    this.jobs.work(
      this.deliveries.job,
      ({ deliveryId }) => this.deliver(deliveryId),
      async ({ deliveryId }) => {
        const delivery = await this.find(deliveryId);
        if (delivery) await this.deliveries.settle(delivery, 'failed');
      },
    );
  }

  private async deliver(id: string): Promise<void> {
    const delivery = await this.find(id);
    if (!delivery?.payload || (await this.isBehindAnother(delivery))) return;
    const merchant = this.merchants.get(delivery.merchant);
    const facts = JSON.parse(await this.vault.open(delivery.payload, PAYLOAD_CONTEXT)) as ShopEventData;
    const event: ShopEvent = {
      id,
      type: delivery.type,
      timestamp: delivery.createdAt,
      data: this.deliveries.completed(delivery.type, facts),
    };
    const started = performance.now();
    const attempt = await this.send(merchant, event);
    await this.dataSource.getRepository(DeliveryAttempt).insert({
      id: newId(),
      deliveryId: id,
      at: this.clock.now(),
      durationMs: Math.round(performance.now() - started),
      status: attempt.status ?? null,
      result: attempt.result,
    });
    if (attempt.result === 'no-receiver') return this.deliveries.settle(delivery, 'failed');
    if (attempt.result !== 'ok') throw new Error(`not delivered: ${attempt.result} ${attempt.status ?? ''}`);
    await this.deliveries.settle(delivery, 'delivered');
  }

  private async send(merchant: Merchant, event: ShopEvent): Promise<Attempt> {
    const receiver = this.merchants.port(merchant, EventReceiver);
    if (receiver?.accepts(event.type)) return this.callPort(merchant.id, receiver, event);
    const { webhookUrl, webhookSecrets } = merchant.secrets;
    if (!webhookUrl) {
      this.logger.warn({ merchant: merchant.id, type: event.type }, 'no EventReceiver and no webhook: kept as failed');
      return { result: 'no-receiver' };
    }
    return this.callWebhook(merchant.id, webhookUrl, webhookSecrets, event);
  }

  private async callPort(merchant: string, receiver: EventReceiver, event: ShopEvent): Promise<Attempt> {
    try {
      await this.calls.job(merchant, 'events', SHOP_TIMEOUT_MS, () => receiver.receive(event));
      return { result: 'ok' };
    } catch (error) {
      if (error instanceof NotNow) throw error;
      if (error instanceof ShopLate) return { result: 'TIMEOUT' };
      this.logger.warn({ type: event.type, error }, 'EventReceiver failed');
      return { result: 'RECEIVER_FAILED' };
    }
  }

  private async callWebhook(merchant: string, url: string, secrets: string[], event: ShopEvent): Promise<Attempt> {
    try {
      // The time-out is the call's own; a merchant that reaches it counts as hanging.
      return await this.calls.job(merchant, 'events', 2 * SHOP_TIMEOUT_MS, () => this.post(url, secrets, event));
    } catch (error) {
      if (error instanceof ShopLate) return { result: 'TIMEOUT' };
      throw error;
    }
  }

  /** Standard Webhooks: the id is the same on every try, the signature is of this try. */
  private async post(url: string, secrets: string[], { id, type, timestamp, data }: ShopEvent): Promise<Attempt> {
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
    });
    if (outcome.kind !== 'answered' && outcome.reason === 'TIMEOUT') throw new ShopLate('TIMEOUT');
    if (outcome.kind !== 'answered') return { result: outcome.reason };
    const { status } = outcome;
    return { status, result: status >= 200 && status < 300 ? 'ok' : 'REFUSED' };
  }

  /** An earlier event of the same subject goes first; whoever settles it starts this one. */
  private isBehindAnother({ id, app, merchant, orderingKey }: Delivery): Promise<boolean> {
    return this.dataSource
      .getRepository(Delivery)
      .existsBy({ app, merchant, orderingKey, state: 'pending', id: LessThan(id) });
  }

  private find(id: string): Promise<Delivery | null> {
    return this.dataSource.getRepository(Delivery).findOneBy({ id, state: 'pending' });
  }
}
