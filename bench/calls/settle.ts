import { setTimeout as delay } from 'node:timers/promises';
import type { BenchDatabase } from '../machine/database-server';
import { percentile } from '../report/statistics';
import type { World } from '../world';
import { begin, finish } from './buyer';

const BUYERS = 300;
const WARM_UP = 50;
const PAUSE_MS = 10;

/** From T3 to `S`, with a KakaoPay and a shop that answer at once: what our own work adds to the buyer's wait. */
export async function measureSettling(world: World, database: BenchDatabase): Promise<void> {
  const ours = await world.startOurs(database);
  const took: number[] = [];
  let since = new Date();
  for (let buyer = 0; buyer < WARM_UP + BUYERS; buyer++) {
    if (buyer === WARM_UP) since = new Date();
    const user = `settled-${buyer}`;
    const order = await begin(ours.port, user);
    await delay(PAUSE_MS);
    const ms = await finish(order);
    if (buyer >= WARM_UP) took.push(ms);
  }
  const { report } = world;
  report.note(`\nT3 → S, ${BUYERS} buyers one after the other: p50 ${percentile(took, 0.5).toFixed(1)} ms`);
  report.verdict({
    what: 'T3 → S, time added to KakaoPay, p95',
    measured: percentile(took, 0.95),
    ...{ unit: 'ms', target: 50, moonshot: 20, atLeast: false },
  });
  const [job] = await database.query<{ p95: number }>(
    `SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM started_on - created_on) * 1000)::float AS p95
     FROM pgboss.job WHERE name = 'payment.approve' AND created_on > $1 AND started_on IS NOT NULL`,
    [since],
  );
  report.verdict({
    // A row's creation is the begin of the transaction that commits it, so this is a little more than what is promised.
    what: 'commit → job start, p95',
    measured: job?.p95 ?? NaN,
    ...{ unit: 'ms', target: 10, moonshot: 5, atLeast: false },
  });
  await world.stop([ours]);
}
