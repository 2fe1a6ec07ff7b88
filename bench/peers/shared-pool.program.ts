import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Agent, request } from 'undici';

/**
 * The usual way to fetch pictures: one shared pool, first in, first out, and a flat time limit for each picture.
 *
 * `POST /` takes a list of addresses and answers once each of them came, was given up, or failed. Nothing is stored.
 */
const PLACES = 8;
const LIMIT_MS = Number(process.env.LIMIT_MS);

const agent = new Agent({ connections: PLACES });
const queue: (() => Promise<void>)[] = [];
let running = 0;

function next(): void {
  const fetchOne = running < PLACES ? queue.shift() : undefined;
  if (!fetchOne) return;
  running++;
  void fetchOne().finally(() => {
    running--;
    next();
  });
}

const fetched = (url: string): Promise<void> =>
  new Promise((resolve) => {
    queue.push(async () => {
      try {
        const { body } = await request(url, { dispatcher: agent, signal: AbortSignal.timeout(LIMIT_MS) });
        await buffer(body);
      } catch {
        // Given up: what counts is when the pictures behind it come.
      }
      resolve();
    });
    next();
  });

const server = createServer((incoming, response) => {
  void buffer(incoming).then(async (body) => {
    await Promise.all((JSON.parse(body.toString()) as string[]).map(fetched));
    response.end();
  });
});

server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));
