import { parseArgs } from 'node:util';
import { PLANTS, type Plant } from './plant';

export interface Options {
  seed: number;
  schedules: number;
  instances: number;
  /** How many buyers are under way at once. */
  concurrency: number;
  /** Stops after the round that is running then; unset: when the schedules are done. */
  minutes?: number;
  plant?: Plant;
  crashPoints: boolean;
  /** Every n-th crash point only. */
  every: number;
  keepGoing: boolean;
}

export const USAGE = `npm run torture -- [options]

  --seed N          of all draws (a random one is printed otherwise)
  --schedules N     buyers in all (200)
  --minutes N       goes on with further rounds for so long
  --instances N     payment apps (2)
  --concurrency N   buyers at once (30)
  --keep-going      more rounds after one that found something
  --plant NAME      plants a bug in a copy of dist, which must be found: ${PLANTS.join(', ')}
  --crash-points    kills the app at every step between T2 and S, and of a refund
  --every N         only each N-th crash point (1)
`;

/** @throws Error that says which option is wrong */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string' },
      schedules: { type: 'string' },
      minutes: { type: 'string' },
      instances: { type: 'string', default: '2' },
      concurrency: { type: 'string', default: '30' },
      plant: { type: 'string' },
      'keep-going': { type: 'boolean', default: false },
      'crash-points': { type: 'boolean', default: false },
      every: { type: 'string', default: '1' },
    },
  });
  const { plant, minutes } = values;
  if (plant !== undefined && !isPlant(plant)) throw new Error(`--plant: ${plant} is none of ${PLANTS.join(', ')}`);
  return {
    seed: values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : whole('seed', values.seed, 0),
    schedules: whole('schedules', values.schedules ?? (minutes === undefined ? '200' : '1000000'), 1),
    instances: whole('instances', values.instances, 1),
    concurrency: whole('concurrency', values.concurrency, 1),
    ...(minutes !== undefined && { minutes: whole('minutes', minutes, 1) }),
    ...(plant !== undefined && { plant }),
    crashPoints: values['crash-points'],
    every: whole('every', values.every, 1),
    keepGoing: values['keep-going'],
  };
}

const isPlant = (name: string): name is Plant => (PLANTS as readonly string[]).includes(name);

/** @throws Error that names the option, for anything but a whole number */
export function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new Error(`--${name}: ${text} is no whole number from ${least} on`);
  return value;
}
