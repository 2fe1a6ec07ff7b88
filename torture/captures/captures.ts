import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { imageApp } from '../../apps/image/src/image.module';
import { plantedPatch } from '../plant';
import { addUp, tellBroken, tellCrashes, tellTotals } from '../report';
import { Database } from '../world/database';
import { Shop } from '../world/shop';
import { OtpKakao } from './world/kakao';
import { captureCrashPoints } from './crash';
import { CAPTURE_PATCHES, CAPTURE_PLANTS, type CapturePlant } from './plants';
import { playCaptures } from './round';

const CUSTOMERS_A_ROUND = 300;

const USAGE = `npm run torture:captures -- [options]

  --seed N        of all draws (a random one is printed otherwise)
  --customers N   in all (300)
  --instances N   of the profile app and of the image app (2); one of the location app
  --spread MS     the callbacks of a round come within this time (20000)
  --hopeless N    percent of the OTPs that Kakao never answers (2)
  --keep-going    more rounds after one that found something
  --crash-points  kills each app at every step between callback and delivery
  --every N       only each N-th crash point (1)
  --plant NAME    plants a bug in a copy of dist, which must be found: ${CAPTURE_PLANTS.join(', ')}
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    customers: { type: 'string', default: '300' },
    instances: { type: 'string', default: '2' },
    spread: { type: 'string', default: '20000' },
    hopeless: { type: 'string', default: '2' },
    'keep-going': { type: 'boolean', default: false },
    plant: { type: 'string' },
    'crash-points': { type: 'boolean', default: false },
    every: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const plant = CAPTURE_PLANTS.find((each) => each === values.plant);
  const numbers = [values.seed, values.customers, values.instances, values.spread, values.hopeless, values.every].map(
    Number,
  );
  const [seed = 0, customers = 0, instances = 0, spreadMs = 0, hopeless = 0] = numbers;
  if (values.help || numbers.some((each) => !(each >= 0)) || (values.plant !== undefined && !plant)) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  const dist = join(__dirname, '../..');
  if (values['crash-points']) {
    process.exitCode = await playCrashes(Number(values.every));
    return;
  }
  const under = plant === undefined ? dist : plantedPatch(dist, plant, CAPTURE_PATCHES[plant]);
  const [database, kakao, shop] = await Promise.all([
    Database.start(imageApp([]).schemas),
    OtpKakao.start(),
    Shop.start(),
  ]);
  const begin = Date.now();
  const totals: Record<string, number> = {};
  let found = false;
  try {
    for (let left = customers, round = 0; left > 0 && (!found || values['keep-going']); round++) {
      const now = Math.min(left, CUSTOMERS_A_ROUND);
      left -= now;
      console.log(`Round ${round + 1}: ${again(seed + round, now, instances, spreadMs, hopeless, plant)}`);
      const { broken, counts } = await playCaptures(
        { database, kakao, shop, dist: under },
        { seed: seed + round, customers: now, instances, spreadMs, hopeless: hopeless / 100 },
      );
      addUp(totals, counts);
      tellBroken(broken);
      found ||= broken.length > 0;
    }
    Object.assign(totals, kakao.faults, shop.faults);
    tellTotals(found, begin, totals);
    process.exitCode = found ? 1 : 0;
  } finally {
    await kakao.stop();
    await shop.stop();
    await database.stop();
    if (under !== dist) rmSync(under, { recursive: true, force: true });
  }
}

/** @returns the exit code */
async function playCrashes(every: number): Promise<number> {
  const begin = Date.now();
  const database = await Database.start(imageApp([]).schemas);
  try {
    const report = await captureCrashPoints({ database, dist: join(__dirname, '../..') }, every);
    return tellCrashes(report, begin) ? 1 : 0;
  } finally {
    await database.stop();
  }
}

function again(
  seed: number,
  customers: number,
  instances: number,
  spread: number,
  hopeless: number,
  plant?: CapturePlant,
): string {
  const more = plant ? ` --plant ${plant}` : '';
  return `npm run torture:captures -- --seed ${seed} --customers ${customers} --instances ${instances} --spread ${spread} --hopeless ${hopeless}${more}`;
}

void main();
