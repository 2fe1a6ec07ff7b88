import type { ContenderName } from '../contenders';
import { seedOpenOrders } from '../data/seed';
import type { BenchDatabase } from '../machine/database-server';
import { interleaved, of, type Round, type Work } from '../rounds';
import { timesFaster } from '../report/report';
import { enoughFor } from './once';
import type { World } from '../world';

/** T2: how many buyers can begin to pay, of a thousand products and all of the same one. */
export async function measureT2(world: World, database: BenchDatabase): Promise<void> {
  const names: ContenderName[] = ['ours', 'e', 'f'];
  const servers = await world.start(database, names);
  let approved = 0;
  for (const { hot, title, target, moonshot } of [
    { hot: false, title: 'T2 spread over 1,000 products', target: 6, moonshot: 12 },
    { hot: true, title: 'T2 of one hot product', target: 10, moonshot: 20 },
  ]) {
    const orders = new OpenOrders(database, world.nextOrder, hot);
    const measured = await interleaved(world.runner, servers, () => approvals(orders));
    world.nextOrder = orders.end;
    approved += orders.approved;
    world.report.section(`${title}, 64 connections`, measured);
    await compareWithStock(world, database, approved);
    const times = timesFaster(of(measured, 'ours'), of(measured, 'f'));
    world.report.verdict({ what: `${title}, to f`, ...times, target, moonshot, atLeast: true });
  }
  await world.stop(servers);
}

/** A fast answer counts for nothing when the goods were not reserved. */
async function compareWithStock(world: World, database: BenchDatabase, approved: number): Promise<void> {
  const [row] = await database.query<{ reserved: number }>(
    `SELECT sum(reserved)::integer AS reserved FROM commerce.stock WHERE product_id LIKE 'bench-%'`,
  );
  const verdict = row?.reserved === approved ? 'as it must be' : 'WRONG: they must be equal';
  world.report.note(`  approved by all servers: ${approved}, pieces reserved: ${row?.reserved ?? 0}: ${verdict}`);
}

const approvals = (orders: OpenOrders): Work => ({
  plan: async (seconds, fastest) => ({
    connections: 64,
    requests: { kind: 'approve', ...(await orders.take(seconds, fastest)) },
  }),
  done: (round) => {
    orders.used(round);
  },
});

/** Orders that wait for T2: each is used once, so they are made as they are needed. */
export class OpenOrders {
  /** Orders from here on do not exist yet. */
  end: number;
  /** Answered with 200, by whomever. */
  approved = 0;

  constructor(
    private readonly database: BenchDatabase,
    private next: number,
    private readonly hot: boolean,
  ) {
    this.end = next;
  }

  /** Enough for a round. */
  async take(seconds: number, fastest: number | undefined): Promise<{ first: number; count: number }> {
    const count = enoughFor(seconds, fastest);
    const missing = this.next + count - this.end;
    if (missing > 0) {
      await seedOpenOrders(this.database, this.end, missing, this.hot);
      this.end += missing;
    }
    // What our app would look at later belongs to the round that made it, and not to the next one.
    await this.database.query(`UPDATE payment.attempts SET look_at = NULL WHERE look_at IS NOT NULL`);
    await this.database.query('CHECKPOINT');
    return { first: this.next, count };
  }

  used({ sent, answered }: Round): void {
    this.next += sent;
    this.approved += answered;
  }
}
