import { parseJson } from '@biz/platform';

/** Addresses of one image by size, named as in the answer of an image OTP (guide 4.3). */
export type SkillPicture = Partial<Record<(typeof SIZES)[number], string>>;

const SIZES = ['original', 'img_3m', 'img_1m'] as const;

/** What a chat bot's payload says about a plugin that the customer has run. */
export interface SkillResult {
  /** Addresses that may be the OTP, in the order in which they are likelier, or images that came themselves. */
  addresses: string[];
  /** Images that came in several sizes each. */
  pictures: SkillPicture[];
  /** When those addresses end. */
  expire?: string;
  /** What accompanies a location (guide 3.4). */
  extra?: unknown;
  /** Kakao's number of the user, where the result carries it. */
  appUserId?: string;
}

/** A payload is 256 KiB at most; whatever nests deeper, or says more, was not made by Kakao. */
const DEEPEST = 6;
const MOST_ADDRESSES = 64;
/** An address begins at its scheme, behind what separates it from the one before; a signed one may hold a comma itself. */
const BEFORE_ADDRESS = /[\s,;|"'`<>()[\]{}，、](?=https?:\/\/)/;
const ADDRESS = /^https?:\/\/[^\s"'`<>，、]+/;
const BRACKETS = new Map([
  [')', '('],
  [']', '['],
  ['}', '{'],
]);

/**
 * Reads every shape in which a plugin's result stands in a skill payload (action.detailParams, action.params):
 * an address, a JSON text or an object with `otp`, images by size, and a list of image addresses, written in whichever way:
 * `List(url, url)`, JSON, commas, blanks or lines between them.
 */
export function readSkillPayload(body: unknown): SkillResult {
  const action = fieldsOf(fieldsOf(body)?.action);
  const result: SkillResult = { addresses: [], pictures: [] };
  for (const param of Object.values(fieldsOf(action?.detailParams) ?? {})) {
    const { origin, value } = fieldsOf(param) ?? {};
    collect(origin, result, 0);
    collect(value, result, 0);
  }
  for (const param of Object.values(fieldsOf(action?.params) ?? {})) collect(param, result, 0);
  result.addresses = [...new Set(result.addresses)];
  result.pictures = [...new Map(result.pictures.map((picture) => [JSON.stringify(picture), picture])).values()];
  return result;
}

function collect(value: unknown, result: SkillResult, depth: number): void {
  if (depth > DEEPEST || result.addresses.length + SIZES.length * result.pictures.length >= MOST_ADDRESSES) return;
  if (typeof value === 'string') collectText(value.trim(), result, depth);
  else if (Array.isArray(value)) for (const each of value) collect(each, result, depth + 1);
  else if (typeof value === 'object' && value !== null) collectFields(value as Record<string, unknown>, result, depth);
}

function collectText(text: string, result: SkillResult, depth: number): void {
  if (/^[{["]/.test(text)) {
    try {
      collect(parseJson(text), result, depth + 1);
      return;
    } catch {
      // No JSON after all: a customer's own words may begin with a bracket, and so do lists of other languages.
    }
  }
  result.addresses.push(...addressesIn(text));
}

function addressesIn(text: string): string[] {
  const [, ...pieces] = ` ${text}`.split(BEFORE_ADDRESS);
  return pieces.flatMap((piece) => {
    const address = withoutEnd(ADDRESS.exec(piece)?.[0] ?? '');
    return ADDRESS.test(address) ? [address] : [];
  });
}

/** Without separators, and brackets that close what was opened before the address. */
function withoutEnd(address: string): string {
  const open = new Map<string, number>();
  for (const sign of address) open.set(sign, (open.get(sign) ?? 0) + 1);
  let end = address.length;
  for (; end > 0; end--) {
    const sign = address.charAt(end - 1);
    if (',;|'.includes(sign)) continue;
    const opening = BRACKETS.get(sign);
    const count = open.get(sign) ?? 0;
    if (opening === undefined || count <= (open.get(opening) ?? 0)) break;
    open.set(sign, count - 1);
  }
  return address.slice(0, end);
}

function collectFields(
  { otp, expire, extra, app_user_id, appUserId = app_user_id, ...rest }: Record<string, unknown>,
  result: SkillResult,
  depth: number,
): void {
  collect(otp, result, depth + 1);
  if (typeof expire === 'string') result.expire ??= expire;
  if (extra !== undefined) result.extra ??= extra;
  if (typeof appUserId === 'string' || typeof appUserId === 'number') result.appUserId ??= String(appUserId);
  const picture = pictureIn(rest);
  if (picture) result.pictures.push(picture);
  for (const [name, each] of Object.entries(rest)) {
    if (picture?.[name as keyof SkillPicture] === undefined) collect(each, result, depth + 1);
  }
}

function pictureIn(fields: Record<string, unknown>): SkillPicture | undefined {
  const sizes = SIZES.flatMap((size) => {
    const given = fields[size];
    const [address] = typeof given === 'string' ? addressesIn(given) : [];
    return address === undefined ? [] : [[size, address] as const];
  });
  return sizes.length > 0 ? Object.fromEntries(sizes) : undefined;
}

const fieldsOf = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
