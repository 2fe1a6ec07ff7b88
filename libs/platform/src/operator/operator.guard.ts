import { Injectable, UnauthorizedException } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OperatorConfig } from '../config/platform.config';
import { sameSecret } from '../encryption/same-secret';

/** `Authorization: Bearer {OPERATOR_TOKEN}`, compared in constant time; what is answered, personal data too, no cache keeps. */
@Injectable()
export class OperatorGuard implements CanActivate {
  private readonly expected: string;

  constructor(config: OperatorConfig) {
    this.expected = `Bearer ${config.token}`;
  }

  allows(authorization: string | undefined): boolean {
    return sameSecret(authorization, this.expected);
  }

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    void http.getResponse<FastifyReply>().header('cache-control', 'no-store');
    const { authorization } = http.getRequest<FastifyRequest>().headers;
    if (this.allows(authorization)) return true;
    throw new UnauthorizedException('The operator API needs the header Authorization: Bearer {OPERATOR_TOKEN}');
  }
}
