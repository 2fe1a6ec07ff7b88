import { createServer } from 'node:net';
import type { Addresses, AppName } from '@biz/platform';

/** @returns what is wrong with the ports, one paragraph each, with the way out; nothing when all are free */
export async function portProblems(apps: readonly AppName[], addresses: Addresses, host: string): Promise<string[]> {
  const owners = new Map<number, AppName>();
  const problems: string[] = [];
  for (const app of apps) {
    const port = addresses.port(app);
    const other = owners.get(port);
    owners.set(port, app);
    if (other && port !== 0) {
      problems.push(`Port ${port} is given to both ${other} and ${app}. Choose another: ${advice(app, port)}`);
    } else if (port !== 0 && (await isTaken(port, host))) {
      problems.push(
        `Port ${port} of ${app} is taken by another program. Stop that one, or choose another: ${advice(app, port)}`,
      );
    }
  }
  return problems;
}

const advice = (app: AppName, port: number): string => `${app.toUpperCase()}_PORT=${otherPort(port)} npm start`;

/** 3001 → 4001: all apps moved like this stay apart from each other. */
const otherPort = (port: number): number => (port + 1000 > 65_535 ? port - 1000 : port + 1000);

function isTaken(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(true);
      else reject(new Error(`port ${port} cannot be used: ${error.message}`));
    });
    probe.listen(port, host, () => {
      probe.close(() => {
        resolve(false);
      });
    });
  });
}
