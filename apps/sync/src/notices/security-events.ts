import { Injectable } from '@nestjs/common';
import { Clock, KakaoOrigins, parseJson } from '@biz/platform';
import type { Merchant } from '@biz/merchant';
import { KakaoKeys } from './kakao-keys';

/** One event of a token. */
export interface SecurityEvent {
  /** Its URI. */
  type: string;
  appUserId?: string;
  happenedAt: Date;
}

/** A verified security event token (SET, RFC 8417). */
export interface SecurityEventToken {
  jti: string;
  events: SecurityEvent[];
}

export type RefusalCode = 'invalid_request' | 'invalid_key' | 'invalid_issuer' | 'invalid_audience';

/** A token that is not taken (RFC 8935, 2.4). */
export class InvalidToken extends Error {
  override readonly name = 'InvalidToken';

  /** @param signed Kakao did sign it, so the fault is one of configuration and an operator should know. */
  constructor(
    readonly err: RefusalCode,
    readonly description: string,
    readonly signed: boolean,
  ) {
    super(err);
  }
}

/** Kakao's clock and ours may differ by this many seconds. */
const CLOCK_TOLERANCE = 60;
/** Days for which a notice is kept. */
export const NOTICE_DAYS = 365;
/** A token is taken for fewer days after its `iat`, so one that comes again is known by its `jti`, or is too old. */
const TOKEN_DAYS = NOTICE_DAYS - 30;
/** 2010 began, the year of KakaoTalk: no event happened before. */
const EARLIEST = 1_262_304_000;
const EXPIRED = 'SET이 만료되었습니다.';
const MAX_JTI = 200;
const MAX_EVENTS = 20;
const MAX_TYPE = 200;

type Claims = Record<string, unknown>;

/** Reads security event tokens: signature first, then issuer, audience and form. */
@Injectable()
export class SecurityEvents {
  constructor(
    private readonly keys: KakaoKeys,
    private readonly origins: KakaoOrigins,
    private readonly clock: Clock,
  ) {}

  /** @throws InvalidToken, KeysUnavailable */
  async read({ secrets }: Merchant, token: string): Promise<SecurityEventToken> {
    try {
      await this.keys.verify(token, {
        algorithms: ['RS256'],
        typ: 'secevent+jwt',
        issuer: this.origins.auth,
        audience: secrets.restApiKey,
        requiredClaims: ['jti', 'iat', 'events'],
        clockTolerance: CLOCK_TOLERANCE,
        currentDate: this.clock.now(),
      });
    } catch (error) {
      throw refusalOf(error as { code?: unknown; claim?: unknown });
    }
    const claims = claimsOf(token);
    const oldest = this.clock.now().getTime() / 1_000 - TOKEN_DAYS * 86_400;
    if (!(Number(claims.iat) >= oldest)) throw new InvalidToken('invalid_request', EXPIRED, true);
    return readClaims(claims, this.clock.now());
  }
}

/** Read again from the text, because ids beyond 2^53 lose digits in the verifier's own parser. */
const claimsOf = (token: string): Claims =>
  parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Claims;

function readClaims(claims: Claims, now: Date): SecurityEventToken {
  const { jti, iat, toe } = claims;
  const events = Object.entries(object(claims.events) ?? {});
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI) throw malformed('jti');
  if (events.length === 0 || events.length > MAX_EVENTS || events.some(([type]) => type.length > MAX_TYPE)) {
    throw malformed('events');
  }
  const happenedAt = timeOf(toe, now) ?? timeOf(iat, now) ?? now;
  return {
    jti,
    events: events.map(([type, about]) => {
      const appUserId = subjectOf(claims, object(about) ?? {});
      return { type, happenedAt, ...(appUserId !== undefined && { appUserId }) };
    }),
  };
}

/**
 * A claim in seconds; nothing for what cannot be when the event happened, such as milliseconds: a time to come would keep
 * the user out of every later login, and one before PostgreSQL's first would be our fault at each try.
 */
function timeOf(seconds: unknown, now: Date): Date | undefined {
  if (typeof seconds !== 'number' || seconds < EARLIEST) return undefined;
  return seconds <= now.getTime() / 1_000 + CLOCK_TOLERANCE ? new Date(seconds * 1_000) : undefined;
}

/** Kakao names the user in `sub`; the drafts and RFC 9493 also know `sub_id` and a subject inside the event. */
function subjectOf(claims: Claims, event: Claims): string | undefined {
  const subject = object(event.subject) ?? {};
  const subId = object(claims.sub_id) ?? {};
  return [claims.sub, subId.sub, subId.id, subject.sub, subject.id]
    .map((value) => (typeof value === 'number' ? String(value) : value))
    .find((value): value is string => typeof value === 'string' && /^\d{1,20}$/.test(value));
}

const object = (value: unknown): Claims | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : undefined;

const malformed = (claim: string): InvalidToken =>
  new InvalidToken('invalid_request', `SET의 형식이 올바르지 않습니다. (${claim})`, true);

const UNVERIFIED = new Set([
  'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  'ERR_JWKS_NO_MATCHING_KEY',
  'ERR_JOSE_ALG_NOT_ALLOWED',
  'ERR_JOSE_NOT_SUPPORTED',
  'ERR_JWK_INVALID',
]);

function refusalOf(error: { code?: unknown; claim?: unknown }): unknown {
  const { code, claim } = error;
  if (UNVERIFIED.has(String(code))) return new InvalidToken('invalid_key', '서명을 확인할 수 없습니다.', false);
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED') {
    if (claim === 'iss') return new InvalidToken('invalid_issuer', '발급자가 올바르지 않습니다.', true);
    if (claim === 'aud') return new InvalidToken('invalid_audience', '수신 대상이 올바르지 않습니다.', true);
    return malformed(String(claim));
  }
  if (code === 'ERR_JWT_EXPIRED') return new InvalidToken('invalid_request', EXPIRED, true);
  if (typeof code === 'string' && /^ERR_J(WS|WT|OSE)/.test(code)) {
    return new InvalidToken('invalid_request', 'SET의 형식이 올바르지 않습니다.', false);
  }
  return error;
}
