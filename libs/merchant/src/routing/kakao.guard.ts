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
import { Variable, routeConfig } from '@biz/platform';
import type { CheckedConfig } from '@biz/platform';
import type { FastifyRequest } from 'fastify';
import { Merchants } from '../registry/merchants';
import type { Merchant } from '../registry/merchant';
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

const OPENED_BY_CUSTOMERS = 'openedByCustomers';

/** What Fastify keeps beside a route that customers open. */
export interface CustomerRouteConfig {
  openedByCustomers?: true;
}

/**
 * Marks a route that a customer's own device opens (a redirect), so that KAKAO_ALLOWED_CIDRS does not shut it.
 */
export const OpenedByCustomers = (): MethodDecorator =>
  applyDecorators(
    SetMetadata(OPENED_BY_CUSTOMERS, true),
    routeConfig({ openedByCustomers: true } satisfies CustomerRouteConfig),
  );

/** Callers remembered for the log; more are Kakao's no longer. */
const MAX_SEEN = 1_000;

export interface KakaoRequest extends FastifyRequest {
  merchant?: Merchant;
  /** For decorators, which cannot inject. */
  relayIds?: RelayIds;
}

/**
 * Finds the merchant a call is for: the default merchant at the guide's own path, any other by its path key.
 *
 * The guide signs nothing, so the path key is the shared secret: an unknown one looks like any unknown address.
 */
@Injectable()
export class KakaoGuard implements CanActivate {
  private readonly logger = new Logger(KakaoGuard.name);
  private readonly seen = new Set<string>();

  constructor(
    private readonly merchants: Merchants,
    private readonly callers: KakaoCallers,
    private readonly relayIds: RelayIds,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<KakaoRequest>();
    const handler = context.getHandler();
    if (Reflect.getMetadata(OPENED_BY_CUSTOMERS, handler) !== true) this.checkCaller(request);
    const { pathKey } = request.params as { pathKey?: string };
    request.merchant = pathKey === undefined ? this.merchants.default : this.merchants.byPathKey(pathKey);
    if (!request.merchant) throw new NotFoundException();
    request.relayIds = this.relayIds;
    return true;
  }

  /** Without a list every caller is let in, and logged the first time, so that an operator can write the list. */
  private checkCaller({ ip, routeOptions }: KakaoRequest): void {
    const route = routeOptions.url;
    if (this.callers.cidrs.length > 0) {
      if (this.callers.allowed.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4')) return;
      this.logger.warn({ ip, route }, 'refused: not in KAKAO_ALLOWED_CIDRS');
      throw new ForbiddenException();
    }
    if (this.seen.has(ip) || this.seen.size >= MAX_SEEN) return;
    this.seen.add(ip);
    this.logger.log({ ip, route }, 'a Kakao-facing route was called from an address not seen before');
  }
}
