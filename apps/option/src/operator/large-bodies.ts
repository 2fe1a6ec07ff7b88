import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';

/** A product of 20,000 SKUs is about 4 MB of JSON. */
const LIMIT = 16 * 1024 * 1024;
const ROUTES = new Set(['/operator/products/:id', '/operator/products/:id/skus']);

/** Lets operators send bodies far larger than Kakao's. The operator token is checked before a byte is read, as on every operator route. */
@Injectable()
export class LargeBodies {
  constructor({ httpAdapter }: HttpAdapterHost) {
    const fastify = httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRoute', (route) => {
      if (ROUTES.has(route.url) && route.method === 'PUT') route.bodyLimit = LIMIT;
    });
  }
}
