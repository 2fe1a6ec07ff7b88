import { isIP } from 'node:net';
import { ForbiddenException, Injectable } from '@nestjs/common';
import { Addresses, CallerChecks } from '@biz/platform';
import type { FastifyRequest } from 'fastify';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];
/** What a browser says of a request that no other site began. */
const OWN_SITES = ['same-origin', 'none'];

/**
 * Refuses what a foreign page in the developer's browser would have the simulator do.
 *
 * A name that an attacker lets lead to this machine (DNS rebinding) stands in `Host`; a form or script of another site
 * shows by `Origin` and `Sec-Fetch-Site`. Servers and the command line send neither of the two.
 */
@Injectable()
export class ForeignPages {
  constructor(
    private readonly addresses: Addresses,
    callers: CallerChecks,
  ) {
    callers.add((request) => {
      this.check(request);
    });
  }

  private check(request: FastifyRequest): void {
    const host = hostOf(`http://${request.headers.host ?? ''}`);
    if (!host || !this.isOurs(host.hostname))
      throw new ForbiddenException(
        'the simulator answers under this name only when PUBLIC_BASE_URL_SIMULATOR names it',
      );
    if (!SAFE_METHODS.includes(request.method)) refuseForeignPage(request);
  }

  /** An address, a name without a dot (such as a container's), a name of this machine, or the configured one. */
  private isOurs(hostname: string): boolean {
    const { simulatorUrl } = this.addresses;
    return (
      isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 ||
      !hostname.includes('.') ||
      hostname.endsWith('.localhost') ||
      hostname === 'host.docker.internal' ||
      (simulatorUrl !== undefined && hostname === new URL(simulatorUrl).hostname)
    );
  }
}

/** For routes that change something. @throws ForbiddenException when a page of another origin sent the request */
export function refuseForeignPage({ headers }: FastifyRequest): void {
  const { origin, host, 'sec-fetch-site': site } = headers;
  const isForeign =
    (origin !== undefined && hostOf(origin)?.host !== host?.toLowerCase()) ||
    (typeof site === 'string' && !OWN_SITES.includes(site));
  if (isForeign) throw new ForbiddenException('a page of another origin may not have the simulator do this');
}

function hostOf(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}
