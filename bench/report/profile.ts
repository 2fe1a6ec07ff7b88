import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { table } from '../../scripts/launcher/output';

interface CpuProfile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
  }[];
  samples: number[];
  timeDeltas: number[];
}

const SHOWN = 40;

/** The functions our app spent most of its own time in, of every profile in the folder. */
export function printProfiles(folder: string): void {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))) {
    const path = join(folder, file);
    console.log(`\n${path}\n${table(costliest(JSON.parse(readFileSync(path, 'utf8')) as CpuProfile))}`);
  }
}

function costliest({ nodes, samples, timeDeltas }: CpuProfile): string[][] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, describe(callFrame)]));
  const spent = new Map<string, number>();
  samples.forEach((id, at) => {
    const name = names.get(id) ?? '';
    spent.set(name, (spent.get(name) ?? 0) + (timeDeltas[at] ?? 0));
  });
  spent.delete('(idle)');
  const total = [...spent.values()].reduce((sum, time) => sum + time, 0);
  return [...spent]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([name, time]) => [`${((time / total) * 100).toFixed(1)} %`, name]);
}

function describe({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const place = url.replace(/^.*\/(node_modules|dist)\//, '');
  return `${functionName || '(anonymous)'}${place === '' ? '' : ` ${place}:${lineNumber + 1}`}`;
}
