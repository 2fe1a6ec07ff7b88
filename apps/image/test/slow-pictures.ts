import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { times } from '@biz/testing';
import { jpeg } from './gallery';

const BYTE = Buffer.alloc(1);

/** How a picture is bad: it never begins, never goes on, drips, comes at 40 KB/s, or is refused for now. */
export type Malady = 'hangs' | 'stops' | 'drips' | 'crawls' | 'fails';

/** A picture server whose pictures are good, or bad in one way. It notes in which order what happened. */
export class SlowPictures {
  /** What was asked for, and what we gave up. */
  readonly story: string[] = [];
  private addresses = 0;
  private readonly drips = new Set<NodeJS.Timeout>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<SlowPictures> {
    const server = createServer();
    const pictures = new SlowPictures(server);
    server.on('request', (request, response) => {
      const [, kind = ''] = /^\/dna\/(\w+)/.exec(request.url ?? '') ?? [];
      pictures.story.push(kind);
      response.on('close', () => {
        if (!response.writableFinished) pictures.story.push(`${kind}: given up`);
      });
      pictures.serve(kind, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return pictures;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  addressesOf(kind: 'good' | Malady, count: number): Record<string, string>[] {
    const address = (): string => `${this.url}/dna/${kind}/${++this.addresses}/img.jpg`;
    return times(count / 3, () => ({ original: address(), img_3m: address(), img_1m: address() }));
  }

  count(what: string): number {
    return this.story.filter((each) => each === what).length;
  }

  async close(): Promise<void> {
    for (const drip of this.drips) clearInterval(drip);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(kind: string, response: ServerResponse): void {
    if (kind === 'good') response.end(jpeg(900));
    if (kind === 'fails') response.writeHead(503).end();
    if (kind === 'stops') response.write(jpeg(900));
    if (kind === 'drips') this.drip(response, BYTE, 1_000);
    if (kind === 'crawls') this.drip(response, jpeg(10_000), 250);
  }

  private drip(response: ServerResponse, piece: Buffer, everyMs: number): void {
    response.write(jpeg(900));
    const drip = setInterval(() => response.write(piece), everyMs);
    this.drips.add(drip);
    response.on('close', () => {
      clearInterval(drip);
      this.drips.delete(drip);
    });
  }
}
