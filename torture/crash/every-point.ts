import { nameOf, type Point } from './steps';

/** Two cores: more lanes would only wait for each other. */
const LANES = 3;

/** Something an app does from its beginning to its end, as often as it is asked to, each time in a world of its own. */
export interface Journey {
  name: string;
  /** @param point where the app dies and is started again; absent: it lives */
  go: (point?: Point) => Promise<Life>;
}

/** How one journey went. */
export interface Life {
  /** Every step, in its order. */
  seen: readonly Point[];
  /** Whether it came to the point at which the app should die. */
  reached: boolean;
  /** What is wrong in the end. */
  failure?: string;
}

export interface CrashReport {
  points: number;
  /** The run took another way and never came by: its end was judged all the same. */
  notReached: string[];
  failures: string[];
}

/**
 * Kills the app at every step of each journey, one life for each, and sees that it ends right all the same.
 *
 * @param every only each n-th step
 */
export async function everyPoint(journeys: readonly Journey[], every: number): Promise<CrashReport> {
  const report: CrashReport = { points: 0, notReached: [], failures: [] };
  const deaths: (() => Promise<void>)[] = [];
  for (const [number, journey] of journeys.entries()) {
    const { seen, failure } = await journey.go();
    if (failure !== undefined) report.failures.push(`${journey.name}, undisturbed: ${failure}`);
    console.log(`${journey.name}: ${seen.length} points\n${seen.map((point) => `    ${nameOf(point)}`).join('\n')}`);
    const chosen = seen.filter((_, at) => (at + number) % every === 0);
    deaths.push(...chosen.map((point) => () => dieAt(journey, point, report)));
  }
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      for (let next = deaths.shift(); next; next = deaths.shift()) await next();
    }),
  );
  return report;
}

async function dieAt(journey: Journey, point: Point, report: CrashReport): Promise<void> {
  report.points += 1;
  const began = Date.now();
  const { reached, failure } = await journey.go(point);
  const title = `${journey.name}, killed ${nameOf(point)}`;
  if (failure !== undefined) report.failures.push(`${title}: ${failure}`);
  if (!reached) report.notReached.push(title);
  const word = failure === undefined ? (reached ? 'right ' : 'passed') : 'WRONG ';
  console.log(`  ${word} ${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${title}`);
}
