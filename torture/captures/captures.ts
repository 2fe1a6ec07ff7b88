import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { imageApp } from '../../apps/image/src/image.module';
import { plantedPatch } from '../plant';
import { addUp, tellBroken, tellCrashes, tellTotals } from '../report';
import { Database } from '../world/database';
import { Shop } from '../world/shop';
import { OtpKakao } from './world/kakao';
import { captureCrashPoints } from './crash';
import { CAPTURE_USAGE, type CaptureOptions, CUSTOMERS_A_ROUND, readCaptureOptions } from './options';
import { CAPTURE_PATCHES } from './plants';
import { playCaptures } from './round';

const DIST = join(__dirname, '../..');

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(CAPTURE_USAGE);
    return;
  }
  let options: CaptureOptions;
  try {
    options = readCaptureOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${CAPTURE_USAGE}`);
    process.exitCode = 2;
    return;
  }
  const found = options.crashPoints ? await playCrashes(options) : await playRounds(options);
  process.exitCode = found ? 1 : 0;
}

/** @returns whether a promise was broken */
async function playRounds(options: CaptureOptions): Promise<boolean> {
  const { plant } = options;
  const under = plant === undefined ? DIST : plantedPatch(DIST, plant, CAPTURE_PATCHES[plant]);
  const [database, kakao, shop] = await Promise.all([
    Database.start(imageApp([]).schemas),
    OtpKakao.start(),
    Shop.start(),
  ]);
  const begin = Date.now();
  const totals: Record<string, number> = {};
  let found = false;
  try {
    for (let left = options.customers, round = 0; left > 0 && (!found || options.keepGoing); round++) {
      const now = { ...options, seed: options.seed + round, customers: Math.min(left, CUSTOMERS_A_ROUND) };
      left -= now.customers;
      console.log(`Round ${round + 1}: ${again(now)}`);
      const { broken, counts } = await playCaptures(
        { database, kakao, shop, dist: under },
        { ...now, hopeless: now.hopeless / 100 },
      );
      addUp(totals, counts);
      tellBroken(broken);
      found ||= broken.length > 0;
    }
    Object.assign(totals, kakao.faults, shop.faults);
    tellTotals(found, begin, totals);
    return found;
  } finally {
    await kakao.stop();
    await shop.stop();
    await database.stop();
    if (under !== DIST) rmSync(under, { recursive: true, force: true });
  }
}

/** @returns whether a capture ended wrong */
async function playCrashes({ every }: CaptureOptions): Promise<boolean> {
  const begin = Date.now();
  const database = await Database.start(imageApp([]).schemas);
  try {
    return tellCrashes(await captureCrashPoints({ database, dist: DIST }, every), begin);
  } finally {
    await database.stop();
  }
}

function again({ seed, customers, instances, spreadMs, hopeless, plant }: CaptureOptions): string {
  const more = plant ? ` --plant ${plant}` : '';
  return `npm run torture:captures -- --seed ${seed} --customers ${customers} --instances ${instances} --spread ${spreadMs} --hopeless ${hopeless}${more}`;
}

void main();
