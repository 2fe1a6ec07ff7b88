import { OperatorGuard } from '@biz/platform';
import { Injectable, UnauthorizedException } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';

/** A product of 20,000 SKUs is about 4 MB of JSON. */
const LIMIT = 16 * 1024 * 1024;
const ROUTES = new Set(['/operator/products/:id', '/operator/products/:id/skus']);

/** Lets operators, and nobody else, send bodies far larger than Kakao's: who they are is asked before a byte is read. */
@Injectable()
export class LargeBodies {
  constructor({ httpAdapter }: HttpAdapterHost, guard: OperatorGuard) {
    const fastify = httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRoute', (route) => {
      if (!ROUTES.has(route.url) || route.method !== 'PUT') return;
      route.bodyLimit = LIMIT;
      route.onRequest = (request, _reply, done) => {
        done(guard.allows(request.headers.authorization) ? undefined : new UnauthorizedException());
      };
    });
  }
}
