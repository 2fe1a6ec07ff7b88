const MARK = '\u0001digits:';

/** JSON text in which a bigint is a plain number: Kakao's ids pass 2^53 and no digit may be lost. */
export function toWireJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? `${MARK}${part}` : part));
  return text.replace(/"\\u0001digits:(-?\d+)"/g, '$1');
}

/** The same for a value that may be text already (raw answers of a test). */
export function asWireText(value: unknown): string {
  return typeof value === 'string' ? value : toWireJson(value);
}
