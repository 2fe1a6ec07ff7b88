import { statusWork } from '../calls/t4';
import type { BenchDatabase } from '../machine/database-server';
import { timesFaster } from '../report/report';
import { interleaved, of } from '../rounds';
import type { World } from '../world';

const FEW = 10_000;

/** T4 costs the same whether a shop is new or has sold for years. */
export async function measureSize(world: World, many: BenchDatabase): Promise<void> {
  const { orders } = world.options;
  const few = await world.database(FEW);
  const small = await world.startOurs(few, { title: FEW.toLocaleString('en') });
  const large = await world.startOurs(many, { title: orders.toLocaleString('en') });
  // Each asks for orders of its own database.
  const measured = await interleaved(world.runner, [small, large], (server) =>
    statusWork(server === small ? FEW : orders, { connections: 64 }),
  );
  world.report.section('T4, 64 connections, by the number of orders', measured);
  world.report.verdict({
    what: `T4, ${large.name} orders to ${small.name}`,
    ...timesFaster(of(measured, large.name), of(measured, small.name)),
    ...{ target: 0.9, moonshot: 0.95, atLeast: true },
  });
  await world.stop([small, large]);
}
