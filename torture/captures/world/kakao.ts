import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../random';
import type { Fault, FilePlan, Plan } from '../plan';
import { KEY_OF, LOCATION, SHIPPING_ID } from './facts';

const JPEG = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');
const VARIANTS = ['original', 'img_3m', 'img_1m'] as const;
const PIECES = 4;

/** One call to an OTP, or to one of its files. */
export interface Ask {
  token: string;
  file?: number;
  at: number;
  said: string;
}

const SEGMENT: Record<Plan['kind'], string> = {
  profile: 'onetimeprofile',
  location: 'current_location',
  image: 'secure_image',
};

/** Kakao and its picture server, who know what they would say to whom, and how long. */
export class OtpKakao {
  /** Where the apps find it, when something stands in between. */
  behind?: string;
  /** Nobody gets what they ask for: there are errors, or no answer at all. */
  down?: 'errors' | 'silence';
  /** Every call to an OTP or a picture, refused ones too. */
  calls = 0;
  readonly faults: Record<string, number> = {};
  private readonly plans = new Map<string, Plan>();
  private readonly left = new Map<string, Fault[]>();
  private readonly endsAt = new Map<string, number>();
  /** Who was asked for, when, and what was said; in the order of time. */
  readonly asks: Ask[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<OtpKakao> {
    const server = createServer();
    const kakao = new OtpKakao(server);
    server.on('request', (request, response) => {
      kakao.answer(request.url ?? '', response).catch(() => request.socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return kakao;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  begin(plans: readonly Plan[]): void {
    this.plans.clear();
    this.left.clear();
    this.endsAt.clear();
    this.asks.length = 0;
    this.down = undefined;
    for (const plan of plans) this.plans.set(plan.token, plan);
  }

  /** A customer handed something over: the address that stands for it, until it ends. */
  issue({ token, kind }: Plan, endsAt: number): string {
    if (!this.endsAt.has(token)) this.endsAt.set(token, endsAt);
    return `${this.behind ?? this.url}/otp/${token}/${SEGMENT[kind]}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(address: string, response: ServerResponse): Promise<void> {
    this.calls += 1;
    const { pathname, searchParams } = new URL(address, this.url);
    const [, what, token = '', at = ''] = pathname.split('/');
    const plan = this.plans.get(token);
    const over = Date.now() > (this.endsAt.get(token) ?? 0);
    const number = what === 'dna' ? Number(at) : undefined;
    const key = `${token}/${number ?? ''}`;
    const say = (said: string): void => {
      const ask: Ask = { token, at: Date.now(), said, ...(number !== undefined && { file: number }) };
      this.asks.push(ask);
      response.once('finish', () => {
        noteHangUp(ask, response);
      });
    };
    if (this.down) {
      say('down');
      // Whoever waits for an image waits ten seconds, which are minutes here.
      if (this.down === 'silence' && what === 'otp') return;
      if (this.calls % 2) response.writeHead(503).end();
      else drop(response);
      return;
    }
    if (!plan || over) {
      say('over');
      response.writeHead(404).end('{"code":-401}');
      return;
    }
    if (what === 'otp' && searchParams.get('rest_api_key') !== KEY_OF[plan.shop]) {
      say('wrong key');
      response.writeHead(401).end('{"code":-401}');
      return;
    }
    const file = what === 'dna' ? plan.files[Number(at)] : undefined;
    const fault = this.faultsOf(key, file?.faults ?? plan.faults).shift();
    say(fault ?? (file ?? plan).outcome);
    if (fault) this.faults[`kakao ${fault}`] = (this.faults[`kakao ${fault}`] ?? 0) + 1;
    if (fault === 'status') response.writeHead(502).end();
    else if (fault === 'busy') response.writeHead(429).end();
    else if (fault === 'drop-before') drop(response);
    else {
      if (fault === 'slow') await delay(900);
      const cutOff = fault === 'drop-after';
      if (file) await this.sendFile(file, contentOf(token, Number(at), file), response, cutOff);
      else this.sendAnswer(plan, response, cutOff);
    }
  }

  private faultsOf(key: string, planned: Fault[]): Fault[] {
    const left = this.left.get(key) ?? [...planned];
    this.left.set(key, left);
    return left;
  }

  private sendAnswer(plan: Plan, response: ServerResponse, cutOff: boolean): void {
    const { outcome } = plan;
    if (outcome === 'never') response.writeHead(503).end();
    else if (outcome === 'refused') response.writeHead(404).end('{"code":-401,"msg":"gone"}');
    else {
      const text = outcome === 'garbage' ? '<html>점검중</html>' : JSON.stringify(this.dataOf(plan));
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
      if (cutOff)
        response.write(text.slice(0, 8), () => {
          drop(response);
        });
      else response.end(text);
    }
  }

  private dataOf({ kind, token, files, outcome }: Plan): object {
    if (outcome === 'unavailable') return { is_usable_user: false };
    if (kind === 'location') return { ...LOCATION, detail: token };
    if (kind === 'profile') return { nickname: token, shipping_address: { id: SHIPPING_ID } };
    const urls: Record<string, string>[] = [];
    for (let picture = 0; picture * 3 < files.length; picture++) {
      urls.push(
        Object.fromEntries(
          VARIANTS.map((name, at) => [name, `${this.behind ?? this.url}/dna/${token}/${picture * 3 + at}?signature=x`]),
        ),
      );
    }
    return { secure_urls: urls, expire: new Date(this.endsAt.get(token) ?? 0).toISOString() };
  }

  private async sendFile(file: FilePlan, content: Buffer, response: ServerResponse, cutOff: boolean): Promise<void> {
    if (file.outcome === 'refused') {
      response.writeHead(403).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': content.length });
    const size = Math.ceil(content.length / PIECES);
    for (let at = 0; at < PIECES; at++) {
      if (cutOff && at === PIECES - 1) {
        drop(response);
        return;
      }
      response.write(content.subarray(at * size, (at + 1) * size));
      if (file.pieceMs > 0) await delay(file.pieceMs);
    }
    response.end();
  }
}

/** Whoever leaves so soon after an answer had given up waiting for it. */
const LEFT_WITHIN_MS = 3_000;

/** What was said of late on each connection. */
const saidOn = new WeakMap<Socket, Set<Ask>>();

function noteHangUp(ask: Ask, { req: { socket } }: ServerResponse): void {
  const asks = saidOn.get(socket) ?? listenTo(socket);
  asks.add(ask);
  setTimeout(() => asks.delete(ask), LEFT_WITHIN_MS).unref();
}

function listenTo(socket: Socket): Set<Ask> {
  const asks = new Set<Ask>();
  saidOn.set(socket, asks);
  socket.once('close', () => {
    for (const ask of asks) ask.said += ', which nobody waited for';
  });
  return asks;
}

/** A response that waits for the one before it on its connection ignores `destroy()`, and the caller would wait for ever. */
function drop(response: ServerResponse): void {
  response.req.socket.destroy();
}

/** The same bytes whenever they are asked for. */
function contentOf(token: string, at: number, { bytes }: FilePlan): Buffer {
  const random = Random.of(token, at);
  const block = Buffer.from(Array.from({ length: 64 }, () => random.int(0, 255)));
  return Buffer.concat([JPEG, Buffer.alloc(bytes, block)]);
}

export const sizeOf = ({ bytes }: FilePlan): number => JPEG.length + bytes;

export const digestOf = (token: string, at: number, file: FilePlan): string =>
  createHash('sha256')
    .update(contentOf(token, at, file))
    .digest('hex');
