/** What the three callback apps receive; each app accepts the OTP addresses of its own kind only. */
export type OtpKind = 'profile' | 'location' | 'image';

/** Kakao's tokens are about 25 characters; whatever is longer than this was not made by Kakao. */
const LONGEST_TOKEN = 256;

/** What follows `/otp/` for each kind; `profile` is an older spelling seen in production beside `onetimeprofile`. */
const PATH: Record<OtpKind, RegExp> = {
  profile: /^[A-Za-z0-9_-]{1,256}\/(?:onetimeprofile|profile)$/,
  location: /^[A-Za-z0-9_-]{1,256}\/current_location$/,
  image: /^[A-Za-z0-9_-]{1,256}\/secure_image$/,
};

/**
 * Whether an address from an unauthenticated caller may be fetched (the SSRF gate).
 *
 * The text itself is compared, before any parser sees it: only the one spelling
 * that Kakao sends passes, so user info, ports, queries, encoded or repeated
 * slashes, dots, foreign alphabets and other ways to write a host never reach a parser.
 */
export function isOtpUrl(text: string, kind: OtpKind, talkPluginOrigin: string): boolean {
  const start = startOf(talkPluginOrigin);
  if (!text.startsWith(start) || text.length > start.length + LONGEST_TOKEN + 20) return false;
  return PATH[kind].test(text.slice(start.length));
}

let known = { origin: '', start: '' };

/** There is one origin in a process; a callback need not parse it again. */
function startOf(origin: string): string {
  if (known.origin !== origin) known = { origin, start: `${new URL(origin).origin}/otp/` };
  return known.start;
}
