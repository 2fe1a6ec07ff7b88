import { LoadClient } from '../load/load-client';
import { enoughCoresForTwo } from '../machine/cores';
import type { BenchDatabase } from '../machine/database-server';
import { median } from '../report/statistics';
import type { World } from '../world';

const CONNECTIONS = 64;

/** T4 of one instance of the app, and of two at once on the same database. */
export async function measureInstances(world: World, database: BenchDatabase): Promise<void> {
  const { seconds, rounds, orders } = world.options;
  const one = await world.startOurs(database);
  const two = await world.startOurs(database, { core: 'second-server' });
  const second = LoadClient.start('rest');
  const ask = async (load: LoadClient, port: number): Promise<number> => {
    const { answered, seconds: took } = await load.run({
      port,
      seconds,
      connections: CONNECTIONS,
      requests: { kind: 'status', orders },
    });
    return answered / took;
  };
  const alone: number[] = [];
  const together: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const single = await ask(world.load, one.port);
    const both = await Promise.all([ask(world.load, one.port), ask(second, two.port)]);
    if (round === 0) continue;
    alone.push(single);
    together.push(both[0] + both[1]);
  }
  second.stop();
  const times = median(together) / median(alone);
  world.report.note(
    `\nTwo instances serve ${times.toFixed(2)} times one (${Math.round(median(alone))}/s, then ${Math.round(median(together))}/s)` +
      (enoughCoresForTwo
        ? '; each has a core of its own.'
        : '; both share one core here, so 1 is the most that could be seen: four cores are needed to see more.'),
  );
  await world.stop([one, two]);
}
