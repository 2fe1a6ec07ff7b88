import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { APP_NAME, Clock, Metrics, OnceAMinute } from '@biz/platform';
import type { AppName, PolledRouteConfig } from '@biz/platform';
import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Counter } from 'prom-client';
import { KakaoCheck } from './kakao-check';
import type { CustomerRouteConfig } from './kakao-check';
import { RateLimitConfig } from './rate-limit.config';
import { rateLimitStore } from './rate-limit-store';

const WINDOW_MS = 60_000;
/** Counters each limit keeps; the least recently used is dropped. 10,000 take about 3 MB. */
const MAX_COUNTERS = 10_000;
/** An IPv6 customer has a /64 of addresses, so all of it is one caller. */
const IPV6_PREFIX = 64;
/** What operators, Prometheus and container engines call is not limited here; any other route is. */
const EXEMPT = /^\/(?:operator|health|metrics|docs)(?:[/-]|$)/;
const TOO_MANY = JSON.stringify({ status: 429, message: '요청이 너무 많습니다. 잠시 후 다시 시도해 주세요.' });

type By = 'caller' | 'merchant' | 'unknown' | 'refused';
type Check = ReturnType<FastifyInstance['createRateLimit']>;

interface Limit {
  by: By;
  max: number;
  /** Whose calls it counts. */
  keyOf: (request: FastifyRequest) => string;
  check: Check;
}

/** The limits of a kind of route; one that is switched off is absent. */
type Limits = Partial<Record<'caller' | 'merchant', Limit>>;
type RouteKind = 'status' | 'calls' | 'redirects' | 'logins';

interface LimitedRequest extends FastifyRequest {
  /** Whose path key the address holds; absent for an unknown one. */
  limitedFor?: string;
}

/**
 * Bounds how often one caller, and all callers together for one merchant, may call each Kakao-facing route.
 *
 * It runs in `onRequest`: before a body is read and before any query. Counters are in the memory of the process.
 * A route that is added anywhere in the app is limited too, unless it is one of operators.
 */
@Injectable()
export class RateLimits implements OnModuleInit {
  private readonly logger = new Logger(RateLimits.name);
  private readonly limited: Counter<'route' | 'by'>;
  private readonly limits = new Map<RouteKind, Limits>();
  private readonly told: OnceAMinute;
  private unknown?: Limit;
  private refused?: Limit;

  constructor(
    @Inject(APP_NAME) private readonly app: AppName,
    private readonly host: HttpAdapterHost,
    private readonly kakao: KakaoCheck,
    private readonly config: RateLimitConfig,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.told = new OnceAMinute(clock);
    this.limited = new Counter({
      name: 'biz_rate_limited_total',
      help: 'Requests answered 429, by route and by whose limit was used up',
      labelNames: ['route', 'by'] as const,
      registers: [metrics.registry],
    });
  }

  onModuleInit(): void {
    if (!this.config.enabled) return;
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    // Awaited, Fastify would complete its routes here, before Nest sets the handler of their errors.
    void fastify.register(rateLimit, { global: false, store: rateLimitStore(this.clock, MAX_COUNTERS) }).after(() => {
      this.makeLimits(fastify);
    });
    fastify.addHook('onRequest', (request, reply) => this.admit(request, reply));
    fastify.addHook('onResponse', (request, reply) => this.countRefusal(request, reply));
  }

  private makeLimits(fastify: FastifyInstance): void {
    const make = (by: By, max: number, keyOf: (request: FastifyRequest) => string): Limit | undefined => {
      if (max === 0) return undefined;
      const check = fastify.createRateLimit({ max, timeWindow: WINDOW_MS, keyGenerator: keyOf });
      return { by, max, keyOf, check };
    };
    const byRoute = (request: FastifyRequest): string => `${callerOf(request)} ${routeOf(request)}`;
    const byMerchant = (request: LimitedRequest): string => `${request.limitedFor ?? ''} ${routeOf(request)}`;
    for (const kind of ['status', 'calls', 'redirects', 'logins'] as const) {
      this.limits.set(kind, {
        caller: make('caller', this.config[`${kind}Caller`], byRoute),
        merchant: make('merchant', this.config[`${kind}Merchant`], byMerchant),
      });
    }
    this.unknown = make('unknown', this.config.unknownCaller, callerOf);
    this.refused = make(
      'refused',
      this.config.refusedCaller,
      (request) => `${callerOf(request)} ${byMerchant(request)}`,
    );
  }

