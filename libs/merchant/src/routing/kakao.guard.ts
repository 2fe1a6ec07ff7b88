import { isIP } from 'node:net';
import { BlockList } from 'node:net';
import {
  applyDecorators,
  ForbiddenException,
  Injectable,
  Logger,
  NotFoundException,
  SetMetadata,
} from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { isProduction, routeConfig, Variable } from '@biz/platform';
import type { CheckedConfig, Environment } from '@biz/platform';
import { IsBoolean, IsOptional } from 'class-validator';
import type { FastifyRequest } from 'fastify';
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

const OPENED_BY_CUSTOMERS = 'openedByCustomers';

/** What Fastify keeps beside a route that customers open. */
export interface CustomerRouteConfig {
  openedByCustomers?: true;
}

/**
 * Marks a route that a customer's own device opens (a redirect): its address holds the customer path key, and
 * KAKAO_ALLOWED_CIDRS does not shut it.
 */
export const OpenedByCustomers = (): MethodDecorator =>
  applyDecorators(
    SetMetadata(OPENED_BY_CUSTOMERS, true),
    routeConfig({ openedByCustomers: true } satisfies CustomerRouteConfig),
  );

/** Which key of a merchant opens a route. */
export const pathKeyKindOf = (handler: object): PathKeyKind =>
  Reflect.getMetadata(OPENED_BY_CUSTOMERS, handler) === true ? 'customer' : 'server';

/** Callers remembered for the log; more are Kakao's no longer. */
const MAX_SEEN = 1_000;

export interface KakaoRequest extends FastifyRequest {
  merchant?: Merchant;
  /** For decorators, which cannot inject. */
  relayIds?: RelayIds;
}

/**
 * Finds the merchant a call is for: any by its path key, the default merchant at the guide's own path where that is served.
 *
 * The guide signs nothing, so the path key is the shared secret. A route takes the key of its own kind only; every other
 * key, and a missing one, looks like any unknown address.
 */
@Injectable()
export class KakaoGuard implements CanActivate {
  private readonly logger = new Logger(KakaoGuard.name);
  private readonly seen = new Set<string>();

  constructor(
    private readonly merchants: Merchants,
    private readonly callers: KakaoCallers,
    private readonly keyless: KeylessPaths,
    private readonly relayIds: RelayIds,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<KakaoRequest>();
    const kind = pathKeyKindOf(context.getHandler());
    const { pathKey } = request.params as { pathKey?: string };
    if (pathKey === undefined && !this.keyless.served) throw new NotFoundException();
    // Before the key is looked up, so that a caller from elsewhere does not learn whether it opens something.
    if (kind === 'server') this.checkCaller(request);
    request.merchant = pathKey === undefined ? this.merchants.default : this.merchants.byPathKey(pathKey, kind);
    if (!request.merchant) throw new NotFoundException();
    if (kind === 'server') this.logNewCaller(request);
    request.relayIds = this.relayIds;
    return true;
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
