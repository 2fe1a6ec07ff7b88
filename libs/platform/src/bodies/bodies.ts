import { parse as parseForm } from 'node:querystring';
import { BadRequestException, NotFoundException, UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyAdapter, NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest, RawServerDefault } from 'fastify';
import type { CallerChecks } from './caller-checks';
import { parseJson } from './json';
import { isPlainBody } from './plain-body';
import { textOf, UnreadableText } from './text';
import { routeConfig } from '../http/route-config';

/** How the body of each content type is handed to its route. */
const READ_AS = {
  'application/json': 'data',
  'application/x-www-form-urlencoded': 'data',
  'application/jwt': 'text',
  'application/secevent+jwt': 'text',
  'text/plain': 'text',
  /** As it comes: a file may be larger than what is kept in memory. */
  'text/csv': 'stream',
} as const;

export type BodyType = keyof typeof READ_AS;

/** What Fastify keeps beside a route whose bodies are not JSON. */
interface BodyRouteConfig {
  bodyTypes?: readonly BodyType[];
}

/**
 * Names the content types of a route's bodies, instead of `application/json` alone.
 *
 * A body of `text/csv` is a stream, one of `application/jwt`, `application/secevent+jwt` and `text/plain` a text: a route of
 * those reads the request itself, since no pipe may see them.
 */
export const ReadsBodies = (...bodyTypes: BodyType[]): MethodDecorator =>
  routeConfig({ bodyTypes } satisfies BodyRouteConfig);

const BODYLESS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * The one rule about bodies, of every route of every app.
 *
 * 1. An unknown address is answered 404, and a caller who may not call the route as its check says, whatever the body is.
 * 2. A content type that the route does not name is answered 415, and not a byte of the body is read.
 * 3. What was read is plain data (`isPlainBody`), or the text or stream that the route named; else it is answered 400 before
 *    a guard, pipe or class-transformer sees it.
 */
export function readBodies(
  app: NestFastifyApplication,
  adapter: FastifyAdapter,
  callers: CallerChecks,
  bodyLimit: number,
): void {
  const fastify = adapter.getInstance();
  // Parsers belong to a whole Fastify instance, and all routes of Nest to one: the hooks below give each its routes.
  readJsonBodies(app, adapter, bodyLimit);
  readForms(app, bodyLimit);
  fastify.removeContentTypeParser('text/plain');
  for (const [type, read] of Object.entries(READ_AS)) {
    if (read === 'text') {
      fastify.addContentTypeParser(type, { parseAs: 'buffer', bodyLimit }, (request, body, done) => {
        const text = readable(body as Buffer, request);
        if (text === undefined) done(new BadRequestException());
        else done(null, text);
      });
    } else if (read === 'stream') {
      fastify.addContentTypeParser(type, (_request, payload, done) => {
        done(null, payload);
      });
    }
  }
  fastify.addHook('preParsing', (request, reply, payload, done) => {
    const refusal = refusalOf(callers, request, reply);
    if (refusal !== undefined) {
      done(refusal, payload);
      return;
    }
    if (isNamed(request)) {
      done(null, payload);
      return;
    }
    if (request.headers['content-length'] === '0') {
      // No body has no type, whatever the caller wrote: `curl -d ''` names a form.
      delete request.raw.headers['content-type'];
      done(null, payload);
      return;
    }
    void reply.header('connection', 'close');
    done(new UnsupportedMediaTypeException(`Send the body as Content-Type: ${typesOf(request).join(' or ')}`), payload);
  });
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    // A stream that its route left has bytes in the connection, behind which no other request would be read.
    const isStream = READ_AS[request.mediaType as BodyType] === 'stream';
    if (isStream && !request.raw.complete) void reply.header('connection', 'close');
    done();
  });
  fastify.addHook('preValidation', (request, _reply, done) => {
    done(isReadable(request) ? undefined : new BadRequestException());
  });
}

/** As a value: Fastify takes the error of a hook by its callback. */
function refusalOf(callers: CallerChecks, request: FastifyRequest, reply: FastifyReply): Error | undefined {
  if (request.is404) return new NotFoundException();
  try {
    callers.run(request, reply);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

const typesOf = ({ routeOptions }: FastifyRequest): readonly BodyType[] =>
  (routeOptions.config as BodyRouteConfig).bodyTypes ?? ['application/json'];

/** A request without a type must have no body either. */
function isNamed(request: FastifyRequest): boolean {
  const type = request.mediaType;
  if (BODYLESS.has(request.method)) return true;
  if (type === undefined) {
    const { 'transfer-encoding': encoding, 'content-length': length = '0' } = request.headers;
    return encoding === undefined && length === '0';
  }
  return typesOf(request).some((each) => each === type);
}

function isReadable(request: FastifyRequest): boolean {
  const read = READ_AS[request.mediaType as BodyType] as (typeof READ_AS)[BodyType] | undefined;
  if (read === undefined || read === 'data' || request.body === undefined) return isPlainBody(request.body);
  return isNamed(request) && (read === 'text') === (typeof request.body === 'string');
}

/** Bodies are checked by Fastify's own parser, which refuses `__proto__`, and read by ours, which loses no digit of an id and no byte of a name. */
function readJsonBodies(app: NestFastifyApplication, adapter: FastifyAdapter, bodyLimit: number): void {
  const check = adapter.getInstance().getDefaultJsonParser('error', 'error');
  app.useBodyParser<RawServerDefault>('application/json', { bodyLimit }, (request, body, done) => {
    const text = readable(body, request);
    if (text === undefined) {
      done(new BadRequestException());
      return;
    }
    void check(request, text, (error) => {
      done(error, error ? undefined : parseJson(text));
    });
  });
}

/** A form as Nest's own parser reads it, after its text was read as that of any body. */
function readForms(app: NestFastifyApplication, bodyLimit: number): void {
  app.useBodyParser<RawServerDefault>('application/x-www-form-urlencoded', { bodyLimit }, (request, body, done) => {
    const text = readable(body, request);
    if (text === undefined) done(new BadRequestException());
    else done(null, parseForm(text));
  });
}

/** The text of a body; none when it is no text of its charset. JSON on a wire is no UTF-16, with its mark neither (RFC 8259). */
function readable(body: Buffer, { headers }: FastifyRequest): string | undefined {
  if ((body[0] === 0xff && body[1] === 0xfe) || (body[0] === 0xfe && body[1] === 0xff)) return undefined;
  try {
    return textOf(body, headers['content-type']);
  } catch (error) {
    if (error instanceof UnreadableText) return undefined;
    throw error;
  }
}
