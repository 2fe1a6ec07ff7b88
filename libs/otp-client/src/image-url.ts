/** Kakao's signed addresses have a few hundred characters. */
const LONGEST_URL = 4_096;

/** Visible ASCII without a backslash: nothing a parser would drop, fold or read as a slash. */
const PLAIN = /^[!-[\]-~]+$/;

/** Whether an address of an OTP answer may be fetched; the text is compared, as it is for OTP addresses. */
export function isImageUrl(url: string, imageOrigins: readonly string[]): boolean {
  if (url.length > LONGEST_URL || !PLAIN.test(url)) return false;
  return startsOf(imageOrigins).some((start) => url.startsWith(start));
}

let known: { origins: readonly string[]; starts: readonly string[] } = { origins: [], starts: [] };

/** There is one list of origins in a process; an address need not parse it again. */
function startsOf(origins: readonly string[]): readonly string[] {
  if (known.origins !== origins) known = { origins, starts: origins.map((origin) => `${new URL(origin).origin}/`) };
  return known.starts;
}
