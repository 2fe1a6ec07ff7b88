import { setTimeout as delay } from 'node:timers/promises';
import { residentMb } from '../machine/processes';
import type { BenchDatabase } from '../machine/database-server';
import { median } from '../report/statistics';
import type { World } from '../world';

const STARTS = 5;
const REST_MS = 3_000;
const LOADED_CONNECTIONS = 64;

/** How long our app takes to start, and what it needs then and under load. */
export async function measureMemory(world: World, database: BenchDatabase): Promise<void> {
  const starts: number[] = [];
  const atRest: number[] = [];
  const underLoad: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const ours = await world.startOurs(database);
    starts.push(ours.startMs / 1000);
    await delay(REST_MS);
    atRest.push(residentMb(ours.pid));
    const { seconds, orders } = world.options;
    await world.load.run({
      port: ours.port,
      seconds,
      connections: LOADED_CONNECTIONS,
      requests: { kind: 'status', orders },
    });
    underLoad.push(residentMb(ours.pid));
    await world.stop([ours]);
  }
  const { report } = world;
  report.verdict({
    what: 'start to the first 200 of /health/ready',
    measured: median(starts),
    ...{ unit: 's', target: 1.2, moonshot: 0.7, atLeast: false },
  });
  report.verdict({
    what: 'memory at rest',
    measured: median(atRest),
    ...{ unit: 'MB', target: 150, moonshot: 110, atLeast: false },
  });
  report.verdict({
    what: `memory after ${world.options.seconds} s of T4 at ${LOADED_CONNECTIONS}`,
    measured: median(underLoad),
    ...{ unit: 'MB', target: 220, moonshot: 160, atLeast: false },
  });
}
