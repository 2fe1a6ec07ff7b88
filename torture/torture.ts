import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { tell, type Broken } from './judge/verdict';
import { type Options, readOptions, USAGE } from './options';
import { planted } from './plant';
import { crashPoints } from './crash/crash-points';
import { environment, playRound, type RoundResult, TID_SECONDS, type World } from './round';
import { addUp, tellBroken, tellCrashes, tellTotals } from './report';
import { Database } from './world/database';
import { Kakao } from './world/kakao';
import { Shop } from './world/shop';

/** More at once would outgrow what the simulator remembers. */
const SCHEDULES_A_ROUND = 400;
const STORIES_SHOWN = 4;
/** Nobody knows how long a tid lives to the second: KakaoPay may take the money after we count it as over. */
const KAKAOPAY_IS_LATER = 5;
/** A process that is started again takes its time. */
const TID_SECONDS_OF_CRASHES = 900;

async function main(): Promise<void> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  const dist = join(__dirname, '..');
  const under = options.plant === undefined ? dist : planted(dist, options.plant);
  const [database, kakao, shop] = await Promise.all([
    Database.start(),
    Kakao.start(options.crashPoints ? TID_SECONDS_OF_CRASHES : TID_SECONDS + KAKAOPAY_IS_LATER),
    Shop.start(),
  ]);
  try {
    const world = { database, kakao, shop, dist: under };
    const found = options.crashPoints ? await playCrashes(world, options) : await playRounds(world, options);
    process.exitCode = found ? 1 : 0;
  } finally {
    await kakao.stop();
    await shop.stop();
    await database.stop();
    if (under !== dist) rmSync(under, { recursive: true, force: true });
  }
}

/** @returns whether a promise was broken */
async function playRounds(world: World, options: Options): Promise<boolean> {
  const begin = Date.now();
  const totals: Record<string, number> = {};
  let found = false;
  let left = options.schedules;
  for (let round = 0; left > 0; round++) {
    const schedules = Math.min(left, SCHEDULES_A_ROUND);
    left -= schedules;
    const seed = options.seed + round;
    const again = `npm run torture -- --seed ${seed} --schedules ${schedules} --instances ${options.instances}${options.plant ? ` --plant ${options.plant}` : ''}`;
    console.log(`Round ${round + 1}: ${again}`);
    const began = Date.now();
    const result = await playRound(world, { ...options, seed, schedules });
    addUp(totals, { schedules, ...result.counts, ...prefixed(result.faults) });
    report(result, again, (Date.now() - began) / 1000);
    found ||= result.broken.length > 0;
    if (found && !options.keepGoing) break;
    if (options.minutes !== undefined && Date.now() - begin > options.minutes * 60_000) break;
  }
  tellTotals(found, begin, totals);
  return found;
}

/** @returns whether an order ended wrong */
async function playCrashes(world: World, { every }: Options): Promise<boolean> {
  const begin = Date.now();
  world.shop.begin(0, 0);
  const crashes = await crashPoints({ ...world, environment: environment(world) }, every);
  return tellCrashes(crashes, begin);
}

function report({ broken, evidence }: RoundResult, again: string, seconds: number): void {
  console.log(`  ${broken.length === 0 ? 'kept' : `${broken.length} broken`}, ${seconds.toFixed(0)} s`);
  if (broken.length === 0) return;
  tellBroken(broken);
  const orders = [...new Set(broken.flatMap(({ order }: Broken) => (order === undefined ? [] : [order])))];
  for (const order of orders.slice(0, STORIES_SHOWN)) console.log(`\n${tell(evidence, order)}`);
  console.log(`\nOnce more: ${again}\n`);
}

const prefixed = (faults: Record<string, number>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(faults)
      .sort()
      .map(([name, count]) => [`fault ${name}`, count]),
  );

void main();
