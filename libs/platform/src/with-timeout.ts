/**
 * Waits for work so long at most; the work itself goes on, and what becomes of it later is heard by nobody.
 *
 * @param late what is thrown when the time is over
 */
export async function withTimeout<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    // No AbortController: the error it makes at each end cost a fifth of T1.
    timer = setTimeout(() => {
      reject(late());
    }, ms);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
