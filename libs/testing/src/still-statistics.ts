import type { TestDatabase } from './test-database';

/**
 * Counts what stands in the tables, and keeps the planner at that: its plans, and the pages they read, are then the same
 * at each run, whatever autovacuum would do meanwhile.
 */
export async function stillStatistics(database: TestDatabase): Promise<void> {
  const tables = await database.query<{ name: string }>(
    `SELECT oid::regclass::text AS name FROM pg_class
      WHERE relkind = 'r' AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`,
  );
  for (const { name } of tables) await database.query(`ALTER TABLE ${name} SET (autovacuum_enabled = off)`);
  await database.query('VACUUM ANALYZE');
}
