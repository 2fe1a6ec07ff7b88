import type { ContenderName } from '../contenders';
import type { BenchDatabase } from '../machine/database-server';
import { interleaved, of, type Work } from '../rounds';
import { timesFaster } from '../report/report';
import { enoughFor } from './once';
import type { World } from '../world';

/** T1: how many order sheets can be opened. Each call is a new buyer of Demo Shop's coffee, so each makes an order. */
export async function measureT1(world: World, database: BenchDatabase): Promise<void> {
  const names: ContenderName[] = ['ours', 'e', 'f'];
  const servers = await world.start(database, names);
  let next = 0;
  const newBuyers: Work = {
    plan: (seconds, fastest) => {
      const count = enoughFor(seconds, fastest);
      const first = next;
      next += count;
      return Promise.resolve({ connections: 64, requests: { kind: 'sheet', first, count } });
    },
  };
  const measured = await interleaved(world.runner, servers, () => newBuyers);
  world.report.section('T1, 64 connections, a new order each', measured);
  await world.stop(servers);
  const times = timesFaster(of(measured, 'ours'), of(measured, 'f'));
  world.report.verdict({ what: 'T1 at 64, to f', ...times, target: 4, moonshot: 8, atLeast: true });
}
