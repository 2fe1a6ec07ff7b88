import { setTimeout as delay } from 'node:timers/promises';

/**
 * SQLSTATEs and socket errors of a server that stops, starts, is not there, is not yet the primary, or to which everybody
 * comes back at once. A container that is down has no name either.
 */
const OUTAGE =
  /^(57P0[123]|08\w{3}|53300|25006|E(CONN(REFUSED|RESET)|PIPE|NOTFOUND|AI_AGAIN|TIMEDOUT|(HOST|NET)UNREACH))$/;
/** What pg says without a code. */
const OUTAGE_TEXT = /^(Connection terminated|timeout e)/;
/** Kakao waits three seconds at worst (contract 3); whoever keeps nobody waiting may be more patient. */
const RIDE_OUT_MS = 2_200;
const PAUSE_MS = 150;

/**
 * Repeats work that met a database just restarting, as long as the caller can still be answered in time.
 *
 * For calls that nobody sends again, such as T3. The work must be repeatable: a commit may have succeeded unheard.
 */
export async function throughBriefOutage<T>(work: () => Promise<T>, rideOutMs = RIDE_OUT_MS): Promise<T> {
  const giveUpAt = performance.now() + rideOutMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isOutage(error) || performance.now() + PAUSE_MS > giveUpAt) throw error;
      await delay(PAUSE_MS);
    }
  }
}

/** Whether a database that stops, starts, or is out of reach is to blame. */
export function isOutage(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return (typeof code === 'string' && OUTAGE.test(code)) || (typeof message === 'string' && OUTAGE_TEXT.test(message));
}
