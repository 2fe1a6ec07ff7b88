import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * As much of S3 as a store needs, as an older one of another maker speaks it: put, get, delete, list by prefix, signed
 * requests only. To delete many by one call it wants Content-MD5, which today's SDK does not send.
 */
export class Bucket {
  /** By the bucket's name and the key. */
  readonly objects = new Map<string, Buffer>();
  /** What does not go as it should: an answer of its own to this method. */
  readonly faults = new Map<string, Handler>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Bucket> {
    const server = createServer();
    const bucket = new Bucket(server);
    server.on('request', (request, response) => {
      bucket.serve(request, response);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return bucket;
  }

  /** Where the SDK finds it, and by which keys. */
  get environment(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      AWS_REGION: 'ap-northeast-2',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_MAX_ATTEMPTS: '1',
    };
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const fault = this.faults.get(request.method ?? '');
    if (fault) {
      fault(request, response);
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      this.answer(request, response, Buffer.concat(chunks));
    });
  }

  private answer({ method, url, headers }: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const { pathname, searchParams } = new URL(url ?? '/', 'http://s3');
    const name = decodeURIComponent(pathname);
    const found = this.objects.get(name);
    if (!headers.authorization?.startsWith('AWS4-HMAC-SHA256')) refuse(response, 403, 'AccessDenied');
    else if (method === 'PUT') {
      this.objects.set(name, body);
      response.writeHead(200).end();
    } else if (method === 'DELETE') {
      this.objects.delete(name);
      response.writeHead(204).end();
    } else if (method === 'POST') refuse(response, 400, 'MissingContentMD5');
    else if (searchParams.has('list-type')) {
      const prefix = `${name.replace(/\/$/, '')}/${searchParams.get('prefix') ?? ''}`;
      const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix)).slice(0, 2);
      const contents = keys.map((key) => `<Contents><Key>${key.replace(/^\/[^/]+\//, '')}</Key></Contents>`).join('');
      response
        .writeHead(200, { 'content-type': 'application/xml' })
        .end(`<ListBucketResult>${contents}</ListBucketResult>`);
    } else if (found) response.writeHead(200).end(found);
    else refuse(response, 404, 'NoSuchKey');
  }
}

export function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(`<Error><Code>${code}</Code></Error>`);
}
