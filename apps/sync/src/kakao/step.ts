import { parseJson } from '@biz/platform';
import type { Outcome } from '@biz/platform';

/** What a call to Kakao led to. `later`: worth another try; `refused`: Kakao's last word. Reasons are codes. */
export type Step<T> = { kind: 'done'; value: T } | { kind: 'later' | 'refused'; reason: string };

/** 4xx answers that mean "too many", not "no": token requests, API quota. */
const TOO_MANY = new Set(['KOE237', '-10']);
const CODE = /^[\w-]{1,40}$/;

/** @param read nothing when the answer cannot be read */
export function stepOf<T>(outcome: Outcome, read: (answer: Record<string, unknown>) => T | undefined): Step<T> {
  if (outcome.kind !== 'answered') return { kind: 'later', reason: outcome.reason };
  const { status, body } = outcome;
  const answer = readObject(body);
  if (status >= 200 && status < 300) {
    const value = answer && read(answer);
    return value === undefined ? { kind: 'refused', reason: 'UNREADABLE_ANSWER' } : { kind: 'done', value };
  }
  const given = answer?.error_code ?? answer?.code ?? answer?.error;
  const code = typeof given === 'string' || typeof given === 'number' ? String(given) : '';
  const known = CODE.test(code);
  const busy = status >= 500 || status === 429 || (known && TOO_MANY.has(code));
  return { kind: busy ? 'later' : 'refused', reason: `HTTP ${status}${known ? ` ${code}` : ''}` };
}

function readObject(body: string): Record<string, unknown> | undefined {
  try {
    const value = parseJson(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
