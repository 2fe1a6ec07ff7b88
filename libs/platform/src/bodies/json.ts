const MARK = '\uFEFF';
/** All that 2^53 and the largest double are near to; a long run of digits in a text costs time only. */
const LONG_NUMBER = /\d{16}|\d[eE]\+?\d{3}/;
const WHOLE = /^(-?\d+)(?:\.0+)?$/;

/**
 * Reads JSON that somebody else wrote: Kakao, KakaoPay, a shop, a chat bot, a file. There is no other reader in the house.
 *
 * A byte order mark is passed over. No digit of a whole number is lost: one beyond 2^53 becomes its text, as Kakao's user and
 * address ids need, and so does a number that is too large for any number of ours.
 * @throws SyntaxError, whose text quotes the JSON: it is never logged
 */
export function parseJson(text: string): unknown {
  const own = withoutMark(text);
  // A reader of each number makes it several times slower, and no short number needs one.
  if (!LONG_NUMBER.test(own)) return JSON.parse(own);
  return JSON.parse(own, ((_key: string, value: unknown, context: { source?: string }) =>
    exactly(value, context)) as Reviver);
}

/** Reads what this house wrote itself, such as an opened sealed column: by `JSON.stringify`, of values that it knows. */
export const parseOwnJson = (text: string): unknown => JSON.parse(text);

type Reviver = (key: string, value: unknown) => unknown;

const withoutMark = (text: string): string => (text.startsWith(MARK) ? text.slice(1) : text);

function exactly(value: unknown, { source }: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value;
  return WHOLE.exec(source)?.[1] ?? (Number.isFinite(value) ? value : source);
}
