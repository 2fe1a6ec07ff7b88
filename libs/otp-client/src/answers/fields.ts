import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { kakaoErrorIn, parseJson } from '@biz/platform';
import type { Phone } from './profile.dto';

/** The answer cannot be what the guide describes; the raw text is kept and can be read again by a newer version. */
export class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer';
}

/** Nothing but an error is in the answer, and the same question would have the same one. */
export class RefusedAnswer extends UnreadableAnswer {}

export type Fields = Record<string, unknown>;

/** The object that every OTP answer is, with no digit of a number lost. */
export function readObject(raw: string): Fields {
  let value: unknown;
  try {
    value = parseJson(raw);
  } catch {
    // The parser's own message would quote the answer.
    throw new UnreadableAnswer('the answer is not JSON');
  }
  const object = fields(value);
  if (!object) throw new UnreadableAnswer('the answer is not an object');
  return object;
}

/** What an answer in which nothing was understood says instead: Kakao's own error, whatever the HTTP status was. */
export function notUnderstood(answer: Fields, what: string): UnreadableAnswer {
  return isFinalError(answer) || isFinalError(fields(answer.error) ?? {})
    ? new RefusedAnswer('the answer is an error')
    : new UnreadableAnswer(what);
}

/** A documented code decides; else an HTTP status that stands in the body, as it would at its own place. */
function isFinalError(answer: Fields): boolean {
  const error = kakaoErrorIn(answer);
  if (error !== undefined && error.meaning !== 'unknown') return error.meaning === 'final';
  const status = Number(text(answer.status) ?? error?.code);
  return status >= 400 && status < 500 && status !== 429;
}

export function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** Text, or a number digit for digit; `null`, `""` and anything else are absent. */
export function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
}

/** A finite number, also when it came as text, within `±limit`. */
export function coordinate(value: unknown, limit: number): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && Math.abs(number) <= limit ? number : undefined;
}

/** `Y` and `N` of the guide. */
export function yesNo(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (value === 'Y' || value === 'y') return true;
  return value === 'N' || value === 'n' ? false : undefined;
}

/** Kakao writes `+82 010-…` with the trunk zero that E.164 leaves out. */
export function phone(value: unknown): Phone | undefined {
  const raw = text(value);
  if (raw === undefined) return undefined;
  const parsed = parsePhoneNumberFromString(raw, 'KR');
  return present({ raw, e164: parsed?.isPossible() ? parsed.number : undefined });
}

/** The object without its absent properties, so that absent is never `undefined` on the way into JSON or a comparison. */
export function present<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

/** As `present`, and absent itself when nothing is left. */
export function presentOrAbsent<T extends object>(object: T): T | undefined {
  const kept = present(object);
  return Object.keys(kept).length > 0 ? kept : undefined;
}
