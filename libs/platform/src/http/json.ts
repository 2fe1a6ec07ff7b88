/** Fewer digits are a number like any other. */
const LONG_NUMBER = /\d{16}/;

/** Whether a text may hold an integer that `JSON.parse` would change. */
export const mayLoseDigits = (text: string): boolean => LONG_NUMBER.test(text);

/**
 * `JSON.parse` that loses no digit: an integer beyond 2^53 becomes its text, as Kakao's user and address ids need.
 *
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  if (!mayLoseDigits(text)) return JSON.parse(text);
  return JSON.parse(text, ((_key: string, value: unknown, context: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && context.source && /^-?\d+$/.test(context.source)
      ? context.source
      : value) as (key: string, value: unknown) => unknown);
}
