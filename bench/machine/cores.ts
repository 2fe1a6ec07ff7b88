import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Where a process runs: servers apart from the database and the load. */
export type Core = 'server' | 'rest';

/** Which processors each kind gets; undefined: the kernel decides. */
function coresOf(core: Core): string | undefined {
  const count = availableParallelism();
  if (count < 2 || process.platform !== 'linux') return undefined;
  return core === 'server' ? '0' : `1-${count - 1}`;
}

const canPin = process.platform === 'linux' && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

export const pinned = canPin && coresOf('server') !== undefined;

/** A command line that runs on the cores of its kind where that can be arranged. */
export function pin(core: Core, line: [string, ...string[]]): { command: string; args: string[] } {
  const cores = pinned ? coresOf(core) : undefined;
  const [command, ...args] = cores === undefined ? line : (['taskset', '-c', cores, ...line] as const);
  return { command, args };
}

/** Moves a running process, and what it starts from now on. */
export function pinRunning(core: Core, pid: number): void {
  const cores = pinned ? coresOf(core) : undefined;
  if (cores !== undefined) spawnSync('taskset', ['-a', '-c', '-p', cores, String(pid)]);
}

export const describeCores = (): string =>
  pinned
    ? `server pinned to core ${coresOf('server') ?? ''}, PostgreSQL and load to core ${coresOf('rest') ?? ''}`
    : 'nothing pinned (taskset or a second core is missing): server, PostgreSQL and load share the cores';
