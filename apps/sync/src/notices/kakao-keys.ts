import { Injectable, Logger } from '@nestjs/common';
import { Clock, KakaoOrigins, Outbound, parseJson } from '@biz/platform';
import { createLocalJWKSet, errors, importJWK, jwtVerify } from 'jose';
import type { CryptoKey, JSONWebKeySet, JWK, JWTVerifyOptions } from 'jose';

/** Keys are asked for again after this long. */
const FRESH_MS = 3_600_000;
/** While Kakao's key list cannot be had, the last one counts for this long: a key withdrawn there must not live on here. */
const STALE_MS = 24 * 3_600_000;
/** An unknown key id makes us ask again, but no stranger makes us ask more often than this. */
const ASK_AGAIN_MS = 10_000;
const TIMEOUT_MS = 1_500;
/** What Kakao signs with, and the shortest key that it takes. */
const ALGORITHM = 'RS256';
const SHORTEST_BITS = 2_048;

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
  /** Lists that came so far. */
  private fetches = 0;
  private askedAt = 0;
  private asking?: Promise<void>;

  constructor(
    private readonly outbound: Outbound,
    private readonly origins: KakaoOrigins,
    private readonly clock: Clock,
  ) {}

  /**
   * Verifies a token with Kakao's keys.
   *
   * Whether a key is Kakao's is decided only by keys that are current: an unknown key id, or a signature that does not fit,
   * makes us ask Kakao again first.
   * @throws KeysUnavailable when the keys in hand do not fit and are not known to be current; jose's errors
   */
  async verify(token: string, options: JWTVerifyOptions): Promise<void> {
    const fetched = this.fetches;
    if (!this.keys || this.age() > FRESH_MS) await this.ask();
    try {
      await check(token, this.current(), options);
    } catch (error) {
      if (!isOfKeys(error)) throw error;
      const known = this.fetches > fetched || (isOfSignature(error) && this.age() < ASK_AGAIN_MS);
      if (known) throw error;
      await this.ask();
      if (this.fetches === fetched) throw new KeysUnavailable();
      await check(token, this.current(), options);
    }
  }

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
    const read = outcome.kind === 'answered' && outcome.status === 200 ? await readKeys(outcome.body) : undefined;
    if (read) {
      this.keys = createLocalJWKSet(read);
      this.fetchedAt = now;
      this.fetches += 1;
    } else {
      this.logger.warn(
        { reason: outcome.kind === 'answered' ? `HTTP ${outcome.status}` : outcome.reason },
        "Kakao's key list cannot be had, or holds no key that signs",
      );
    }
  }
}

/** Tries every key that goes by the token's key id: a list may name two alike. */
async function check(
  token: string,
  keys: ReturnType<typeof createLocalJWKSet>,
  options: JWTVerifyOptions,
): Promise<void> {
  try {
    await jwtVerify(token, keys, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) if (await fits(token, key, options)) return;
    throw new errors.JWSSignatureVerificationFailed();
  }
}

async function fits(token: string, key: CryptoKey, options: JWTVerifyOptions): Promise<boolean> {
  try {
    await jwtVerify(token, key, options);
    return true;
  } catch (error) {
    if (isOfSignature(error)) return false;
    throw error;
  }
}

const isOfSignature = (error: unknown): boolean => error instanceof errors.JWSSignatureVerificationFailed;
const isOfKeys = (error: unknown): boolean => error instanceof errors.JWKSNoMatchingKey || isOfSignature(error);

/**
 * The keys of a list by which a token may be verified; a list may hold others, and broken ones.
 *
 * @returns nothing when there is none: such a list says nothing about a token
 */
async function readKeys(body: string): Promise<JSONWebKeySet | undefined> {
  try {
    const { keys } = parseJson(body) as { keys: unknown[] };
    const usable = (await Promise.all(keys.map(usableKey))).filter((key) => key !== undefined);
    return usable.length > 0 ? { keys: usable } : undefined;
  } catch {
    return undefined;
  }
}

/** The public part of an RSA key that RS256 takes: jose throws at a short or broken one as at a fault of ours. */
async function usableKey(key: unknown): Promise<JWK | undefined> {
  const { kty, use = 'sig', alg = ALGORITHM, key_ops = ['verify'], kid, n, e } = (key ?? {}) as JWK;
  try {
    if (kty !== 'RSA' || use !== 'sig' || alg !== ALGORITHM || !key_ops.includes('verify')) return undefined;
    const imported = await importJWK({ kty, n, e }, ALGORITHM);
    const { modulusLength } = (imported as CryptoKey).algorithm as { name: string; modulusLength?: number };
    if (modulusLength === undefined || modulusLength < SHORTEST_BITS) return undefined;
  } catch {
    return undefined;
  }
  return { kty, n, e, ...(typeof kid === 'string' && { kid }) };
}
