import { Injectable } from '@nestjs/common';
import { Clock, KakaoOrigins, Outbound, parseJson } from '@biz/platform';
import type { Outcome } from '@biz/platform';
import type { Merchant } from '@biz/merchant';
import { readKakaoUser } from '../members/kakao-account';
import type { KakaoUser } from '../members/kakao-account';
import { readServiceTerms } from '../members/service-terms';
import type { ServiceTerm } from '../members/service-terms';

/** Kakao's tokens of one member; stored sealed only. */
export interface KakaoTokens {
  accessToken: string;
  refreshToken?: string;
  /** ISO 8601, UTC. */
  expiresAt?: string;
  refreshTokenExpiresAt?: string;
  scope?: string;
}

/** What a call to Kakao led to. `later`: worth another try; `refused`: Kakao's last word. Reasons are codes. */
export type Step<T> = { kind: 'done'; value: T } | { kind: 'later' | 'refused'; reason: string };

/** 4xx answers that mean "too many", not "no": token requests, API quota. */
const TOO_MANY = new Set(['KOE237', '-10']);
const CODE = /^[\w-]{1,40}$/;

/** Kakao login's three calls: code for tokens, user, service terms. */
@Injectable()
export class KakaoLogin {
  constructor(
    private readonly outbound: Outbound,
    private readonly origins: KakaoOrigins,
    private readonly clock: Clock,
  ) {}

  /** 토큰 받기; a code works once. */
  async exchange(
    { secrets }: Merchant,
    { code, redirectUri }: { code: string; redirectUri: string },
    timeoutMs: number,
  ): Promise<Step<KakaoTokens>> {
    const outcome = await this.outbound.send({
      method: 'POST',
      url: `${this.origins.auth}/oauth/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: secrets.restApiKey,
        redirect_uri: redirectUri,
        code,
        ...(secrets.clientSecret && { client_secret: secrets.clientSecret }),
      }).toString(),
      timeoutMs,
    });
    return stepOf(outcome, (answer) => this.readTokens(answer));
  }

  /** 사용자 정보 조회. */
  async user({ accessToken }: KakaoTokens, timeoutMs: number): Promise<Step<KakaoUser>> {
    return stepOf(await this.get('/v2/user/me', accessToken, timeoutMs), readKakaoUser);
  }

  /** 서비스 약관 동의 내역 조회. */
  async terms({ accessToken }: KakaoTokens, timeoutMs: number): Promise<Step<ServiceTerm[]>> {
    return stepOf(await this.get('/v2/user/service_terms', accessToken, timeoutMs), readServiceTerms);
  }

  private get(path: string, accessToken: string, timeoutMs: number): Promise<Outcome> {
    return this.outbound.send({
      method: 'GET',
      url: `${this.origins.api}${path}`,
      headers: { authorization: `Bearer ${accessToken}` },
      timeoutMs,
    });
  }

  private readTokens(answer: Record<string, unknown>): KakaoTokens | undefined {
    const { access_token, refresh_token, expires_in, refresh_token_expires_in, scope } = answer;
    if (typeof access_token !== 'string' || access_token === '') return undefined;
    const inSeconds = (seconds: unknown): string | undefined =>
      typeof seconds === 'number' ? new Date(this.clock.now().getTime() + seconds * 1_000).toISOString() : undefined;
    const expiresAt = inSeconds(expires_in);
    const refreshTokenExpiresAt = inSeconds(refresh_token_expires_in);
    return {
      accessToken: access_token,
      ...(typeof refresh_token === 'string' && { refreshToken: refresh_token }),
      ...(expiresAt && { expiresAt }),
      ...(refreshTokenExpiresAt && { refreshTokenExpiresAt }),
      ...(typeof scope === 'string' && { scope }),
    };
  }
}

function stepOf<T>(outcome: Outcome, read: (answer: Record<string, unknown>) => T | undefined): Step<T> {
  if (outcome.kind !== 'answered') return { kind: 'later', reason: outcome.reason };
  const { status, body } = outcome;
  const answer = readObject(body);
  if (status >= 200 && status < 300) {
    const value = answer && read(answer);
    return value === undefined ? { kind: 'refused', reason: 'UNREADABLE_ANSWER' } : { kind: 'done', value };
  }
  const given = answer?.error_code ?? answer?.code ?? answer?.error;
  const code = typeof given === 'string' || typeof given === 'number' ? String(given) : '';
  const known = CODE.test(code);
  const busy = status >= 500 || status === 429 || (known && TOO_MANY.has(code));
  return { kind: busy ? 'later' : 'refused', reason: `HTTP ${status}${known ? ` ${code}` : ''}` };
}

function readObject(body: string): Record<string, unknown> | undefined {
  try {
    const value = parseJson(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
