import type { Socket } from 'node:net';
import type { ClientBase } from 'pg';

/**
 * Ends a connection whose server no longer says anything: work that met it is then done by another connection.
 *
 * When a server or the way to it dies without a word, TCP repeats for a quarter of an hour what nobody hears, and
 * whoever waits for an answer waits as long.
 *
 * @param isPatient whether silence means nothing just now, as while migrations run
 */
export function endWhenSilent(client: ClientBase, silentMs: number, isPatient: () => boolean = () => false): void {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.setTimeout(silentMs);
  stream.on('timeout', () => {
    if (isPatient()) stream.setTimeout(silentMs);
    else stream.destroy();
  });
}
