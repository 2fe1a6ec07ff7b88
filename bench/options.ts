import { parseArgs } from 'node:util';
import { PlainProblem } from '../scripts/plain-problem';

const MEASURES = ['t4', 'size', 'plans', 't1', 't2', 't3', 'settle', 'options', 'memory', 'instances'] as const;
export type MeasureName = (typeof MEASURES)[number];

export interface Options {
  measures: MeasureName[];
  orders: number;
  rounds: number;
  seconds: number;
  warmUpSeconds: number;
  json?: string;
  /** Folder for a CPU profile of our app. */
  cpuProf?: string;
}

export const USAGE = `npm run bench -- [${MEASURES.join('] [')}] [options]

  --orders N       orders in the database (1000000)
  --quick          3 rounds of 2 s instead of 5 of 8 s
  --rounds N  --seconds N
  --json FILE      the numbers, for programs
  --cpu-prof DIR   a CPU profile of our app for chrome://inspect, and its costliest functions in the output`;

/** @throws Error with a sentence for the terminal */
export function optionsOf(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      orders: { type: 'string', default: '1000000' },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      json: { type: 'string' },
      'cpu-prof': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter((word) => !MEASURES.includes(word as MeasureName));
  if (values.help || unknown.length > 0) throw new Error(USAGE);
  return {
    measures: positionals.length > 0 ? (positionals as MeasureName[]) : [...MEASURES],
    orders: numberOf('orders', values.orders, USAGE, 1_000),
    rounds: numberOf('rounds', values.rounds ?? (values.quick ? '3' : '5'), USAGE),
    seconds: numberOf('seconds', values.seconds ?? (values.quick ? '2' : '8'), USAGE),
    warmUpSeconds: values.quick ? 1 : 3,
    ...(values.json !== undefined && { json: values.json }),
    ...(values['cpu-prof'] !== undefined && { cpuProf: values['cpu-prof'] }),
  };
}

/** @throws Error with a sentence for the terminal, and the usage */
export function numberOf(name: string, text: string, usage: string, least = 1): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least) return number;
  throw new Error(`--${name}: found ${text}; it must be a whole number of ${least} or more\n\n${usage}`);
}

/** What a reader of options makes of the command line. @throws PlainProblem with the reader's sentence */
export function fromCommandLine<T>(read: (args: string[]) => T): T {
  try {
    return read(process.argv.slice(2));
  } catch (error) {
    throw new PlainProblem(error instanceof Error ? error.message : String(error));
  }
}
