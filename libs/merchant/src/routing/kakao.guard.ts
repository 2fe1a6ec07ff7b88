import { isIP } from 'node:net';
import { BlockList } from 'node:net';
import { ForbiddenException, Injectable, Logger, NotFoundException } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Variable } from '@biz/platform';
import type { CheckedConfig } from '@biz/platform';
import type { FastifyRequest } from 'fastify';
import { Merchants } from '../registry/merchants';
import type { Merchant } from '../registry/merchants';

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

export interface KakaoRequest extends FastifyRequest {
  merchant?: Merchant;
}

/**
 * Finds the merchant a call is for: the default merchant at the guide's own path, any other by its path key.
 *
 * The guide signs nothing, so the path key is the shared secret: an unknown one looks like any unknown address.
 */
@Injectable()
export class KakaoGuard implements CanActivate {
  private readonly logger = new Logger(KakaoGuard.name);

  constructor(
    private readonly merchants: Merchants,
    private readonly callers: KakaoCallers,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<KakaoRequest>();
    if (
      this.callers.cidrs.length > 0 &&
      !this.callers.allowed.check(request.ip, isIP(request.ip) === 6 ? 'ipv6' : 'ipv4')
    ) {
      this.logger.warn({ ip: request.ip, route: request.routeOptions.url }, 'refused: not in KAKAO_ALLOWED_CIDRS');
      throw new ForbiddenException();
    }
    const { pathKey } = request.params as { pathKey?: string };
    request.merchant = pathKey === undefined ? this.merchants.default : this.merchants.byPathKey(pathKey);
    if (!request.merchant) throw new NotFoundException();
    return true;
  }
}