  /** Fastify goes no further once the reply is sent. */
  private async admit(request: LimitedRequest, reply: FastifyReply): Promise<void> {
    const { url } = request.routeOptions;
    if (url !== undefined && EXEMPT.test(url)) return;
    const merchant = url === undefined ? undefined : this.kakao.merchantFor(request);
    if (merchant === undefined) {
      await this.spend(this.unknown, request, reply);
      return;
    }
    if (merchant !== 'other') request.limitedFor = merchant.id;
    const limits = this.limits.get(this.kindOf(request)) ?? {};
    // What is refused to a caller is not counted against the merchant.
    if (await this.isOver(this.refused, request, reply)) return;
    if (await this.spend(limits.caller, request, reply)) return;
    if (request.limitedFor !== undefined) await this.spend(limits.merchant, request, reply);
  }

  private kindOf({ method, routeOptions }: FastifyRequest): RouteKind {
    const { polled, openedByCustomers } = routeOptions.config as PolledRouteConfig & CustomerRouteConfig;
    if (openedByCustomers) return this.app === 'sync' ? 'logins' : 'redirects';
    return polled && method === 'GET' ? 'status' : 'calls';
  }

  /** Counts a request. @returns whether it was refused */
  private async spend(limit: Limit | undefined, request: LimitedRequest, reply: FastifyReply): Promise<boolean> {
    if (!limit) return false;
    const count = await limit.check(request);
    if (count.isAllowed || !count.isExceeded) return false;
    this.tell(limit, request);
    this.refuse(limit, request, reply, count.ttlInSeconds);
    return true;
  }

  /** As `spend`, without counting: the limit is spent by answers, not by requests. */
  private async isOver(limit: Limit | undefined, request: LimitedRequest, reply: FastifyReply): Promise<boolean> {
    if (!limit) return false;
    const count = await limit.check(request, { increment: false });
    if (count.isAllowed || count.remaining > 0) return false;
    this.refuse(limit, request, reply, count.ttlInSeconds);
    return true;
  }

  /** What was refused as malformed, unknown or unauthorized for a merchant that exists. */
  private async countRefusal(request: LimitedRequest, { statusCode }: FastifyReply): Promise<void> {
    if (statusCode < 400 || statusCode >= 500 || statusCode === 429) return;
    if (!this.refused || request.limitedFor === undefined) return;
    const count = await this.refused.check(request);
    if (!count.isAllowed && count.remaining === 0) this.tell(this.refused, request);
  }

  private refuse({ by }: Limit, request: FastifyRequest, reply: FastifyReply, seconds: number): void {
    this.limited.inc({ route: routeOf(request), by });
    void reply
      .status(429)
      .header('retry-after', seconds)
      .header('content-type', 'application/json; charset=utf-8')
      .send(TOO_MANY);
  }

  private tell({ by, max, keyOf }: Limit, request: LimitedRequest): void {
    if (!this.told.isDue(`${by} ${keyOf(request)}`)) return;
    const { ip, limitedFor: merchant } = request;
    this.logger.warn({ by, ip, merchant, route: routeOf(request), max }, 'too many requests: refused for a minute');
  }
}

const callerOf = ({ ip }: FastifyRequest): string => normalizeIP(ip, IPV6_PREFIX);

/** The pattern, never the address, which holds a path key. */
const routeOf = ({ routeOptions }: FastifyRequest): string => routeOptions.url ?? 'unknown';
