import { writeFileSync } from 'node:fs';
import { table } from '../../scripts/launcher/output';
import type { Measured } from '../rounds';

/** One target of ours, as measured. */
export interface Verdict {
  what: string;
  measured: number;
  /** The same by the processor time of the servers: what to look at when the machine is busy with other things. */
  byCpu?: number;
  /** How it is written: `1.23×`, `12.3 ms`. */
  unit: '×' | 'ms' | 'MB' | 's' | '';
  target: number;
  moonshot?: number;
  /** Whether more is better. */
  atLeast: boolean;
}

/** Collects what is measured, and prints it as it comes. */
export class Report {
  private readonly sections: Record<string, Record<string, Measured>> = {};
  private readonly verdicts: Verdict[] = [];
  private readonly notes: string[] = [];

  section(title: string, measured: Record<string, Measured>): void {
    this.sections[title] = measured;
    const rows = Object.entries(measured).map(([name, m]) => [
      name,
      Math.round(m.perSecond).toLocaleString('en'),
      Math.round(m.perServerSecond).toLocaleString('en'),
      m.p50.toFixed(2),
      m.p99.toFixed(2),
      m.slowestToMedian.toFixed(2),
      ...[m.serverCpu, m.databaseCpu, m.clientCpu].map((share) => `${Math.round(share * 100)} %`),
      String(Math.round(m.residentMb)),
      String(m.wrong),
    ]);
    const head = [
      '',
      'median /s',
      'per server-CPU s',
      'p50 ms',
      'p99 ms',
      'slowest/median',
      'server',
      'database',
      'load',
      'MB',
      'wrong',
    ];
    console.log(`\n${title}\n${table([head, ...rows])}`);
    for (const [name, { firstWrong, ranOut }] of Object.entries(measured)) {
      if (ranOut) console.log(`  ${name} had no requests left before the time was over`);
      if (firstWrong !== undefined) console.log(`  first wrong answer of ${name}: ${JSON.stringify(firstWrong)}`);
    }
  }

  verdict(verdict: Verdict): void {
    this.verdicts.push(verdict);
  }

  note(line: string): void {
    this.notes.push(line);
    console.log(line);
  }

  summary(): void {
    if (this.verdicts.length === 0) return;
    const rows = this.verdicts.map((verdict) => {
      const { what, measured, byCpu, unit, target, moonshot, atLeast } = verdict;
      const say = (value: number): string => `${atLeast ? '≥' : '≤'} ${write(value, unit)}`;
      const cpu = byCpu === undefined ? '' : write(byCpu, unit);
      return [
        what,
        write(measured, unit),
        cpu,
        say(target),
        moonshot === undefined ? '' : say(moonshot),
        judge(verdict),
      ];
    });
    console.log(`\n${table([['', 'measured', 'by server CPU', 'target', 'moonshot', ''], ...rows])}`);
  }

  writeJson(file: string, about: object): void {
    const { sections, verdicts, notes } = this;
    writeFileSync(file, `${JSON.stringify({ about, sections, verdicts, notes }, null, 2)}\n`);
  }
}

/** How many times as fast one was as the other. */
export const timesFaster = (by: Measured, than: Measured): Pick<Verdict, 'measured' | 'byCpu' | 'unit'> => ({
  measured: by.perSecond / than.perSecond,
  byCpu: by.perServerSecond / than.perServerSecond,
  unit: '×',
});

const write = (value: number, unit: Verdict['unit']): string =>
  `${value >= 100 ? Math.round(value) : value.toFixed(value < 0.1 ? 3 : 2)}${unit === '×' ? '×' : ` ${unit}`}`;

function judge({ measured, target, moonshot, atLeast }: Verdict): string {
  const reaches = (goal: number | undefined): boolean =>
    goal !== undefined && (atLeast ? measured >= goal : measured <= goal);
  return reaches(moonshot) ? 'met, moonshot too' : reaches(target) ? 'met' : 'not met';
}
