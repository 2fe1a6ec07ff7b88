import { Injectable } from '@nestjs/common';
import { Agent, request } from 'undici';
import type { Dispatcher } from 'undici';
import { textOrBytes } from '../bodies/text';
import { requestId } from '../logging/request-context';
import { AddressGate } from './address-gate';
import { endedAfter } from './ended-after';

export interface OutboundRequest {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** For the whole exchange; 10,000 unless said. */
  timeoutMs?: number;
  /** A longer answer is `unknown`; 1 MiB unless said. */
  maxBytes?: number;
  /** Whatever follows the status is thrown away: it cannot turn a call that was answered into an `unknown` one. */
  statusOnly?: boolean;
}

/** What a call to somebody else's server says about whether it was carried out. */
export type Outcome =
  /** The body as text, read by its charset and without its byte order mark; bytes that are no text as a `data:` URL. */
  | { kind: 'answered'; status: number; headers: Record<string, string>; body: string }
  /** No byte of the request left: nothing was done. */
  | { kind: 'not-sent'; reason: string }
  /** The request may have been carried out: neither success nor failure. */
  | { kind: 'unknown'; reason: string };

/** Errors that happen before the request is on the wire. */
const NOT_SENT = new Set([
  'ADDRESS_REFUSED',
  'LINE_REFUSED',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** With more to come than this the connection is closed. */
const LARGEST_THROWN_AWAY = 65_536;
const THROWN_AWAY_WITHIN_MS = 1_000;

/**
 * Calls other people's servers: no redirects, bounded time and size, and an honest word about what is not known.
 *
 * The text of an address must have passed its gate before it comes here; what its name leads to is judged here, as the
 * connection is made. Nothing is unpacked: a compressed answer, which nobody asked for, is `unknown`. Reasons name the
 * kind of fault only, never the address.
 */
@Injectable()
export class Outbound {
  private readonly agent: Agent;

  constructor(gate: AddressGate) {
    // A kept connection that the other side just closed would turn a harmless call into an `unknown` one.
    this.agent = new Agent({
      connect: gate.connector({ timeout: 5_000 }),
      keepAliveTimeout: 4_000,
      pipelining: 1,
    });
  }

  async send({
    method,
    url,
    headers,
    body,
    timeoutMs = 10_000,
    maxBytes = 1_048_576,
    statusOnly = false,
  }: OutboundRequest): Promise<Outcome> {
    const id = requestId();
    try {
      return await endedAfter(timeoutMs, async (signal) => {
        const response = await request(url, {
          method,
          headers: { ...(id && { 'x-request-id': id }), 'accept-encoding': 'identity', ...headers },
          body: body ?? null,
          dispatcher: this.agent,
          signal,
        });
        return {
          kind: 'answered',
          status: response.statusCode,
          headers: flatten(response.headers),
          body: statusOnly ? throwAway(response) : await readText(response, maxBytes),
        };
      });
    } catch (error) {
      const reason = reasonOf(error);
      return { kind: NOT_SENT.has(reason) ? 'not-sent' : 'unknown', reason };
    }
  }

  async close(): Promise<void> {
    await this.agent.close();
  }
}

class Unreadable extends Error {
  constructor(readonly code: 'TOO_LARGE' | 'COMPRESSED') {
    super(code);
  }
}

/** A short body is read, so that its connection serves the next call; nobody waits for it. */
function throwAway({ body }: Dispatcher.ResponseData): string {
  body.on('error', () => undefined);
  endedAfter(THROWN_AWAY_WITHIN_MS, (signal) => body.dump({ limit: LARGEST_THROWN_AWAY, signal })).catch(
    () => undefined,
  );
  return '';
}

async function readText({ headers, body }: Dispatcher.ResponseData, maxBytes: number): Promise<string> {
  if (!['', 'identity'].includes(String(headers['content-encoding'] ?? ''))) {
    // Destroying a body that nobody reads emits an error, which without a listener would end the process.
    body.on('error', () => undefined).destroy();
    throw new Unreadable('COMPRESSED');
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Unreadable('TOO_LARGE');
    chunks.push(chunk);
  }
  const type = headers['content-type'];
  return textOrBytes(Buffer.concat(chunks), Array.isArray(type) ? type[0] : type);
}

/** A code such as ECONNRESET; never a text, which could hold the address. */
function reasonOf(error: unknown): string {
  // Read by shape, not by `instanceof`: Jest gives each test file an Error class of its own.
  for (let at = error as Fault | undefined; at; at = at.cause as Fault | undefined) {
    if (at.name === 'TimeoutError') return 'TIMEOUT';
    if (Array.isArray(at.errors) && at.errors.length > 0) return reasonOf(at.errors[0]);
    if (typeof at.code === 'string') return at.code;
  }
  return 'UNKNOWN';
}

interface Fault {
  name?: unknown;
  code?: unknown;
  errors?: unknown;
  cause?: unknown;
}

const flatten = (headers: Record<string, string | string[] | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
