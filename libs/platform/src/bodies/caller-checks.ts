import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Says whether a caller may call the route it asked for. @throws HttpException when not */
export type CallerCheck = (request: FastifyRequest, reply: FastifyReply) => void;

/**
 * What decides who may call a route: path keys, the operator token, addresses.
 *
 * The checks run in the order they were added, after the rate limits and before a route's content types, the size of a body
 * or the body itself are looked at, so that a caller who may not call learns nothing of the route. A guard of Nest is too
 * late for it: Fastify has read the body by then.
 */
@Injectable()
export class CallerChecks {
  private readonly checks: CallerCheck[] = [];

  add(check: CallerCheck): void {
    this.checks.push(check);
  }

  /** @throws HttpException of the first check that refuses */
  run(request: FastifyRequest, reply: FastifyReply): void {
    for (const check of this.checks) check(request, reply);
  }
}
