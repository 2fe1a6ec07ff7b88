import { kakaoErrorIn, parseJson } from '@biz/platform';
import type { Outcome } from '@biz/platform';

/** What a call to Kakao led to. `later`: worth another try; `refused`: Kakao's last word. Reasons are codes. */
export type Step<T> = { kind: 'done'; value: T } | { kind: 'later' | 'refused'; reason: string };

/**
 * What an answer of Kakao's comes to.
 *
 * Whether it is final follows the error code that it names, not its HTTP class: Kakao tells of its own faults with a 400 too, and with
 * a 200 whose other fields say nothing.
 * An answer without a code that can be read says nothing, so it is asked for again.
 * @param read nothing when the answer cannot be read
 */
export function stepOf<T>(outcome: Outcome, read: (answer: Record<string, unknown>) => T | undefined): Step<T> {
  if (outcome.kind !== 'answered') return { kind: 'later', reason: outcome.reason };
  const { status, body } = outcome;
  const answer = readObject(body);
  const isGood = status >= 200 && status < 300;
  const error = answer && kakaoErrorIn(answer);
  // A code of no document may be a field that Kakao has added.
  const isData = isGood && (error === undefined || error.meaning === 'unknown');
  const value = isData && answer ? read(answer) : undefined;
  if (value !== undefined) return { kind: 'done', value };
  if (error) return { kind: error.meaning === 'final' ? 'refused' : 'later', reason: `HTTP ${status} ${error.code}` };
  return { kind: 'later', reason: isGood ? 'UNREADABLE_ANSWER' : `HTTP ${status}` };
}

function readObject(body: string): Record<string, unknown> | undefined {
  try {
    const value = parseJson(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
