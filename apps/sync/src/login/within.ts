import { setTimeout as delay } from 'node:timers/promises';

/** Waits for work, but not longer than this; the work goes on. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const enough = new AbortController();
  const late = delay(Math.max(0, ms), undefined, { signal: enough.signal }).catch(() => undefined);
  const answer = await Promise.race([work, late]);
  enough.abort();
  return answer;
}
