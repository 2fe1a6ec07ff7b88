import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of a processor that Linux counts in; 100 a second on every usual kernel. */
const TICKS_PER_SECOND = 100;

/** Seconds of processor time used so far; 0 where /proc is missing. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = statOf(pid);
    return sum + (Number(fields?.[11] ?? 0) + Number(fields?.[12] ?? 0)) / TICKS_PER_SECOND;
  }, 0);
}

/** Processor seconds of a group whose processes come and go: what each used since `before` was taken. */
export function cpuByProcess(pids: readonly number[]): Map<number, number> {
  return new Map(pids.map((pid) => [pid, cpuSeconds([pid])]));
}

export function cpuSince(before: ReadonlyMap<number, number>, pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + Math.max(0, cpuSeconds([pid]) - (before.get(pid) ?? 0)), 0);
}

/** Resident megabytes. */
export function residentMb(pid: number): number {
  const kb = /^VmRSS:\s+(\d+)/m.exec(readOr(`/proc/${pid}/status`))?.[1];
  return Number(kb ?? NaN) / 1024;
}

export function childrenOf(pid: number): number[] {
  return readdirOr('/proc')
    .map(Number)
    .filter((each) => each > 0 && Number(statOf(each)?.[1]) === pid);
}

/** proc(5): the name in brackets may hold blanks; what follows it begins with the state. */
function statOf(pid: number): string[] | undefined {
  const stat = readOr(`/proc/${pid}/stat`);
  return stat === '' ? undefined : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readdirOr(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
