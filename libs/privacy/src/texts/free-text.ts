import { scrubText, shortLine, visibleLine } from '@biz/platform';
import { Transform } from 'class-transformer';

/** What people put between the digits of a number. */
const GAP = String.raw`[\s.,/_~·()-]{0,3}`;
/** Not inside a longer number, a date or a time. */
const BEGINS = String.raw`(?<!\d|\d[-.:,])`;
const ENDS = String.raw`(?!\d)`;
/** 0 or the country code, with which a Korean number begins. */
const DIALLED = String.raw`\(?(?:(?:(?:\+|00)${GAP})?8${GAP}2${GAP}(?:0${GAP})?|0${GAP})`;

const global = (pattern: string): RegExp => new RegExp(pattern, 'gu');

/** Each character is looked at a bounded number of times: no part can be repeated without bound and be matched in two ways. */
const MAIL = global(String.raw`[^\s@,;:<>()"']{1,64} ?@ ?[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}`);
const MOBILE = global(`${BEGINS}${DIALLED}1${GAP}[016789](?:${GAP}\\d){7,8}${ENDS}`);
const LANDLINE = global(`${BEGINS}${DIALLED}(?:2|[3-6][1-5]|[78]0|50\\d)${GAP}\\d{3,4}${GAP}\\d{4}${ENDS}`);
const ABROAD = global(String.raw`(?<!\d)\+${GAP}\d{1,3}(?:${GAP}\d){7,12}${ENDS}`);
const RESIDENT = String.raw`(?<!\d)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])`;
const RESIDENT_NUMBER = global(`${RESIDENT}${GAP}[1-8][\\d*]{6}${ENDS}`);
/** In one piece, in groups as on the card, and digit by digit. */
const CARDS = [
  String.raw`(?<!\d)\d{13,19}${ENDS}`,
  String.raw`(?<!\d)\d{4}([\s.-]{1,3})\d{4}\1\d{4}\1\d{1,7}${ENDS}`,
  String.raw`(?<!\d)\d{4}([\s.-]{1,3})\d{6}\1\d{4,5}${ENDS}`,
  String.raw`(?<!\d)\d(?:[\s.-]\d){12,18}${ENDS}`,
].map(global);

const NUMBERS: [RegExp, string][] = [
  [MAIL, '[email]'],
  [RESIDENT_NUMBER, '[resident number]'],
  [MOBILE, '[phone]'],
  [LANDLINE, '[phone]'],
  [ABROAD, '[phone]'],
  ...CARDS.map((card): [RegExp, string] => [card, '[card]']),
];

/** Ids of orders and payments, full of digits that look like numbers of people. */
const IDS = /\b([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|T[\da-f]{16,40})\b/i;

/** A longer text is refused by its limit, whatever stands in it. */
const LONGEST = 2_000;

/**
 * A text that people wrote and that is kept in the clear, as one visible line without phone, card and resident numbers and
 * mail addresses.
 *
 * Letters and digits of other widths are made plain; what is longer than `LONGEST` is dropped.
 */
export function withoutNumbers(text: string): string {
  const readable = plain(text).slice(0, LONGEST);
  // At odd places stand the ids.
  const kept = readable.split(IDS).map((part, at) => (at % 2 === 1 ? part : cut(part)));
  return visibleLine(kept.join(''));
}

/** What takes no room, but for what joins emoji (👨‍👩‍👧) and names the region of a flag. */
const WITHOUT_ROOM =
  /(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}\u{FE0F}])\u{200D}|\u{200D}(?!\p{Extended_Pictographic})|(?![\u{200D}\u{E0020}-\u{E007F}])\p{Cf}/gu;

/** Letters and digits of one width, one kind of hyphen, nothing that takes no room. */
export const plain = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(WITHOUT_ROOM, '')
    .replace(/\p{Pd}/gu, '-');

const cut = (text: string): string =>
  scrubText(NUMBERS.reduce((rest, [pattern, put]) => rest.replace(pattern, put), text));

/** Whether a phone or resident number or a mail address stands in a name that a caller made; plain counters and times are none. */
export const namesPerson = (name: string): boolean =>
  [MAIL, MOBILE, new RegExp(`${RESIDENT}-[1-8]\\d{6}${ENDS}`, 'u')].some((pattern) =>
    name.split(IDS).some((part, at) => at % 2 === 0 && part.search(pattern) >= 0),
  );

/** A property that takes free text: what `withoutNumbers` leaves of it, and nothing longer than what was sent. */
export const FreeText = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && value.length <= LONGEST ? shortLine(withoutNumbers(value), value.length) : value,
  );
