import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Where a process runs: servers apart from the database and the load. */
export type Core = 'server' | 'second-server' | 'rest';

const count = availableParallelism();
/** Two servers can have a core each, with as many left for the database and the load. */
export const enoughCoresForTwo = count >= 4;

const CORES: Record<Core, string> = {
  server: '0',
  'second-server': enoughCoresForTwo ? '1' : '0',
  rest: enoughCoresForTwo ? `2-${count - 1}` : `1-${count - 1}`,
};

const canPin = process.platform === 'linux' && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

const pinned = canPin && count >= 2;

/** A command line that runs on the cores of its kind where that can be arranged. */
export function pin(core: Core, line: [string, ...string[]]): { command: string; args: string[] } {
  const [command, ...args] = pinned ? (['taskset', '-c', CORES[core], ...line] as const) : line;
  return { command, args };
}

/** Moves a running process, and what it starts from now on. */
export function pinRunning(core: Core, pid: number): void {
  if (pinned) spawnSync('taskset', ['-a', '-c', '-p', CORES[core], String(pid)]);
}

export const describeCores = (): string =>
  pinned
    ? `server pinned to core ${CORES.server}, PostgreSQL and load to ${CORES.rest}`
    : 'nothing pinned (taskset or a second core is missing): server, PostgreSQL and load share the cores';
