import { routeConfig } from './route-config';

/** What Fastify keeps beside a route that is polled. */
export interface PolledRouteConfig {
  polled?: true;
}

/**
 * Marks a route that every customer's app asks again and again: only what is out of the ordinary is logged, an answer
 * of 4xx or 5xx or a slow one. Metrics count every call.
 */
export const PolledRoute = (): MethodDecorator => routeConfig({ polled: true } satisfies PolledRouteConfig);
