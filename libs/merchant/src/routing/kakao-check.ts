import { isIP } from 'node:net';
import { BlockList } from 'node:net';
import { ForbiddenException, Injectable, Logger, NotFoundException } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CallerChecks, isProduction, routeConfig, Variable } from '@biz/platform';
import type { CheckedConfig, Environment } from '@biz/platform';
import { IsBoolean, IsOptional } from 'class-validator';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Merchants } from '../registry/merchants';
import type { Merchant } from '../registry/merchant';
import type { PathKeyKind } from '../registry/path-keys';
import { RelayIds } from '../relay/relay-ids';

/** Who may call the Kakao-facing routes. */
export class KakaoCallers implements CheckedConfig {
  @Variable('KAKAO_ALLOWED_CIDRS', { about: 'addresses Kakao calls from; empty: anyone, and calls are logged' })
  cidrs: string[] = [];

  readonly allowed = new BlockList();

  problems(): string[] {
    return this.cidrs.flatMap((cidr) => {
      const [address = '', bits] = cidr.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      const prefix = bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits);
      try {
        this.allowed.addSubnet(address, prefix, family);
        return [];
      } catch {
        return [
          `KAKAO_ALLOWED_CIDRS: found ${JSON.stringify(cidr)}; it must be an address or a CIDR such as 211.231.99.0/24`,
        ];
      }
    });
  }
}

/** Whether the guide's own paths, without `/m/{pathKey}`, serve the default merchant. */
export class KeylessPaths implements CheckedConfig {
  @Variable('SERVE_WITHOUT_PATH_KEY', {
    about: "whether the guide's own paths serve the default merchant; unset: not in production",
  })
  @IsOptional()
  @IsBoolean()
  served: boolean;

  problems(env: Environment): string[] {
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- unset until here: the default depends on NODE_ENV
    this.served ??= !isProduction(env);
    return [];
  }
}

/** What Fastify keeps beside a route that customers open. */
export interface CustomerRouteConfig {
  openedByCustomers?: true;
}

/**
 * Marks a route that a customer's own device opens (a redirect): its address holds the customer path key, and
 * KAKAO_ALLOWED_CIDRS does not shut it.
 */
export const OpenedByCustomers = (): MethodDecorator =>
  routeConfig({ openedByCustomers: true } satisfies CustomerRouteConfig);

/** Where the routes of merchants begin. */
const BELOW_KEY = '/m/:pathKey';
/** Callers remembered for the log; more are Kakao's no longer. */
const MAX_SEEN = 1_000;

export interface KakaoRequest extends FastifyRequest {
  merchant?: Merchant;
  /** For decorators, which cannot inject. */
  relayIds?: RelayIds;
}

/** @throws HttpException when the caller may not call the route */
type FurtherCheck = (request: KakaoRequest) => void;

/**
 * Finds the merchant a call is for: any by its path key, the default merchant at the guide's own path where that is served.
 *
 * The guide signs nothing, so the path key is the shared secret. A route takes the key of its own kind only; every other
 * key, and a missing one, looks like any unknown address, whatever the body is.
 */
@Injectable()
export class KakaoCheck {
  private readonly logger = new Logger(KakaoCheck.name);
  private readonly seen = new Set<string>();
  /** Whether the address of a route has a twin below `/m/:pathKey`. */
  private readonly ofMerchants = new Map<string, boolean>();
  private readonly further = new Map<string, FurtherCheck>();

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly merchants: Merchants,
    private readonly callers: KakaoCallers,
    private readonly keyless: KeylessPaths,
    private readonly relayIds: RelayIds,
    checks: CallerChecks,
  ) {
    checks.add((request) => {
      this.check(request);
    });
  }

  /**
   * What else a caller of a route has to know, such as the admin key of a webhook: asked after the path key, before the body.
   *
   * @param path the guide's own, with a slash in front
   */
  addFurther(path: string, check: FurtherCheck): void {
    this.further.set(path, check);
  }

  /**
   * The merchant whose route a request asks for.
   *
   * @returns 'other' when the route is not one of merchants; nothing for a path key that opens no merchant's route of this kind,
   *   and for a missing one where it is needed
   */
  merchantFor(request: FastifyRequest): Merchant | 'other' | undefined {
    const { pathKey } = request.params as { pathKey?: string };
    if (pathKey !== undefined) return this.merchants.byPathKey(pathKey, kindOf(request));
    if (!this.isOfMerchants(request)) return 'other';
    return this.keyless.served ? this.merchants.default : undefined;
  }

  private check(request: KakaoRequest): void {
    const merchant = this.merchantFor(request);
    if (merchant === 'other') return;
    const { pathKey } = request.params as { pathKey?: string };
    if (pathKey === undefined && !merchant) throw new NotFoundException();
    const isServers = kindOf(request) === 'server';
    // Before it shows whether the key opens something, so that a caller from elsewhere does not learn it.
    if (isServers) this.checkCaller(request);
    if (!merchant) throw new NotFoundException();
    if (isServers) this.logNewCaller(request);
    request.merchant = merchant;
    request.relayIds = this.relayIds;
    this.further.get(ownPathOf(request))?.(request);
  }

  private isOfMerchants({ routeOptions: { url = '' }, method }: FastifyRequest): boolean {
    let known = this.ofMerchants.get(url);
    if (known === undefined) {
      const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
      known = fastify.hasRoute({ url: BELOW_KEY + url, method });
      this.ofMerchants.set(url, known);
    }
    return known;
  }

  private checkCaller({ ip, routeOptions }: KakaoRequest): void {
    if (this.callers.cidrs.length === 0) return;
    if (this.callers.allowed.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4')) return;
    this.logger.warn({ ip, route: routeOptions.url }, 'refused: not in KAKAO_ALLOWED_CIDRS');
    throw new ForbiddenException();
  }

  /** Without a list every caller is let in, and logged the first time, so that an operator can write the list. */
  private logNewCaller({ ip, routeOptions }: KakaoRequest): void {
    if (this.callers.cidrs.length > 0 || this.seen.has(ip) || this.seen.size >= MAX_SEEN) return;
    this.seen.add(ip);
    this.logger.log({ ip, route: routeOptions.url }, 'a Kakao-facing route was called from an address not seen before');
  }
}

const kindOf = ({ routeOptions }: FastifyRequest): PathKeyKind =>
  (routeOptions.config as CustomerRouteConfig).openedByCustomers ? 'customer' : 'server';

/** The pattern of a route without the path key: the guide's own path. */
const ownPathOf = ({ routeOptions: { url = '' } }: FastifyRequest): string =>
  url.startsWith(BELOW_KEY) ? url.slice(BELOW_KEY.length) : url;
