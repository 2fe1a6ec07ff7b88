import { setTimeout as delay } from 'node:timers/promises';

/** Waits for something that others do. @returns whether it came about in time */
export async function until(
  happened: () => boolean | Promise<boolean>,
  withinMs: number,
  everyMs = 25,
): Promise<boolean> {
  const giveUpAt = performance.now() + withinMs;
  while (!(await happened())) {
    if (performance.now() > giveUpAt) return false;
    await delay(everyMs);
  }
  return true;
}
