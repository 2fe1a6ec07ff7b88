import { setTimeout as delay } from 'node:timers/promises';
import { PgBoss } from 'pg-boss';
import type { SchemaOwner } from '../database/schema-owner';

/** The tables of pg-boss: it makes and migrates them itself. */
export const queueSchema: SchemaOwner = {
  schema: 'pgboss',
  entities: [],
  migrations: [],
  // Index builds of a new version of pg-boss: the owner's work, below.
  rights: { bam: 'SELECT' },
};

/** Makes or migrates the queue's tables, with the owner's connection, and waits for the indexes that are built afterwards. */
export async function installQueue(url: string): Promise<void> {
  const boss = new PgBoss({ connectionString: url, max: 2, supervise: false, schedule: false });
  // A failed index build is repeated by pg-boss, and its status says so.
  boss.on('error', () => undefined);
  await boss.start();
  try {
    while ((await boss.getBamStatus()).some(({ status }) => status === 'pending' || status === 'in_progress')) {
      await delay(500);
    }
  } finally {
    await boss.stop({ graceful: false, close: true });
  }
}
