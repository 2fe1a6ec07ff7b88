import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Steps } from './steps';

/** Headers that belong to one connection only. */
const OF_THE_LINE = new Set(['connection', 'host', 'content-length', 'transfer-encoding', 'keep-alive']);
/** Ids in a path would make every call another step. */
const ID = /[0-9a-f]{8}-[0-9a-f-]{27}/g;

/** Stands between an app and somebody else's server, and tells every call. */
export class HttpProxy {
  private constructor(private readonly server: Server) {}

  static async start(target: string, steps: Steps): Promise<HttpProxy> {
    const server = createServer((request, response) => {
      pass(target, steps, request, response).catch(() => {
        request.socket.destroy();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new HttpProxy(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function pass(target: string, steps: Steps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const path = request.url ?? '/';
  const [name = ''] = path.split('?');
  const label = `call: ${request.method ?? ''} ${name.replace(ID, '…')}`;
  if (!steps.pass(label, 'before')) {
    request.socket.destroy();
    return;
  }
  const headers = Object.entries(request.headers).filter(
    (entry): entry is [string, string] => !OF_THE_LINE.has(entry[0]) && typeof entry[1] === 'string',
  );
  const answer = await fetch(target + path, {
    method: request.method ?? 'POST',
    headers: Object.fromEntries(headers),
    ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
  });
  const body = Buffer.from(await answer.arrayBuffer());
  if (!steps.pass(label, 'after')) {
    request.socket.destroy();
    return;
  }
  const type = answer.headers.get('content-type') ?? 'application/json';
  response.writeHead(answer.status, { 'content-type': type }).end(body);
}
