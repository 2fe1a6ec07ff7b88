import { setTimeout as delay } from 'node:timers/promises';

/** Only what hangs takes so long: on a loaded machine a start of two seconds becomes one of two minutes. */
const PATIENCE_MS = 600_000;

/** Repeats an expectation until it holds, and fails with its own message when it never does. */
export function eventually<T>(expectation: () => T | Promise<T>): Promise<T> {
  return repeated(expectation, PATIENCE_MS);
}

export async function repeated<T>(expectation: () => T | Promise<T>, forMs: number): Promise<T> {
  const giveUpAt = performance.now() + forMs;
  for (let pause = 5; ; pause = Math.min(pause * 2, 100)) {
    try {
      return await expectation();
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
    }
    await delay(pause);
  }
}

/** The results of n calls, for `Promise.all([...times(20, () => call())])`. */
export function times<T>(n: number, make: (index: number) => T): T[] {
  return Array.from({ length: n }, (_, index) => make(index));
}
