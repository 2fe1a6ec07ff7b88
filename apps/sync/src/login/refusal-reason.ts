/** Errors of an authorization answer: OAuth 2.0 (RFC 6749, 4.1.2.1) and OpenID Connect (3.1.2.6), which Kakao's `prompt` follows. */
const ERRORS = new Set([
  ...['access_denied', 'invalid_request', 'invalid_scope', 'unauthorized_client', 'unsupported_response_type'],
  ...['server_error', 'temporarily_unavailable', 'login_required', 'consent_required', 'interaction_required'],
]);
/** What Kakao documents for the request of a code (인가 코드 받기). */
const KAKAO_CODES = new Set([
  ...['KOE001', 'KOE002', 'KOE003', 'KOE004', 'KOE005', 'KOE006', 'KOE007', 'KOE008', 'KOE009', 'KOE010'],
  ...['KOE101', 'KOE102', 'KOE103', 'KOE201', 'KOE202', 'KOE203', 'KOE204', 'KOE205', 'KOE207', 'KOE303'],
]);

/**
 * Why the consent screen sent a customer back without a code: one of a few dozen reasons, whatever the address says.
 *
 * The address is a caller's to write, and each reason is a row of its own. Kakao's number says more than the error beside it.
 */
export function reasonOf(error = '', description = ''): string {
  const [number = ''] = /\bKOE\d{3}\b/.exec(description) ?? [];
  const known = ERRORS.has(error) ? error : 'OTHER_ERROR';
  if (!KAKAO_CODES.has(number)) return known;
  return error === 'access_denied' ? `${error}: ${number}` : number;
}
