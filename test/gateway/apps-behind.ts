import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';

export const APPS = ['profile', 'location', 'image', 'option', 'payment', 'sync'] as const;
export type KakaoApp = (typeof APPS)[number];

export interface Route {
  app: KakaoApp;
  method: 'GET' | 'POST' | 'PUT';
  /** As OpenAPI writes it: `/m/{pathKey}/ordersheet`. */
  path: string;
  tag: string;
}

interface Document {
  paths: Record<string, Record<string, { tags?: string[] }>>;
}

/** Every route of an app, as its committed OpenAPI document lists it. */
function routesOf(app: KakaoApp): Route[] {
  const text = readFileSync(join(__dirname, `../../openapi/${app}.json`), 'utf8');
  const { paths } = JSON.parse(text) as Document;
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { tags }]) => ({
      app,
      method: method.toUpperCase() as Route['method'],
      path,
      tag: tags?.[0] ?? '',
    })),
  );
}

export const ROUTES: readonly Route[] = APPS.flatMap(routesOf);

/** What an app's router made of one request. */
export interface Heard {
  app: KakaoApp;
  method: string;
  /** The request target as it came, and its query. */
  url: string;
  /** The route that was found; none: 404. */
  route?: Route;
  pathKey?: string;
}

/** The routes of the six apps on a router of their kind, each of which only notes what it hears. */
export class AppsBehind {
  private readonly heard: (Heard & { id: unknown })[] = [];
  private readonly servers: FastifyInstance[] = [];

  /** @returns the apps, and where they are, as the gateway's environment */
  static async start(): Promise<{ apps: AppsBehind; env: Record<string, string> }> {
    const apps = new AppsBehind();
    const started = await Promise.all(APPS.map(async (app) => [`${app.toUpperCase()}_UPSTREAM`, await apps.add(app)]));
    return { apps, env: Object.fromEntries(started) as Record<string, string> };
  }

  private async add(app: KakaoApp): Promise<string> {
    const note = (request: FastifyRequest, route?: Route): void => {
      const { pathKey } = (request.params ?? {}) as { pathKey?: string };
      const { method, url = '', headers } = request.raw;
      this.heard.push({ id: headers['x-id'], app, method: method ?? '', url, route, pathKey });
    };
    // What createApp sets of the router.
    const server = fastify({
      exposeHeadRoutes: false,
      routerOptions: { maxParamLength: 200 },
      frameworkErrors: (_error, request, reply) => {
        note(request);
        reply.raw.writeHead(404).end();
      },
    });
    this.servers.push(server);
    for (const route of ROUTES.filter((each) => each.app === app)) {
      server.route({
        method: route.method,
        url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
        handler: (request, reply) => {
          note(request, route);
          return reply.send({ status: 200 });
        },
      });
    }
    server.setNotFoundHandler((request, reply) => {
      note(request);
      return reply.status(404).send({ status: 404 });
    });
    await server.listen({ port: 0, host: '127.0.0.1' });
    return server.listeningOrigin.replace('http://', '');
  }

  /** @param id of the request, its header X-Id. @returns what an app made of it; undefined when no app heard of it */
  heardOf(id: string): Heard | undefined {
    const found = this.heard.find((each) => each.id === id);
    if (!found) return undefined;
    const { app, method, url, route, pathKey } = found;
    return { app, method, url, route, pathKey };
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
  }
}
