import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { ANSWER_HEADERS } from './security-headers';
import { KOREAN } from './error.filter';

const bodyOf = (status: number): object => ({ status, message: KOREAN[status] ?? KOREAN[400] });

/** Answers an address that no route can be looked up for. One too long for its place is unknown, as any other. */
export function answerBadAddress(
  { code, statusCode = 400 }: FastifyError,
  _request: FastifyRequest,
  reply: FastifyReply,
): void {
  const status = code === 'FST_ERR_MAX_PARAM_LENGTH' ? 404 : statusCode;
  void reply.status(status).headers(ANSWER_HEADERS).send(bodyOf(status));
}

const RAW_HEADERS = Object.entries(ANSWER_HEADERS)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');

/** What Node says of a request that never became one; anything else is no HTTP. */
const STATUS_OF: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 };

/** Answers what cannot be read as HTTP, or not in time, and hangs up. */
export function answerBrokenHttp({ code = '' }: Error & { code?: string }, socket: Socket): void {
  if (code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const status = STATUS_OF[code] ?? 400;
  const body = JSON.stringify(bodyOf(status));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: application/json; charset=utf-8\r\n${RAW_HEADERS}` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => {
      socket.destroy();
    },
  );
}
