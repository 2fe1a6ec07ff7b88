import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections, which would take one between its probe and its use. */
const FIRST = 15_000;
const LAST = 31_999;

/** A port of 127.0.0.1 that no process uses. Another process may still take it: who listens tries again with another. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.on('error', () => {
      resolve(false);
    });
    probe.listen(port, '127.0.0.1', () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}
