import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable, UnauthorizedException } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OperatorConfig } from '../config/platform.config';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** `Authorization: Bearer {OPERATOR_TOKEN}`, compared in constant time; what is answered, personal data too, no cache keeps. */
@Injectable()
export class OperatorGuard implements CanActivate {
  private readonly expected: Buffer;

  constructor(config: OperatorConfig) {
    this.expected = digest(`Bearer ${config.token}`);
  }

  allows(authorization: string | undefined): boolean {
    return authorization !== undefined && timingSafeEqual(digest(authorization), this.expected);
  }

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    void http.getResponse<FastifyReply>().header('cache-control', 'no-store');
    const { authorization } = http.getRequest<FastifyRequest>().headers;
    if (this.allows(authorization)) return true;
    throw new UnauthorizedException('The operator API needs the header Authorization: Bearer {OPERATOR_TOKEN}');
  }
}
