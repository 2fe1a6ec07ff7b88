import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  HttpCode,
  Injectable,
  type NestInterceptor,
  SetMetadata,
  StreamableFile,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { PLAYED } from '@biz/platform';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { SimulatedTime } from '../time/simulated-time';
import type { FaultPoint } from '../faults/fault';
import { Faults } from '../faults/faults';
import { headersThatMatter } from './headers';
import { type Actor, Traffic, type WireResponse } from './traffic';
import { DroppedConnection, WireAnswer, WireFilter } from './wire-answer';
import { asWireText } from './wire-json';

interface Part {
  point: FaultPoint;
  to: Actor;
  what: string;
}

const PART = 'simulator.part';

/** A route of somebody we play: it can misbehave on order, its answers keep every digit, and what happens is recorded. */
export function Played(point: FaultPoint, to: Actor, what: string): MethodDecorator {
  return applyDecorators(
    SetMetadata(PART, { point, to, what } satisfies Part),
    HttpCode(200),
    ApiExtension(PLAYED, to),
    UseInterceptors(PlayedInterceptor),
    UseFilters(WireFilter),
  );
}

@Injectable()
export class PlayedInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly faults: Faults,
    private readonly traffic: Traffic,
    private readonly time: SimulatedTime,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return from(this.play(context, next));
  }

  private async play(context: ExecutionContext, next: CallHandler): Promise<unknown> {
    const part = this.reflector.get<Part>(PART, context.getHandler());
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const subjects = subjectsOf(request);
    const at = this.time.now();
    const started = performance.now();
    const record = (response: Omit<WireResponse, 'ms'>): void => {
      this.traffic.record({
        at,
        from: 'merchant',
        to: part.to,
        what: part.what,
        request: {
          method: request.method,
          url: `${request.protocol}://${request.host}${withoutKey(request.url)}`,
          headers: headersThatMatter(request.headers),
          body: request.body ?? undefined,
        },
        response: { ...response, ms: Math.round(performance.now() - started) },
        subjects: [...subjects, ...((request as { subjects?: string[] }).subjects ?? [])],
      });
    };
    try {
      const work = (): Promise<unknown> => lastValueFrom(next.handle(), { defaultValue: '' });
      const body = await this.faults.serving(() => this.misbehave(part.point, subjects, work));
      if (body instanceof StreamableFile) {
        const { type, length } = body.getHeaders();
        record({ status: reply.statusCode, headers: { 'content-type': type }, body: `${length ?? '?'} bytes` });
        return body;
      }
      record({ status: reply.statusCode, body });
      void reply.header('content-type', 'application/json;charset=UTF-8');
      return asWireText(body);
    } catch (error) {
      if (error instanceof WireAnswer) record({ status: error.status, body: error.body });
      else if (error instanceof DroppedConnection) record({ failure: '연결이 끊겼습니다 (connection dropped)' });
      throw error;
    }
  }

  private async misbehave(point: FaultPoint, subjects: string[], work: () => Promise<unknown>): Promise<unknown> {
    const fault = this.faults.take(point, subjects, [
      'slow',
      'late',
      'status',
      'drop-before',
      'drop-after',
      'hold',
      'garbage',
      'wrong-amount',
      'says',
    ]);
    switch (fault?.kind) {
      case 'status':
        throw new WireAnswer(fault.status, { code: -1, msg: 'simulated failure' });
      case 'drop-before':
        throw new DroppedConnection();
      case 'drop-after':
        await work();
        throw new DroppedConnection();
      case 'garbage':
        await work();
        return '<html>simulated: not JSON</html>';
      case 'slow': {
        const answer = await work();
        await new Promise((resolve) => setTimeout(resolve, fault.ms));
        return answer;
      }
      case 'late':
        await new Promise((resolve) => setTimeout(resolve, fault.ms));
        return work();
      case 'wrong-amount':
        return withOtherAmount(await work());
      case 'says':
        return saying(fault.fields ?? {}, await work());
      case 'hold':
        await this.faults.hold(fault);
        return work();
      default:
        return work();
    }
  }
}

/** Other words about what is: a field of `null` is left out. */
const saying = (fields: Record<string, unknown>, answer: unknown): unknown =>
  Object.fromEntries(Object.entries({ ...asFields(answer), ...fields }).filter(([, value]) => value !== null));

const OTHER_AMOUNT = 1_000;

/** What was done stays as it is: only the answer says something else. */
function withOtherAmount(answer: unknown): unknown {
  const told = { ...asFields(answer) };
  for (const name of ['amount', 'approved_cancel_amount']) {
    const amount = asFields(told[name]);
    if (typeof amount.total === 'number') told[name] = { ...amount, total: amount.total + OTHER_AMOUNT };
  }
  return told;
}

/** Ids a controller learned while answering, so that a call by access token alone finds its scenario. */
export function about(request: FastifyRequest, ...subjects: string[]): void {
  const bag = request as { subjects?: string[] };
  bag.subjects = [...(bag.subjects ?? []), ...subjects];
}

const withoutKey = (url: string): string => url.replace(/(rest_api_key=.{0,4})[^&]*/, '$1…');

const SUBJECT_FIELDS = [
  'tid',
  'sid',
  'partner_order_id',
  'code',
  'relayId',
  'partnerOrderId',
  'id',
  'userId',
  'appUserId',
];

function subjectsOf(request: FastifyRequest): string[] {
  const { token, asset } = request.params as Record<string, unknown>;
  const body = asFields(request.body);
  const data = asFields(body.data);
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  return [token, asset, bearer, ...SUBJECT_FIELDS.flatMap((field) => [body[field], data[field]])].filter(
    (value): value is string => typeof value === 'string' && value !== '',
  );
}

function asFields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
