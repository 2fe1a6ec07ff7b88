import type { CrashReport } from './crash/every-point';
import type { Broken } from './judge/verdict';

/** Says which promises a round broke, the first of them. */
export function tellBroken(broken: readonly Broken[]): void {
  for (const { rule, what, order } of broken.slice(0, 60))
    console.log(`  ${rule}: ${what}${order ? ` (${order})` : ''}`);
}

/** Adds what a round counted. */
export function addUp(totals: Record<string, number>, counts: Record<string, number>): void {
  for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count;
}

/** The last words of all rounds. */
export function tellTotals(found: boolean, begin: number, totals: Record<string, number>): void {
  console.log(`\n${found ? 'BROKEN' : 'Every promise was kept'} after ${secondsSince(begin)} s:`);
  for (const [name, count] of Object.entries(totals)) console.log(`  ${String(count).padStart(9)}  ${name}`);
}

/** The last words about crash points. @returns whether something ended wrong */
export function tellCrashes({ points, notReached, failures }: CrashReport, begin: number): boolean {
  for (const failure of failures) console.log(`\n${failure}`);
  const missed = notReached.length > 0 ? `, ${notReached.length} of them not come by` : '';
  console.log(`\n${failures.length} of ${points} crash points ended wrong${missed}; ${secondsSince(begin)} s`);
  return failures.length > 0;
}

const secondsSince = (begin: number): string => ((Date.now() - begin) / 1000).toFixed(0);
