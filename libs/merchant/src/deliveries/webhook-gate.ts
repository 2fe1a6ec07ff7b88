import { isIP } from 'node:net';
import { isProduction, LOOPBACK_HOSTS, NearOrigins, placeOf, readConfig } from '@biz/platform';
import type { Environment, KakaoOrigins } from '@biz/platform';

/**
 * Why a webhook may not go to this address; nothing when it may.
 *
 * https only. In development also plain http to this machine and to the simulator, which plays the shop there.
 * An address in numbers is judged here; where a name leads is judged at each call. A shop inside your own network is
 * named in NEAR_ORIGINS.
 */
export function webhookProblem(address: string, env: Environment, origins: KakaoOrigins): string | undefined {
  if (!URL.canParse(address)) return 'found no URL; it must be an https address';
  const url = new URL(address);
  if (url.username || url.password) return 'found user info in the URL; it must have none';
  if (url.protocol === 'https:') return addressProblem(url, env, origins);
  const near = LOOPBACK_HOSTS.has(url.hostname) || url.origin === URL.parse(origins.simulator ?? '')?.origin;
  if (url.protocol === 'http:' && near && !isProduction(env)) return undefined;
  return `found ${url.protocol}; it must be https (plain http only to this machine, in development)`;
}

function addressProblem({ hostname, origin }: URL, env: Environment, origins: KakaoOrigins): string | undefined {
  const ip = hostname.replace(/^\[|\]$/g, '');
  const place = isIP(ip) === 0 ? 'public' : placeOf(ip);
  const isNear = readConfig(NearOrigins, env).gate(origins, isProduction(env));
  if (place === 'public' || (place === 'near' && isNear(origin))) return undefined;
  return `found ${ip}, which is not public; a shop inside your own network is named in NEAR_ORIGINS`;
}
