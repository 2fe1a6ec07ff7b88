import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/internal';
import type { FastifyRequest } from 'fastify';
import { MalformedRequest } from '../http/error.filter';

/**
 * Refuses fields that a route of operators does not read: a route without a body, or without a query, would do without a
 * word what it always does, such as give back everything for `…/cancel?amount=500`.
 */
@Injectable()
export class UnreadFields implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { body, query } = context.switchToHttp().getRequest<FastifyRequest>();
    const read = argumentsOf(context);
    if (read.has(RouteParamtypes.REQUEST)) return true;
    const unread = [
      ...(read.has(RouteParamtypes.BODY) ? [] : namesIn(body)),
      ...(read.has(RouteParamtypes.QUERY) ? [] : namesIn(query)),
    ];
    if (unread.length === 0) return true;
    throw new MalformedRequest(unread.map((path) => ({ path, message: `property ${path} should not exist` })));
  }
}

/** What the arguments of a route are taken from. */
function argumentsOf(context: ExecutionContext): ReadonlySet<number> {
  const route = context.getHandler().name;
  const known = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), route) as object | undefined;
  // A key is the kind and the place: `3:1`. One of a decorator of our own is no number.
  return new Set(Object.keys(known ?? {}).map((key) => Number(key.split(':', 1)[0])));
}

const namesIn = (fields: unknown): string[] =>
  typeof fields === 'object' && fields !== null ? Object.keys(fields) : [];
