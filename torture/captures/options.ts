import { parseArgs } from 'node:util';
import { whole } from '../options';
import { CAPTURE_PLANTS, type CapturePlant } from './plants';

/** Whoever asks for more gets more rounds. */
export const CUSTOMERS_A_ROUND = 300;

export interface CaptureOptions {
  seed: number;
  customers: number;
  instances: number;
  spreadMs: number;
  /** Percent. */
  hopeless: number;
  plant?: CapturePlant;
  crashPoints: boolean;
  /** Every n-th crash point only. */
  every: number;
  keepGoing: boolean;
}

export const CAPTURE_USAGE = `npm run torture:captures -- [options]

  --seed N        of all draws (a random one is printed otherwise)
  --customers N   in all (${CUSTOMERS_A_ROUND})
  --instances N   of the profile app and of the image app (2); one of the location app
  --spread MS     the callbacks of a round come within this time (20000)
  --hopeless N    percent of the OTPs that Kakao never answers (2)
  --keep-going    more rounds after one that found something
  --crash-points  kills each app at every step between callback and delivery
  --every N       only each N-th crash point (1)
  --plant NAME    plants a bug in a copy of dist, which must be found: ${CAPTURE_PLANTS.join(', ')}
`;

/** @throws Error that says which option is wrong */
export function readCaptureOptions(args: string[]): CaptureOptions {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string' },
      customers: { type: 'string', default: String(CUSTOMERS_A_ROUND) },
      instances: { type: 'string', default: '2' },
      spread: { type: 'string', default: '20000' },
      hopeless: { type: 'string', default: '2' },
      plant: { type: 'string' },
      'keep-going': { type: 'boolean', default: false },
      'crash-points': { type: 'boolean', default: false },
      every: { type: 'string', default: '1' },
    },
  });
  const plant = CAPTURE_PLANTS.find((each) => each === values.plant);
  if (values.plant !== plant) throw new Error(`--plant: ${values.plant} is none of ${CAPTURE_PLANTS.join(', ')}`);
  return {
    seed: values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : whole('seed', values.seed, 0),
    customers: whole('customers', values.customers, 1),
    instances: whole('instances', values.instances, 1),
    spreadMs: whole('spread', values.spread, 0),
    hopeless: whole('hopeless', values.hopeless, 0),
    ...(plant !== undefined && { plant }),
    crashPoints: values['crash-points'],
    every: whole('every', values.every, 1),
    keepGoing: values['keep-going'],
  };
}
