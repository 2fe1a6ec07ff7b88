import { Injectable } from '@nestjs/common';
import { KakaoOrigins, Outbound } from '@biz/platform';
import { isOtpUrl, type OtpKind } from './otp-url';

/** Thirty signed image addresses are about 10 KB. */
const LARGEST_ANSWER = 512 * 1024;

/** What asking Kakao for the data behind an OTP address led to. */
export type OtpAnswer =
  /** The raw text of a 2xx answer, unread. */
  | { kind: 'answered'; status: number; raw: string }
  /** Kakao refuses for good (4xx other than 429). */
  | { kind: 'gone'; status: number; raw: string }
  /** No answer, or one that may change (network, timeout, redirect, 429, 5xx). */
  | { kind: 'retryable'; status?: number; reason: string };

/** Redeems an OTP address: the only place where a REST API key meets a URL. */
@Injectable()
export class OtpClient {
  constructor(
    private readonly outbound: Outbound,
    private readonly origins: KakaoOrigins,
  ) {}

  /**
   * Asks Kakao once for what the customer handed over.
   *
   * The gate is passed again here: the address has been in a database since.
   * @param timeoutMs Kakao publishes no limit; a slower answer is asked for again while the OTP lives
   */
  async redeem(otpUrl: string, kind: OtpKind, restApiKey: string, timeoutMs = 10_000): Promise<OtpAnswer> {
    if (!isOtpUrl(otpUrl, kind, this.origins.talkPlugin)) return { kind: 'gone', status: 0, raw: '' };
    const query = new URLSearchParams({ rest_api_key: restApiKey });
    // Without it Kakao answers in the deprecated first version (guide 3.3).
    if (kind === 'location') query.set('version', 'v2');

    const outcome = await this.outbound.send({
      method: 'GET',
      url: `${otpUrl}?${query.toString()}`,
      timeoutMs,
      maxBytes: LARGEST_ANSWER,
    });
    if (outcome.kind !== 'answered') return { kind: 'retryable', reason: outcome.reason };
    const { status, body: raw } = outcome;
    if (status >= 200 && status < 300) return { kind: 'answered', status, raw };
    if (status >= 400 && status < 500 && status !== 429) return { kind: 'gone', status, raw };
    return { kind: 'retryable', status, reason: `HTTP ${status}` };
  }
}
