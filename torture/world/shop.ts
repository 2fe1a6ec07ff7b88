import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { Random } from '../random';

export const WEBHOOK_SECRET = `whsec_${Buffer.from('the torture shop signs with it').toString('base64')}`;

export interface Received {
  /** The webhook-id. */
  id: string;
  type: string;
  /** Of the webhook that it was sent to. */
  path: string;
  partnerOrderId: string;
  data: Record<string, unknown>;
}

/** The merchants' own server: takes deliveries, does order work, and misbehaves as drawn. */
export class Shop {
  readonly received: Received[] = [];
  /** What the shop's order work came to, by `workOf`; asked again about the same payment, it says the same. */
  readonly fulfilled = new Map<string, 'done' | 'refused'>();
  readonly faults: Record<string, number> = {};
  /** Deliveries whose signature was wrong. */
  forged = 0;
  /** Share of calls that go wrong. */
  misbehaves = 0;
  /** Nobody gets an answer of use: there are errors, or silence until it is up again. */
  down?: 'errors' | 'silence';
  private calls = 0;
  /** The first payment of each order that the shop was asked about, and when. */
  private readonly firstAsked = new Map<string, { paidAt: number; at: number }>();
  /** Orders whose first payment is refused, and for how many milliseconds the shop does not say so. */
  private readonly refusesFirst = new Map<string, number>();

  private constructor(
    private readonly server: Server,
    private random: Random,
  ) {}

  static async start(): Promise<Shop> {
    const server = createServer();
    const shop = new Shop(server, Random.of('shop'));
    server.on('request', (request, response) => {
      shop.answer(request).then(
        (answer) => {
          if (answer) response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
          else request.socket.destroy();
        },
        () => response.writeHead(500).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return shop;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  begin(seed: number, misbehaves: number): void {
    this.random = Random.of(seed, 'shop');
    this.misbehaves = misbehaves;
    this.down = undefined;
    this.received.length = 0;
    this.fulfilled.clear();
    this.firstAsked.clear();
    this.refusesFirst.clear();
    this.forged = 0;
  }

  /** The first payment of this order will be refused, so many milliseconds after the shop was first asked about it. */
  refuseFirst(order: string, afterMs: number): void {
    this.refusesFirst.set(order, afterMs);
  }

  wasAsked(order: string): boolean {
    return this.firstAsked.has(order);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage): Promise<{ status: number; body: string } | undefined> {
    this.calls += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    if (this.down !== undefined) return this.whileDown();
    const fault = this.random.chance(this.misbehaves)
      ? this.random.weighted({ broken: 3, 'drop-before': 2, 'drop-after': 3, slow: 2 })
      : undefined;
    if (fault) this.faults[`shop ${fault}`] = (this.faults[`shop ${fault}`] ?? 0) + 1;
    if (fault === 'broken') return { status: 503, body: '{}' };
    if (fault === 'drop-before') return undefined;
    const url = request.url ?? '';
    const answer = url.startsWith('/fulfil/')
      ? this.fulfil(...orderIn(url.slice('/fulfil/'.length)))
      : this.take(url, request.headers, body);
    if (fault === 'drop-after') return undefined;
    if (fault === 'slow') await delay(this.random.int(200, 1_500));
    return answer;
  }

  private async whileDown(): Promise<{ status: number; body: string } | undefined> {
    this.faults['shop down'] = (this.faults['shop down'] ?? 0) + 1;
    if (this.down === 'errors') return this.calls % 2 ? { status: 502, body: '' } : undefined;
    while (this.down === 'silence') await delay(50);
    return undefined;
  }

  private fulfil(order: string, paidAt: number): { status: number; body: string } {
    const first = this.firstAsked.get(order) ?? { paidAt, at: Date.now() };
    this.firstAsked.set(order, first);
    const busyMs = first.paidAt === paidAt ? this.refusesFirst.get(order) : undefined;
    if (busyMs !== undefined && Date.now() < first.at + busyMs) return { status: 503, body: '{}' };
    const work = workOf(order, paidAt);
    const refuses = busyMs !== undefined || (this.misbehaves > 0 && this.random.chance(0.08));
    const known = this.fulfilled.get(work) ?? (refuses ? 'refused' : 'done');
    this.fulfilled.set(work, known);
    return { status: 200, body: known === 'refused' ? '{"refused":"오늘은 만들 수 없습니다."}' : '{}' };
  }

  private take(path: string, headers: IncomingHttpHeaders, body: string): { status: number; body: string } {
    try {
      new Webhook(WEBHOOK_SECRET).verify(body, headers as Record<string, string>);
    } catch {
      this.forged += 1;
      return { status: 401, body: '{}' };
    }
    const { type, data } = JSON.parse(body) as { type: string; data: Record<string, unknown> };
    this.received.push({
      id: String(headers['webhook-id']),
      type,
      path,
      partnerOrderId: String(data.partnerOrderId),
      data,
    });
    return { status: 200, body: '{}' };
  }
}

/** The shop's work for one payment of an order, which may be paid again once the shop has refused it. */
export const workOf = (order: string, paidAt: number): string => `${order} ${paidAt}`;

function orderIn(path: string): [string, number] {
  const [order = '', paidAt = ''] = path.split('?paid_at=');
  return [order, Number(paidAt)];
}
