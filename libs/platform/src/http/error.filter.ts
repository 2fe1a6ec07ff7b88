import { Catch, HttpException, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter, ValidationError } from '@nestjs/common';
import { BadRequestException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from './answer.dto';

/** What a customer or Kakao reads; operators read the exception's own English. */
export const KOREAN: Readonly<Record<number, string>> = {
  400: '요청 형식이 올바르지 않습니다.',
  401: '인증이 필요합니다.',
  403: '허용되지 않은 요청입니다.',
  404: '요청한 주소를 찾을 수 없습니다.',
  405: '허용되지 않은 메서드입니다.',
  408: '요청 시간이 초과되었습니다.',
  413: '요청 본문이 너무 큽니다.',
  415: '지원하지 않는 형식입니다. application/json으로 보내 주세요.',
  429: '요청이 너무 많습니다.',
  431: '요청 헤더가 너무 큽니다.',
  500: '일시적인 오류가 발생했습니다. 잠시 후 다시 시도해 주세요.',
  503: '서비스를 준비하고 있습니다. 잠시 후 다시 시도해 주세요.',
};

const HAS_KOREAN = /[가-힣]/;

/** A body, query or header that does not have the guide's form. Names fields, never their values. */
export class MalformedRequest extends BadRequestException {
  constructor(readonly problems: Problem[]) {
    super(problems.map(({ path, message }) => `${path}: ${message}`).join('; '));
  }

  static from(errors: ValidationError[], parent = ''): MalformedRequest {
    const flat = (list: ValidationError[], above: string): Problem[] =>
      list.flatMap((error) => {
        const path = above ? `${above}.${error.property}` : error.property;
        return [
          ...Object.values(error.constraints ?? {}).map((message) => ({ path, message })),
          ...flat(error.children ?? [], path),
        ];
      });
    return new MalformedRequest(flat(errors, parent));
  }
}

/**
 * Gives every failure the guide's shape, `{"status": …, "message": "…"}`.
 *
 * The message is safe to show: our own faults are told to the log only.
 */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Errors');

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
    if (status >= 500) this.logger.error({ error, route: request.routeOptions.url }, 'request failed');
    if (reply.sent) return;
    // The route may have named the type of its page already, in which Fastify would refuse to send an object.
    void reply
      .status(status)
      .type('application/json; charset=utf-8')
      .send(bodyOf(error, status, request.url.startsWith('/operator'), request.is404));
  }
}

/** PostgreSQL's words for a NUL in a text or a JSON value: the one character its columns cannot hold. */
const NUL_REFUSED = new Set<unknown>(['22021', '22P05']);

/** Fastify's own errors (broken JSON, body too large) carry the status they stand for. */
function statusOf(error: unknown): number {
  const { statusCode, code } = error as { statusCode?: unknown; code?: unknown };
  if (NUL_REFUSED.has(code)) return 400;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : 500;
}

function bodyOf(error: unknown, status: number, operator: boolean, noRoute: boolean): object {
  // Nest's own word for it repeats the address, which may hold anything.
  if (noRoute && operator) return { status, message: 'No such route' };
  if (error instanceof HttpException && status < 400) return error.getResponse() as object;
  if (error instanceof MalformedRequest) {
    if (operator) return { status, message: 'The request is malformed.', problems: error.problems };
    const fields = [...new Set(error.problems.map(({ path }) => path))].join(', ');
    return { status, message: `${KOREAN[400] ?? ''} (${fields})` };
  }
  const own = error instanceof HttpException ? error.getResponse() : undefined;
  const message = error instanceof HttpException ? error.message : '';
  if (operator && status < 500) {
    return typeof own === 'object' && 'problems' in own
      ? { status, message, problems: [own.problems].flat().map(asProblem) }
      : { status, message: message || 'Bad request' };
  }
  return { status, message: HAS_KOREAN.test(message) ? message : (KOREAN[status] ?? KOREAN[500]) };
}

/** A sentence by itself is about the whole. */
const asProblem = (problem: unknown): unknown =>
  typeof problem === 'string' ? { path: '', message: problem } : problem;
