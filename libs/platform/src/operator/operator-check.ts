import { Injectable, UnauthorizedException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CallerChecks } from '../bodies/caller-checks';
import { OperatorConfig } from '../config/platform.config';
import { sameSecret } from '../encryption/same-secret';

const OPERATOR = /^\/operator(?:\/|$)/;

/**
 * Every route below `/operator` needs `Authorization: Bearer {OPERATOR_TOKEN}`, compared in constant time. No cache keeps the
 * answers, since they hold personal data.
 */
@Injectable()
export class OperatorCheck {
  private readonly expected: string;

  constructor(config: OperatorConfig, callers: CallerChecks) {
    this.expected = `Bearer ${config.token}`;
    callers.add((request, reply) => {
      if (OPERATOR.test(request.routeOptions.url ?? '')) this.check(request, reply);
    });
  }

  private check({ headers }: FastifyRequest, reply: FastifyReply): void {
    void reply.header('cache-control', 'no-store');
    if (sameSecret(headers.authorization, this.expected)) return;
    throw new UnauthorizedException('The operator API needs the header Authorization: Bearer {OPERATOR_TOKEN}');
  }
}
