import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Addresses, Clock, KakaoOrigins, parseOwnJson, RuntimeConfig, sameSecret, Vault } from '@biz/platform';
import type { Merchant } from '@biz/merchant';
import { redirectUriOf } from '../sync-plugin';

/** A customer who has not come back by then starts again. */
const LIFETIME_SECONDS = 600;
const VERIFIER_BYTES = 32;
const NONCE_BYTES = 16;

/** What must still be known when the customer comes back. */
export interface StartedLogin {
  /** PKCE (RFC 7636): shows Kakao that who exchanges the code is who asked for it. */
  verifier: string;
  relayId?: string;
  /** Where the customer goes on. */
  next?: string;
}

interface Started {
  /** The address of Kakao's consent screen. */
  location: string;
  cookie: string;
}

const stateContext = ({ id }: Merchant): string => `sync.state ${id}`;
const cookieContext = ({ id }: Merchant): string => `sync.started ${id}`;
const cookieName = ({ id }: Merchant): string => `sync-${id}`;

/**
 * Logins that begin at `GET /start`: `state` and a cookie hold each other, so that a customer comes back to the browser
 * they left, with the code they asked for (login CSRF). Nothing is stored.
 */
@Injectable()
export class StartedLogins {
  constructor(
    private readonly vault: Vault,
    private readonly addresses: Addresses,
    private readonly origins: KakaoOrigins,
    private readonly clock: Clock,
    private readonly runtime: RuntimeConfig,
  ) {}

  begin(merchant: Merchant, { relayId, next, below }: { relayId?: string; next?: string; below: boolean }): Started {
    const nonce = randomBytes(NONCE_BYTES);
    const verifier = randomBytes(VERIFIER_BYTES).toString('base64url');
    const lifetime = Math.max(1, Math.ceil(LIFETIME_SECONDS * this.runtime.retryTimeScale));
    const until = Buffer.alloc(4);
    until.writeUInt32BE(Math.floor(this.clock.now().getTime() / 1_000) + lifetime);
    const started = { nonce: nonce.toString('base64url'), verifier, relayId, next };
    const value = this.vault.sealShort(Buffer.from(JSON.stringify(started)), cookieContext(merchant));
    const { scopes = [], serviceTerms = [] } = merchant.plugins.sync ?? {};
    const query = new URLSearchParams({
      client_id: merchant.secrets.restApiKey,
      redirect_uri: redirectUriOf(this.addresses, merchant, below),
      response_type: 'code',
      state: this.vault.sealShort(Buffer.concat([until, nonce]), stateContext(merchant)),
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...(scopes.length > 0 && { scope: scopes.join(',') }),
      ...(serviceTerms.length > 0 && { service_terms: serviceTerms.join(',') }),
    });
    return {
      location: `${this.origins.auth}/oauth/authorize?${query.toString()}`,
      cookie: this.cookie(merchant, value, lifetime),
    };
  }

  /** @returns nothing when the `state` is not ours: Kakao began the login, as it does with a plugin */
  resume(
    merchant: Merchant,
    state: string | undefined,
    cookies: string | undefined,
  ): StartedLogin | { refused: 'state_expired' | 'state_mismatch' } | undefined {
    const sealed = state === undefined ? undefined : this.vault.openShort(state, stateContext(merchant));
    if (!sealed) return undefined;
    if (this.clock.now().getTime() >= sealed.readUInt32BE(0) * 1_000) return { refused: 'state_expired' };
    const kept = this.vault.openShort(cookieOf(cookies, cookieName(merchant)), cookieContext(merchant));
    if (!kept) return { refused: 'state_mismatch' };
    const { nonce, ...started } = parseOwnJson(kept.toString('utf8')) as StartedLogin & { nonce: string };
    return sameSecret(nonce, sealed.subarray(4).toString('base64url')) ? started : { refused: 'state_mismatch' };
  }

  /** Takes the cookie back. */
  over(merchant: Merchant): string {
    return this.cookie(merchant, '', 0);
  }

  /** `Lax`: sent when Kakao sends the customer back, and with no other call of a strange page. */
  private cookie(merchant: Merchant, value: string, maxAge: number): string {
    const secure = this.addresses.baseUrl('sync').startsWith('https:') ? '; Secure' : '';
    return `${cookieName(merchant)}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`;
  }
}

function cookieOf(header: string | undefined, name: string): string {
  const found = (header ?? '').split(';').find((each) => each.trim().startsWith(`${name}=`));
  return found?.trim().slice(name.length + 1) ?? '';
}
