import { RouteConfig } from '@nestjs/platform-fastify';

/** Nest's own key: `RouteConfig` replaces what an earlier decorator kept there. */
const ROUTE_CONFIG = '__fastify_route_config__';

/** Adds to what Fastify keeps beside a route; several decorators of one route may do so. */
export const routeConfig =
  (added: object): MethodDecorator =>
  (target, key, descriptor) => {
    const method = descriptor.value as object;
    const kept = Reflect.getMetadata(ROUTE_CONFIG, method) as object | undefined;
    RouteConfig({ ...kept, ...added })(target, key, descriptor as TypedPropertyDescriptor<unknown>);
  };
