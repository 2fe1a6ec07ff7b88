import type { IncomingHttpHeaders } from 'node:http';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { Webhook } from 'standardwebhooks';
import { SimulatorConfig } from '../simulator.config';
import { SimulatedTime } from '../time/simulated-time';
import type { ShopEvent } from './shop.dto';

const KEPT = 1_000;
const PATH = '/shop/webhook';

/** The shop's side of deliveries: checks Standard Webhooks signatures and remembers what came. */
@Injectable()
export class Inbox implements OnModuleInit {
  private events: ShopEvent[] = [];
  private readonly raw = new WeakMap<object, Buffer[]>();

  constructor(
    private readonly config: SimulatorConfig,
    private readonly time: SimulatedTime,
    private readonly host: HttpAdapterHost<FastifyAdapter>,
  ) {}

  /** A signature covers the bytes as they came, before JSON is parsed. */
  onModuleInit(): void {
    this.host.httpAdapter.getInstance().addHook('preParsing', (request, _reply, payload, done) => {
      if (request.url.startsWith(PATH)) {
        const chunks: Buffer[] = [];
        this.raw.set(request.raw, chunks);
        payload.on('data', (chunk: Buffer) => chunks.push(chunk));
      }
      done(null, payload);
    });
  }

  receive(request: FastifyRequest): ShopEvent {
    const text = Buffer.concat(this.raw.get(request.raw) ?? []).toString('utf8');
    const body = typeof request.body === 'object' && request.body ? (request.body as Record<string, unknown>) : {};
    const webhookId = String(request.headers['webhook-id'] ?? '');
    const reason = this.refusal(text, request.headers);
    const { type, timestamp, data } = body;
    const event: ShopEvent = {
      receivedAt: this.time.now(),
      webhookId,
      arrival: 1 + this.events.filter((each) => each.webhookId === webhookId && webhookId !== '').length,
      verified: reason === undefined,
      ...(reason !== undefined && { reason }),
      type: typeof type === 'string' ? type : '',
      timestamp: typeof timestamp === 'string' ? timestamp : '',
      data: typeof data === 'object' && data ? (data as Record<string, unknown>) : {},
    };
    this.events.push(event);
    if (this.events.length > KEPT) this.events = this.events.slice(-KEPT);
    return event;
  }

  find(filter: { type?: string; relayId?: string }): ShopEvent[] {
    return this.events.filter(
      (event) =>
        (filter.type === undefined || event.type === filter.type) &&
        (filter.relayId === undefined || event.data.relayId === filter.relayId),
    );
  }

  clear(): void {
    this.events = [];
  }

  private refusal(text: string, headers: IncomingHttpHeaders): string | undefined {
    let reason: string | undefined = 'no webhook secret is configured';
    for (const secret of this.config.webhookSecrets) {
      try {
        new Webhook(secret).verify(text, headers as Record<string, string>);
        return undefined;
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
    }
    return reason;
  }
}
