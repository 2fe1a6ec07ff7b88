import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { tell, type Broken } from './judge/verdict';
import { type Options, readOptions, USAGE } from './options';
import { planted } from './plant';
import { crashPoints } from './crash/crash-points';
import { environment, playRound, type RoundResult, TID_SECONDS, type World } from './round';
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
    for (const [name, count] of Object.entries({ schedules, ...result.counts, ...prefixed(result.faults) })) {
      totals[name] = (totals[name] ?? 0) + count;
    }
    report(result, again, (Date.now() - began) / 1000);
    found ||= result.broken.length > 0;
    if (found && !options.keepGoing) break;
    if (options.minutes !== undefined && Date.now() - begin > options.minutes * 60_000) break;
  }
  console.log(`\n${found ? 'BROKEN' : 'Every promise was kept'} after ${((Date.now() - begin) / 1000).toFixed(0)} s:`);
  for (const [name, count] of Object.entries(totals)) console.log(`  ${String(count).padStart(9)}  ${name}`);
  return found;
}

/** @returns whether an order ended wrong */
async function playCrashes(world: World, { every }: Options): Promise<boolean> {
  const begin = Date.now();
  world.shop.begin(0, 0);
  const { points, notReached, failures } = await crashPoints({ ...world, environment: environment(world) }, every);
  for (const failure of failures) console.log(`\n${failure}`);
  const missed = notReached.length > 0 ? `, ${notReached.length} of them not come by` : '';
  console.log(
    `\n${failures.length} of ${points} crash points ended wrong${missed}; ${((Date.now() - begin) / 1000).toFixed(0)} s`,
  );
  return failures.length > 0;
}

function report({ broken, evidence }: RoundResult, again: string, seconds: number): void {
  console.log(`  ${broken.length === 0 ? 'kept' : `${broken.length} broken`}, ${seconds.toFixed(0)} s`);
  if (broken.length === 0) return;
  for (const { rule, what, order } of broken.slice(0, 60))
    console.log(`  ${rule}: ${what}${order ? ` (${order})` : ''}`);
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
