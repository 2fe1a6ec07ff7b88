import { Injectable, Logger } from '@nestjs/common';
import { Clock, KakaoOrigins, Outbound } from '@biz/platform';
import { createLocalJWKSet } from 'jose';
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';

/** Keys are asked for again after this long. */
const FRESH_MS = 3_600_000;
/** While Kakao's key list cannot be had, the last one counts for this long: a key withdrawn there must not live on here. */
const STALE_MS = 24 * 3_600_000;
/** An unknown key id makes us ask again, but no stranger makes us ask more often than this. */
const ASK_AGAIN_MS = 10_000;
const TIMEOUT_MS = 1_500;

/** Kakao's keys cannot be had just now: says nothing about the token, so the sender shall try again. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/**
 * Kakao's public keys (JWKS), cached, and asked for again when a key id is new (rotation).
 *
 * jose's own remote set was not taken: it knows neither our clock nor `Outbound`, and drops the keys it has when Kakao is down.
 */
@Injectable()
export class KakaoKeys {
  private readonly logger = new Logger(KakaoKeys.name);
  private keys?: ReturnType<typeof createLocalJWKSet>;
  private fetchedAt = 0;
  private askedAt = 0;
  private asking?: Promise<void>;

  constructor(
    private readonly outbound: Outbound,
    private readonly origins: KakaoOrigins,
    private readonly clock: Clock,
  ) {}

  /** For `jwtVerify`. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    if (!this.keys || this.age() > FRESH_MS) await this.ask();
    try {
      return await this.current()(header, token);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_JWKS_NO_MATCHING_KEY') throw error;
      await this.ask();
      return this.current()(header, token);
    }
  };

  private current(): ReturnType<typeof createLocalJWKSet> {
    if (!this.keys || this.age() > STALE_MS) throw new KeysUnavailable();
    return this.keys;
  }

  private age(): number {
    return this.clock.now().getTime() - this.fetchedAt;
  }

  /** Any number of callers share one request. */
  private ask(): Promise<void> {
    this.asking ??= this.fetch().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async fetch(): Promise<void> {
    const now = this.clock.now().getTime();
    if (this.keys && now - this.askedAt < ASK_AGAIN_MS) return;
    this.askedAt = now;
    const outcome = await this.outbound.send({
      method: 'GET',
      url: `${this.origins.auth}/.well-known/jwks.json`,
      timeoutMs: TIMEOUT_MS,
    });
    const read = outcome.kind === 'answered' && outcome.status === 200 ? readKeys(outcome.body) : undefined;
    if (read) {
      this.keys = read;
      this.fetchedAt = now;
    } else {
      this.logger.warn(
        { reason: outcome.kind === 'answered' ? `HTTP ${outcome.status}` : outcome.reason },
        "Kakao's key list cannot be had",
      );
    }
  }
}

function readKeys(body: string): ReturnType<typeof createLocalJWKSet> | undefined {
  try {
    return createLocalJWKSet(JSON.parse(body) as JSONWebKeySet);
  } catch {
    return undefined;
  }
}
