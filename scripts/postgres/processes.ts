import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Names a process so that a later one with the same number is not mistaken for it. */
export interface ProcessMark {
  pid: number;
  startedAt: string;
}

export function markOf(pid: number): ProcessMark | undefined {
  const startedAt = process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export function stillRuns(mark: ProcessMark): boolean {
  return markOf(mark.pid)?.startedAt === mark.startedAt;
}

/** The command line of a process, arguments separated by blanks. */
export function commandLineOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return ps(pid, 'command=');
  return readText(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim();
}

/** @returns whether the process was gone within the time */
export async function gone(pid: number, withinMs: number): Promise<boolean> {
  const giveUpAt = Date.now() + withinMs;
  while (markOf(pid)) {
    if (Date.now() > giveUpAt) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/** Sends a signal to a process that may be gone already. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function startOnLinux(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  if (!stat) return undefined;
  // The name in brackets may hold blanks; proc(5): state follows it, the start time is the 20th value from there.
  const values = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const dead = values[0] === 'Z' || values[0] === 'X';
  return dead ? undefined : `${bootId()}/${values[19] ?? ''}`;
}

function startByPs(pid: number): string | undefined {
  const line = ps(pid, 'stat=,lstart=');
  if (!line || line.startsWith('Z')) return undefined;
  return line.slice(line.indexOf(' ')).trim();
}

/** Start times count from boot, so two boots could repeat one. */
function bootId(): string {
  return readText('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

function ps(pid: number, columns: string): string | undefined {
  try {
    return execFileSync('ps', ['-p', String(pid), '-o', columns], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
