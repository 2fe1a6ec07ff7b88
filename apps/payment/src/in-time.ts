import { setTimeout as delay } from 'node:timers/promises';

/** What the work answers, or an error after so many milliseconds; the work itself is not stopped. */
export async function inTime<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const abort = new AbortController();
  try {
    return await Promise.race([
      work(),
      delay(ms, undefined, { signal: abort.signal }).then((): never => {
        throw new Error(`no answer within ${ms} ms`);
      }),
    ]);
  } finally {
    abort.abort();
  }
}
