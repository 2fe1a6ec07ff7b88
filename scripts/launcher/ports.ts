import { createServer } from 'node:net';
import type { Addresses, AppName } from '@biz/platform';

/** @returns which ports cannot be used and the command that gets around it; nothing when all are free */
export async function portProblem(
  apps: readonly AppName[],
  addresses: Addresses,
  host: string,
): Promise<string | undefined> {
  const owners = new Map<number, AppName>();
  const found: { app: AppName; port: number; because: string }[] = [];
  for (const app of apps) {
    const port = addresses.port(app);
    const other = owners.get(port);
    if (other) found.push({ app, port, because: `is given to ${other} as well` });
    else if (await isTaken(port, host)) found.push({ app, port, because: 'is taken by another program' });
    owners.set(port, app);
  }
  if (found.length === 0) return undefined;
  const used = new Set(owners.keys());
  const moved = found.map(({ app, port }) => `${variable(app)}=${elsewhere(port, used)}`);
  return [
    ...found.map(({ app, port, because }) => `Port ${port} of ${app} (${variable(app)}) ${because}.`),
    'Ways out: stop that program, or choose another port:',
    `  ${moved.join(' ')} npm start`,
  ].join('\n');
}

const variable = (app: AppName): string => `${app.toUpperCase()}_PORT`;

/** 3001 → 4001, or the next one that no app has. */
function elsewhere(port: number, used: Set<number>): number {
  let other = port + 1000 > 65_000 ? port - 1000 : port + 1000;
  while (used.has(other)) other++;
  used.add(other);
  return other;
}

function isTaken(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(true);
      else reject(new Error(`Port ${port} cannot be used: ${error.message}`));
    });
    probe.listen(port, host, () => {
      probe.close(() => {
        resolve(false);
      });
    });
  });
}
