const WRAPPER_PATH = '/kakaopay/callback';

export type Wrapping = 'direct' | 'wrapped' | 'wrapped-twice';

/**
 * What is inside `{talk-plugin}/kakaopay/callback?approval_url=…` (guide 6.2, "approval_url 참고사항").
 *
 * The guide's text encodes the inner URL once, its sample twice: both are read.
 */
export function unwrap(url: string): { wrapping: Wrapping; inner: string } {
  if (!URL.canParse(url)) return { wrapping: 'direct', inner: url };
  const { pathname, searchParams } = new URL(url);
  const once = searchParams.get('approval_url');
  if (pathname !== WRAPPER_PATH || once === null) return { wrapping: 'direct', inner: url };
  return /^https?%3a/i.test(once)
    ? { wrapping: 'wrapped-twice', inner: decoded(once) }
    : { wrapping: 'wrapped', inner: once };
}

/** Whether the `approval_url` of a wrapper, decoded once by the query, is this URL: as it is, or encoded once more. */
export function isWrapped(approvalUrl: string, inner: string): boolean {
  return approvalUrl === inner || (/^https?%3a/i.test(approvalUrl) && decoded(approvalUrl) === inner);
}

/** A URL with further query fields; what it had stays as it was written. */
export function withQuery(url: string, fields: Record<string, string>): string {
  const added = new URLSearchParams(fields).toString();
  if (added === '') return url;
  return `${url}${url.includes('?') ? '&' : '?'}${added}`;
}

/** What is no encoded text stays as it is: no payment was prepared with it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
