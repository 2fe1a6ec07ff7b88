/** What the three callback apps receive; each app accepts the OTP addresses of its own kind only. */
export type OtpKind = 'profile' | 'location' | 'image';

/** The last path segment of each kind; `profile` is an older spelling seen in production beside `onetimeprofile`. */
const LAST_SEGMENT: Record<OtpKind, string> = {
  profile: 'onetimeprofile|profile',
  location: 'current_location',
  image: 'secure_image',
};

/** Kakao's tokens are about 25 characters; whatever is longer than this was not made by Kakao. */
const LONGEST_TOKEN = 256;

/**
 * Whether an address from an unauthenticated caller may be fetched (the SSRF gate).
 *
 * The text itself is compared, before any parser sees it: only the one spelling
 * that Kakao sends passes, so user info, ports, queries, encoded or repeated
 * slashes, dots, foreign alphabets and other ways to write a host never reach a parser.
 */
export function isOtpUrl(text: string, kind: OtpKind, talkPluginOrigin: string): boolean {
  const start = `${new URL(talkPluginOrigin).origin}/otp/`;
  if (!text.startsWith(start) || text.length > start.length + LONGEST_TOKEN + 20) return false;
  return new RegExp(`^[A-Za-z0-9_-]{1,${LONGEST_TOKEN}}/(?:${LAST_SEGMENT[kind]})$`).test(text.slice(start.length));
}
