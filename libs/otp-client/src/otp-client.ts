import { Injectable } from '@nestjs/common';
import { kakaoErrorIn, KakaoOrigins, Outbound } from '@biz/platform';
import { readObject } from './answers/fields';
import { isOtpUrl, type OtpKind } from './otp-url';

/** Thirty signed image addresses are about 10 KB. */
const LARGEST_ANSWER = 512 * 1024;

/** What asking Kakao for the data behind an OTP address led to. */
export type OtpAnswer =
  /** The raw text of a 2xx answer, unread. */
  | { kind: 'answered'; status: number; raw: string }
  /** Kakao refuses for good: 4xx other than 429, unless its body says that a later try may succeed. */
  | { kind: 'gone'; status: number; raw: string }
  /**
   * No answer, or one that may change (network, timeout, redirect, 429, 5xx, a code that says so). `isLimit`: too many calls
   * with this key; the server is up.
   */
  | { kind: 'retryable'; status?: number; reason: string; isLimit?: boolean };

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
    const code = laterCodeIn(raw);
    const isFinal = status >= 400 && status < 500 && !TRY_AGAIN.has(status) && code === undefined;
    if (isFinal) return { kind: 'gone', status, raw };
    const isLimit = status === 429 || (code !== undefined && LIMITS.has(code));
    return { kind: 'retryable', status, reason: `HTTP ${status}${code === undefined ? '' : ` ${code}`}`, isLimit };
  }
}

/** Of the 4xx those that say so themselves: Request Timeout, Too Early, Too Many Requests. */
const TRY_AGAIN = new Set([408, 425, 429]);

/** Kakao's words for a quota that is used up: too many calls of an app, too many of a token. */
const LIMITS = new Set(['-10', 'KOE237']);

/** The code of an answer that is documented to be worth another try. */
function laterCodeIn(raw: string): string | undefined {
  try {
    const error = kakaoErrorIn(readObject(raw));
    return error?.meaning === 'later' ? error.code : undefined;
  } catch {
    return undefined;
  }
}
