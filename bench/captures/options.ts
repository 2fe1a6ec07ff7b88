import { parseArgs } from 'node:util';
import { numberOf } from '../options';

export interface CaptureBenchOptions {
  measures: Measure[];
  rounds: number;
  seconds: number;
  /** Callbacks a second while the time to delivery is measured. */
  rate: number;
  /** How long Kakao takes to answer. */
  kakaoMs: number;
  customers: number;
  fileBytes: number;
  /** Captures that are over and done when the measurement begins. */
  history: number;
  /** Folder for CPU profiles of our apps. */
  cpuProf?: string;
}

const MEASURES = ['callbacks', 'images', 'slow-pictures'] as const;
type Measure = (typeof MEASURES)[number];

export const USAGE = `npm run bench:captures -- [${MEASURES.join('] [')}] [options]

  --rounds N  --seconds N   of callbacks (3 of 4 s)
  --rate N          callbacks a second while the time to delivery is measured (100)
  --kakao-ms N      so long Kakao takes to answer (0)
  --history N       captures that are over and done (100000)
  --customers N     whose images are fetched, 30 files each (100)
  --file-bytes N    of each file (3000000)
  --cpu-prof DIR    CPU profiles of our apps, and their costliest functions in the output`;

/** @throws Error with a sentence for the terminal */
export function optionsOf(args: string[]): CaptureBenchOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '4' },
      rate: { type: 'string', default: '100' },
      'kakao-ms': { type: 'string', default: '0' },
      history: { type: 'string', default: '100000' },
      customers: { type: 'string', default: '100' },
      'file-bytes': { type: 'string', default: '3000000' },
      'cpu-prof': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter((word) => !MEASURES.includes(word as Measure));
  if (values.help || unknown.length > 0) throw new Error(USAGE);
  const whole = (name: keyof typeof values, least = 1): number => numberOf(name, String(values[name]), USAGE, least);
  return {
    measures: positionals.length > 0 ? (positionals as Measure[]) : [...MEASURES],
    rounds: whole('rounds'),
    seconds: whole('seconds'),
    rate: whole('rate'),
    kakaoMs: whole('kakao-ms', 0),
    history: whole('history', 0),
    customers: whole('customers'),
    fileBytes: whole('file-bytes', 1_000),
    ...(values['cpu-prof'] !== undefined && { cpuProf: values['cpu-prof'] }),
  };
}
