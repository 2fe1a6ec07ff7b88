/**
 * `JSON.parse` that loses no digit: an integer beyond 2^53 becomes its text, as Kakao's user and address ids need.
 *
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text, ((_key: string, value: unknown, context: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && context.source && /^-?\d+$/.test(context.source)
      ? context.source
      : value) as (key: string, value: unknown) => unknown);
}
