/** What an error code of Kakao's says about asking again. `unknown`: no document names it. */
export type KakaoErrorMeaning = 'final' | 'later' | 'unknown';

/** An error that Kakao tells in a body, whatever the HTTP status is. */
export interface KakaoError {
  /** Such as `-401` or `KOE320`. */
  readonly code: string;
  readonly meaning: KakaoErrorMeaning;
}

/** Kakao is at fault or busy: internal error, maintenance, quota, time-out (REST API error codes); OAuth server, too many. */
const LATER = new Set([
  '-1',
  '-7',
  '-10',
  '-11',
  '-603',
  '-9798',
  'KOE003',
  'KOE237',
  'temporarily_unavailable',
  'server_error',
]);
/** The request, the app, the token or the user does not qualify: the same question has the same answer. */
const FINAL = new Set([
  ...['-2', '-3', '-4', '-5', '-6', '-8', '-9', '-12', '-101', '-102', '-103', '-201', '-301', '-401', '-402', '-406'],
  ...['-501', '-502', '-602', '-606', '-903', '-911'],
  ...['invalid_request', 'invalid_client', 'invalid_grant', 'unauthorized_client', 'unsupported_grant_type'],
  ...['invalid_scope', 'access_denied', 'misconfigured'],
]);
const KOE = /^KOE\d{3}$/;
const CODE = /^[\w-]{1,40}$/;

/**
 * The error in an answer of Kakao's login and REST APIs: `{error, error_code}` or `{code, msg}`, also within `error`.
 *
 * @returns nothing when the body names none; 0 is none
 */
export function kakaoErrorIn(answer: Record<string, unknown>): KakaoError | undefined {
  const inner = typeof answer.error === 'object' ? (answer.error as Record<string, unknown> | null) : null;
  const given = answer.error_code ?? answer.code ?? inner?.error_code ?? inner?.code ?? answer.error;
  const code = typeof given === 'string' || typeof given === 'number' ? String(given) : '';
  return CODE.test(code) && code !== '0' ? { code, meaning: meaningOf(code) } : undefined;
}

function meaningOf(code: string): KakaoErrorMeaning {
  if (LATER.has(code)) return 'later';
  return FINAL.has(code) || KOE.test(code) ? 'final' : 'unknown';
}

/** Whether an answer says that it is an error, by any code or by an HTTP status that stands in it. */
export const namesKakaoError = (answer: Record<string, unknown>): boolean =>
  kakaoErrorIn(answer) !== undefined || Number(answer.status) >= 400 || (answer.error ?? undefined) !== undefined;
