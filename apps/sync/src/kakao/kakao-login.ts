import { Injectable } from '@nestjs/common';
import { Clock, KakaoOrigins, Outbound } from '@biz/platform';
import type { Outcome } from '@biz/platform';
import type { Merchant } from '@biz/merchant';
import { readKakaoUser } from '../members/kakao-account';
import type { KakaoUser } from '../members/kakao-account';
import { readServiceTerms } from '../members/service-terms';
import type { ToldTerms } from '../members/service-terms';
import { stepOf } from './step';
import type { Step } from './step';
import { text } from './tolerant';

/** Kakao's tokens of one member; stored sealed only. */
export interface KakaoTokens {
  accessToken: string;
  refreshToken?: string;
  /** ISO 8601, UTC. */
  expiresAt?: string;
  refreshTokenExpiresAt?: string;
  scope?: string;
}

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
    { code, redirectUri, verifier }: { code: string; redirectUri: string; verifier?: string },
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
        ...(verifier !== undefined && { code_verifier: verifier }),
      }).toString(),
      timeoutMs,
    });
    return stepOf(outcome, (answer) => this.readTokens(answer));
  }

  /** 사용자 정보 조회. */
  async user({ accessToken }: KakaoTokens, timeoutMs: number): Promise<Step<KakaoUser>> {
    return stepOf(await this.get('/v2/user/me', accessToken, timeoutMs), readKakaoUser);
  }

  /** 서비스 약관 동의 내역 조회. An answer of this user without a list of terms is `untold`: it says nothing about them. */
  async terms({ accessToken }: KakaoTokens, timeoutMs: number): Promise<Step<ToldTerms | 'untold'>> {
    const read = (answer: Record<string, unknown>): ToldTerms | 'untold' | undefined =>
      readServiceTerms(answer) ?? (text(answer.id ?? answer.user_id) === undefined ? undefined : 'untold');
    return stepOf(await this.get('/v2/user/service_terms', accessToken, timeoutMs), read);
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
