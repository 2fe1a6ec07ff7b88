/**
 * Gives work a signal that ends it after a time, with a `TimeoutError`.
 *
 * `AbortSignal.timeout` would do, but it and all that listens to it stay in memory until the time is over, however early the work
 * was done: kilobytes for each image, for minutes.
 *
 * @param ending for who wants to end it before
 */
export async function endedAfter<T>(
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  ending = new AbortController(),
): Promise<T> {
  const timer = setTimeout(() => {
    ending.abort(new DOMException('the time is over', 'TimeoutError'));
  }, ms);
  try {
    return await work(ending.signal);
  } finally {
    clearTimeout(timer);
  }
}
