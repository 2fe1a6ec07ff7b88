import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { table } from '../../scripts/launcher/output';

interface CpuProfile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
    children?: number[];
  }[];
  samples: number[];
  /** Microseconds. */
  timeDeltas: number[];
}

const SHOWN = 30;
/** Samples are a millisecond apart; more is a server that was stopped while another was measured. */
const LONGEST_SAMPLE_US = 20_000;
/** Of the start, which is not what is measured. */
const LOADING = 'node:internal/modules/';

/** What our app spent its time in once it had started, of every profile in the folder. */
export function printProfiles(folder: string): void {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))) {
    const path = join(folder, file);
    const { alone, withCalled } = timesOf(JSON.parse(readFileSync(path, 'utf8')) as CpuProfile);
    console.log(`\n${path}\n\n  by its own time\n${costliest(alone)}\n\n  with all it calls\n${costliest(withCalled)}`);
  }
}

interface Times {
  alone: Map<string, number>;
  withCalled: Map<string, number>;
}

function timesOf({ nodes, samples, timeDeltas }: CpuProfile): Times {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, describe(callFrame)]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const alone = new Map<string, number>();
  const withCalled = new Map<string, number>();
  const add = (times: Map<string, number>, name: string, time: number): void => {
    times.set(name, (times.get(name) ?? 0) + time);
  };
  const loading = new Set(nodes.filter(({ callFrame }) => callFrame.url.startsWith(LOADING)).map(({ id }) => id));
  samples.forEach((id, at) => {
    const time = timeDeltas[at] ?? 0;
    const name = names.get(id) ?? '';
    if (name === '(idle)' || time > LONGEST_SAMPLE_US) return;
    const callers: number[] = [];
    for (let each: number | undefined = id; each !== undefined; each = parents.get(each)) callers.push(each);
    if (callers.some((each) => loading.has(each))) return;
    add(alone, name, time);
    const line = new Set(callers.map((each) => names.get(each) ?? ''));
    for (const caller of line) add(withCalled, caller, time);
  });
  return { alone, withCalled };
}

function costliest(times: Map<string, number>): string {
  const total = times.get('(root)') ?? [...times.values()].reduce((sum, time) => sum + time, 0);
  const rows = [...times]
    .filter(([name]) => name !== '(root)')
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([name, time]) => [`${((time / total) * 100).toFixed(1)} %`, name]);
  return table(rows);
}

function describe({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const place = url.replace(/^.*\/(node_modules|dist)\//, '');
  return `${functionName || '(anonymous)'}${place === '' ? '' : ` ${place}:${lineNumber + 1}`}`;
}
