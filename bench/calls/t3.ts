import { setTimeout as delay } from 'node:timers/promises';
import { EncryptionConfig, readConfig, Vault } from '@biz/platform';
import type { ContenderName } from '../contenders';
import { orderId } from '../data/ids';
import type { BenchDatabase } from '../machine/database-server';
import { timesFaster } from '../report/report';
import { interleaved, of, type Work } from '../rounds';
import type { World } from '../world';
import { OpenOrders } from './t2';

/**
 * T3: how many buyers can come back at once. Theirs is an Express handler that inserts a row and answers.
 *
 * The callbacks overtake T2, so what is measured is their acceptance and not the approvals that follow.
 */
export async function measureT3(world: World, database: BenchDatabase): Promise<void> {
  const names: ContenderName[] = ['ours', 'express'];
  const servers = await world.start(database, names);
  const orders = new OpenOrders(database, world.nextOrder, false);
  const work = callbacks(orders);
  const measured = await interleaved(world.runner, servers, () => work);
  world.nextOrder = orders.end;
  world.report.section('T3, 64 connections', measured);
  await allWorkedOff(database);
  await world.stop(servers);
  const times = timesFaster(of(measured, 'ours'), of(measured, 'express'));
  world.report.verdict({ what: 'T3 accepted, to an Express handler', ...times, target: 3, moonshot: 5, atLeast: true });
}

/** The jobs that T3 left would stand in the way of the next measurement. */
async function allWorkedOff(database: BenchDatabase): Promise<void> {
  const left = `SELECT count(*)::integer AS jobs FROM pgboss.job WHERE name = 'payment.approve' AND state < 'completed'`;
  for (;;) {
    const [row] = await database.query<{ jobs: number }>(left);
    if (row?.jobs === 0) return;
    await delay(500);
  }
}

function callbacks(orders: OpenOrders): Work {
  const vault = new Vault(readConfig(EncryptionConfig, {}));
  return {
    plan: async (seconds, fastest) => {
      const { first, count } = await orders.take(seconds, fastest);
      const paths = Array.from({ length: count }, (_, at) => callbackPath(vault, orderId(first + at)));
      return { connections: 64, requests: { kind: 'paths', paths } };
    },
    done: (round) => {
      orders.used(round);
    },
  };
}

/** The path that T1 would have given out (`OrderUrlMaker`); a wrong one would be answered 300 and counted as wrong. */
function callbackPath(vault: Vault, id: string): string {
  const key =
    Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url') +
    vault.fingerprint(id, 'payment.order-url').slice(0, 22);
  return `/order/callback/${key}?pg_token=${id.slice(-12)}`;
}
