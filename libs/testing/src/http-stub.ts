import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface StubRequest {
  method: string;
  path: string;
  /** The parts of the path that the route names `:like` `this`. */
  params: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** As it arrived. */
  body: string;
  json(): unknown;
  form(): URLSearchParams;
}

export interface StubAnswer {
  /** 200 when left out. */
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  text?: string;
  body?: Buffer;
  delayMs?: number;
  /** The connection is closed instead of an answer. */
  dropBefore?: boolean;
  /** The connection is closed in the middle of the answer. */
  dropAfter?: boolean;
}

export type StubHandler = (request: StubRequest) => StubAnswer | Promise<StubAnswer>;

/** A real HTTP server on a free port that plays somebody else's, and can misbehave: `await HttpStub.start()`. */
export class HttpStub {
  /** Every request, in the order of arrival, those without a route too. */
  readonly requests: StubRequest[] = [];
  private readonly routes: { method: string; pattern: RegExp; handler: StubHandler }[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<HttpStub> {
    const server = createServer();
    const stub = new HttpStub(server);
    server.on('request', (request, response) => {
      stub.serve(request, response).catch((error: unknown) => {
        response.writeHead(500).end(`the stub's own handler failed: ${String(error)}`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return stub;
  }

  /** Without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** @param route `POST /payment/:id`; the route added last wins, `*` stands for any rest of the path or any method */
  on(route: string, answer: StubHandler | StubAnswer): this {
    const [method = '*', path = '*'] = route.split(' ');
    const pattern = path
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:(\w+)/g, '(?<$1>[^/]+)')
      .replaceAll('*', '.*');
    this.routes.unshift({
      method,
      pattern: new RegExp(`^${pattern}$`),
      handler: typeof answer === 'function' ? answer : () => answer,
    });
    return this;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const method = request.method ?? 'GET';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const route = this.routes.find((each) => ['*', method].includes(each.method) && each.pattern.test(pathname));
    const seen: StubRequest = {
      method,
      path: pathname,
      params: { ...route?.pattern.exec(pathname)?.groups },
      query: searchParams,
      headers: request.headers,
      body,
      json: () => JSON.parse(body) as unknown,
      form: () => new URLSearchParams(body),
    };
    this.requests.push(seen);
    const answer: StubAnswer = route
      ? await route.handler(seen)
      : { status: 404, text: `no route ${method} ${pathname}` };
    if (answer.delayMs) await delay(answer.delayMs, undefined, { ref: false });
    if (answer.dropBefore) {
      request.socket.destroy();
      return;
    }
    const content = contentOf(answer);
    response.writeHead(answer.status ?? 200, {
      'content-type': answer.json === undefined ? 'text/plain; charset=utf-8' : 'application/json',
      'content-length': content.length,
      ...answer.headers,
    });
    if (answer.dropAfter) {
      response.write(content.subarray(0, Math.floor(content.length / 2)), () => request.socket.destroy());
      return;
    }
    response.end(method === 'HEAD' ? undefined : content);
  }
}

function contentOf({ json, text, body }: StubAnswer): Buffer {
  if (body) return body;
  return Buffer.from(json === undefined ? (text ?? '') : JSON.stringify(json));
}
