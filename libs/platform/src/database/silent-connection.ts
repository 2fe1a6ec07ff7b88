import type { Socket } from 'node:net';
import type { ClientBase } from 'pg';

/** Without a timer of its own, a pool keeps a connection for so long that nobody uses. */
const IDLE_MS = 10_000;

/**
 * What a pool is told so that it ends a connection whose server no longer says anything: work that met it is then done
 * by another connection.
 *
 * When a server or the way to it dies without a word, TCP repeats for a quarter of an hour what nobody hears, and
 * whoever waits for an answer waits as long.
 *
 * @param isPatient whether silence means nothing just now, as while migrations run
 */
export function endingSilence(
  silentMs: number,
  isPatient: () => boolean = () => false,
): { idleTimeoutMillis: number; onConnect: (client: ClientBase) => void } {
  const onConnect = (client: ClientBase): void => {
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
    stream.setTimeout(silentMs);
    stream.on('timeout', () => {
      if (isPatient()) stream.setTimeout(silentMs);
      else stream.destroy();
    });
  };
  // Whoever is asked nothing is not silent, and is let go in the usual way before.
  return { idleTimeoutMillis: Math.min(IDLE_MS, silentMs / 2), onConnect };
}
