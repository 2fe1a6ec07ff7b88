import type { IncomingMessage } from 'node:http';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { DestinationStream, Logger } from 'pino';
import type { Clock } from '../clock';
import { Addresses } from '../config/addresses.config';
import { withOwnDatabase } from '../config/app-databases';
import { RuntimeConfig } from '../config/platform.config';
import { ConfigError, readConfig, withoutMarks } from '../config/variable';
import type { Environment } from '../config/variable';
import { readBodies } from '../bodies/bodies';
import { CallerChecks } from '../bodies/caller-checks';
import { addSecurityHeaders } from '../http/security-headers';
import type { PolledRouteConfig } from '../http/polled-route';
import { answerBadAddress, answerBrokenHttp } from '../http/unreadable-request';
import { createPino, PinoLogger } from '../logging/logger';
import { newRequestId, withRequestId } from '../logging/request-context';
import { Metrics } from '../metrics/metrics';
import type { AppDefinition } from './app-definition';
import { Lifecycle } from './lifecycle';
import { describeApp } from './openapi';
import { PlatformModule } from './platform.module';

export interface CreateAppOptions {
  env?: Environment;
  clock?: Clock;
  /** Where log lines go instead of standard output. */
  logDestination?: DestinationStream;
}

/** A larger body is answered 413; the largest the guide knows is a few kilobytes. */
const BODY_LIMIT = 256 * 1024;
/** A client that has not sent its request by then is answered 408. */
const REQUEST_TIMEOUT_MS = 10_000;
/** How often slow clients are looked for. */
const SLOW_CLIENT_CHECK_MS = 2_000;
/** A polled route that takes longer is logged all the same. */
const SLOW_MS = 1_000;
/** A request id of a caller is passed on when it looks like one. */
const REQUEST_ID = /^[\w.-]{1,64}$/;

/**
 * Builds an app, its migrations applied and its workers not yet running: `listen` or `init` starts them.
 *
 * @throws ConfigError when the environment does not fit
 */
export async function createApp(
  definition: AppDefinition,
  { env: given = process.env, clock, logDestination }: CreateAppOptions = {},
): Promise<NestFastifyApplication> {
  const env = withOwnDatabase(definition.name, withoutEmpty(withoutMarks(given)));
  const runtime = readConfig(RuntimeConfig, env);
  // The simulator has its own word on production.
  if (runtime.production && definition.name !== 'simulator') {
    const problems = readConfig(Addresses, env).productionProblems(definition.name);
    if (problems.length > 0) throw new ConfigError(problems);
  }
  const pino = createPino(definition.name, runtime.logLevel, logDestination);
  const adapter = adapterOf(runtime);
  const app = await NestFactory.create<NestFastifyApplication>(PlatformModule.forApp(definition, env, clock), adapter, {
    abortOnError: false,
    logger: new PinoLogger(pino),
  });
  readBodies(app, adapter, app.get(CallerChecks), BODY_LIMIT);
  addSecurityHeaders(adapter.getInstance(), definition.name);
  addHooks(app, adapter, pino);
  SwaggerModule.setup('docs', app, () => describeApp(app, definition), {
    customSiteTitle: definition.title,
    swaggerOptions: { persistAuthorization: false },
  });
  return app;
}

const adapterOf = ({ trustedProxies }: RuntimeConfig): FastifyAdapter =>
  new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: {
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: SLOW_CLIENT_CHECK_MS,
    },
    forceCloseConnections: 'idle',
    // Nobody repeats a T3: what reached this process before its port closed is answered, not turned away.
    return503OnClosing: false,
    // A proxy that previews links must not run a GET that changes something, such as cancel_url.
    exposeHeadRoutes: false,
    trustProxy: trustedProxies.length > 0 ? trustedProxies : false,
    genReqId: ({ headers }: IncomingMessage) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : newRequestId();
    },
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: answerBadAddress,
    clientErrorHandler: answerBrokenHttp,
  });

/** Each answer carries its request's id, and is counted and logged. */
function addHooks(app: NestFastifyApplication, adapter: FastifyAdapter, pino: Logger): void {
  const metrics = app.get(Metrics);
  const fastify = adapter.getInstance();
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    withRequestId(request.id, done);
  });
  const lifecycle = app.get(Lifecycle);
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    // A connection that stays open would hold the shutdown up until its keep-alive ends.
    if (lifecycle.draining) void reply.header('connection', 'close');
    done(null, payload);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    // The pattern, never the address: addresses hold path keys and query strings hold personal data.
    const route = request.routeOptions.url ?? 'unknown';
    const { statusCode: status, elapsedTime } = reply;
    metrics.requests.observe({ method: request.method, route, status }, elapsedTime / 1000);
    const { polled } = request.routeOptions.config as PolledRouteConfig;
    const ordinary = status < 400 && elapsedTime < SLOW_MS;
    if (!isQuiet(route) && !(polled && ordinary)) {
      pino.info(
        { requestId: request.id, method: request.method, route, status, ms: Math.round(elapsedTime) },
        'request',
      );
    }
    done();
  });
}

/** `NAME=` in a .env file means: not set. */
const withoutEmpty = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));

/** Health checks and scrapes come every few seconds and say nothing. */
const isQuiet = (route: string): boolean =>
  route.startsWith('/health') || route === '/metrics' || route.startsWith('/docs');

/** The OpenAPI document of an app, made without a database and without configuration. */
export async function createDocument(definition: AppDefinition): Promise<OpenAPIObject> {
  const app = await NestFactory.create<NestFastifyApplication>(
    PlatformModule.forApp(definition, {}),
    new FastifyAdapter(),
    {
      preview: true,
      abortOnError: false,
      logger: false,
    },
  );
  return describeApp(app, definition);
}
