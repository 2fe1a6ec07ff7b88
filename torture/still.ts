import { setTimeout as delay } from 'node:timers/promises';
import type { Broken } from './judge/verdict';

/** Work of a killed process comes back after 5 to 15 s, and may have to be tried again. */
const QUIET_LIMIT_MS = 900_000;

/**
 * Waits until nothing moves any more.
 *
 * @param unrest what still moves
 * @returns what still does when patience is over
 */
export async function untilStill(unrest: () => Promise<string[]>): Promise<Broken[]> {
  const giveUpAt = Date.now() + QUIET_LIMIT_MS;
  for (;;) {
    const rest = await unrest();
    if (rest.length === 0 || Date.now() > giveUpAt) {
      return rest.map((what) => ({
        rule: 'end',
        what: `after ${QUIET_LIMIT_MS / 1000} s of quiet there is still ${what}`,
      }));
    }
    if (process.env.TORTURE_DEBUG) console.log(`    still: ${rest.join(', ')}`);
    await delay(250);
  }
}
