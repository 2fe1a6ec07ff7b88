import { setTimeout as delay } from 'node:timers/promises';

/** Repeats an expectation until it holds, and fails with its own message when it never does. */
export async function eventually<T>(expectation: () => T | Promise<T>, timeoutMs = 5_000): Promise<T> {
  const giveUpAt = Date.now() + timeoutMs;
  for (let pause = 5; ; pause = Math.min(pause * 2, 100)) {
    try {
      return await expectation();
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
    }
    await delay(pause);
  }
}

/** The results of n calls, for `Promise.all([...times(20, () => call())])`. */
export function times<T>(n: number, make: (index: number) => T): T[] {
  return Array.from({ length: n }, (_, index) => make(index));
}
