import { parseJson } from '@biz/platform';

/** What a chat bot's payload says about a plugin that the customer has run. */
export interface SkillResult {
  /** Addresses that may be the OTP, in the order in which they are likelier. */
  addresses: string[];
  /** Addresses of images, when they came themselves (`List(url, url)`). */
  images: string[];
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
const LIST = /^\s*List\s*\(([\s\S]*)\)\s*$/;
const ADDRESS = /^https?:\/\/\S+$/;

/**
 * Reads every shape in which a plugin's result stands in a skill payload (action.detailParams, action.params):
 * an address, a JSON text or an object with `otp`, and `List(url, url)` of image addresses.
 */
export function readSkillPayload(body: unknown): SkillResult {
  const action = fieldsOf(fieldsOf(body)?.action);
  const result: SkillResult = { addresses: [], images: [] };
  for (const param of Object.values(fieldsOf(action?.detailParams) ?? {})) {
    const { origin, value } = fieldsOf(param) ?? {};
    collect(origin, result, 0);
    collect(value, result, 0);
  }
  for (const param of Object.values(fieldsOf(action?.params) ?? {})) collect(param, result, 0);
  result.addresses = [...new Set(result.addresses)];
  result.images = [...new Set(result.images)];
  return result;
}

function collect(value: unknown, result: SkillResult, depth: number): void {
  if (depth > DEEPEST || result.addresses.length + result.images.length >= MOST_ADDRESSES) return;
  if (typeof value === 'string') collectText(value.trim(), result, depth);
  else if (Array.isArray(value)) for (const each of value) collect(each, result, depth + 1);
  else if (typeof value === 'object' && value !== null) collectFields(value as Record<string, unknown>, result, depth);
}

function collectText(text: string, result: SkillResult, depth: number): void {
  const list = LIST.exec(text)?.[1];
  if (list !== undefined) {
    // A signed address may hold a comma; the next one begins with its scheme.
    result.images.push(
      ...list
        .split(/,\s*(?=https?:\/\/)/)
        .map((each) => each.trim())
        .filter((each) => ADDRESS.test(each)),
    );
  } else if (text.startsWith('{') || text.startsWith('[')) {
    try {
      collect(parseJson(text), result, depth + 1);
    } catch {
      // No JSON after all: a customer's own words may begin with a bracket.
    }
  } else if (ADDRESS.test(text)) {
    result.addresses.push(text);
  }
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
  for (const each of Object.values(rest)) collect(each, result, depth + 1);
}

const fieldsOf = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
