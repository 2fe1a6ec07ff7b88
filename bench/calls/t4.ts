import type { ContenderName } from '../contenders';
import type { BenchDatabase } from '../machine/database-server';
import { interleaved, of, type Measured, type Work } from '../rounds';
import { timesFaster } from '../report/report';
import type { World } from '../world';

const STEADY_RATE = 2_000;
/** As many as may be waiting for an answer at that rate. */
const STEADY_CONNECTIONS = 64;

/** T4: how many times a second can customers ask how their order is. */
export async function measureT4(world: World, database: BenchDatabase): Promise<void> {
  const names: ContenderName[] = ['ours', 'c', 'constant', 'f'];
  const servers = await world.start(database, names);
  const measure = async (title: string, chosen: ContenderName[], load: { connections: number; rate?: number }) => {
    const asked = servers.filter(({ name }) => chosen.includes(name as ContenderName));
    const measured = await interleaved(world.runner, asked, () => statusWork(world.options.orders, load));
    world.report.section(title, measured);
    return (name: ContenderName): Measured => of(measured, name);
  };

  const at64 = await measure('T4, 64 connections', names, { connections: 64 });
  const at16 = await measure('T4, 16 connections', ['ours', 'c'], { connections: 16 });
  const at256 = await measure('T4, 256 connections', ['ours', 'f'], { connections: 256 });
  const steady = await measure(`T4, steady ${STEADY_RATE}/s`, ['ours', 'c'], {
    connections: STEADY_CONNECTIONS,
    rate: STEADY_RATE,
  });
  await world.stop(servers);

  const { report } = world;
  const faster = (what: string, by: Measured, than: Measured, target: number, moonshot: number): void => {
    report.verdict({ what, ...timesFaster(by, than), target, moonshot, atLeast: true });
  };
  faster('T4 at 64, to f', at64('ours'), at64('f'), 10, 14);
  faster('T4 at 64, to c', at64('ours'), at64('c'), 1.3, 1.8);
  faster('T4 at 16, to c', at16('ours'), at16('c'), 1.05, 1.3);
  faster('T4 at 64, to constant', at64('ours'), at64('constant'), 0.75, 0.95);
  report.verdict({
    what: `T4 at steady ${STEADY_RATE}/s, p99 to c`,
    measured: steady('ours').p99 / steady('c').p99,
    ...{ unit: '×', target: 1.5, moonshot: 1.1, atLeast: false },
  });
  report.verdict({
    what: 'T4 at 64, slowest round to median',
    measured: at64('ours').slowestToMedian,
    ...{ unit: '×', target: 0.85, moonshot: 0.95, atLeast: true },
  });
  report.verdict({
    what: 'T4 at 256, p99 to f',
    measured: at256('ours').p99 / at256('f').p99,
    ...{ unit: '×', target: 1 / 12, moonshot: 1 / 20, atLeast: false },
  });
}

/** T4 of random pending orders. */
export const statusWork = (orders: number, load: { connections: number; rate?: number }): Work => ({
  plan: () => Promise.resolve({ ...load, requests: { kind: 'status', orders } }),
});
