import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { DataSource, QueryFailedError } from 'typeorm';
import type { EntityManager } from 'typeorm';

/** Which name a text goes by; the same in every process, so that a pooler between us and PostgreSQL may share it. */
const names = new Map<string, string>();

/**
 * Runs a statement that PostgreSQL plans once for each connection: on a hot path planning costs more than running.
 *
 * For texts that stand in the code: a connection keeps all that it was ever given. They name their columns, for a
 * statement whose columns a migration changes fails on every connection that knows it.
 *
 * @returns the rows; of an UPDATE those of its RETURNING
 * @throws QueryFailedError as `manager.query` does
 */
export async function prepared<Row extends object>(
  on: DataSource | EntityManager,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  try {
    const { rows } = await (await connectionOf(on)).query<Row>({ name: nameOf(text), text, values });
    return rows;
  } catch (error) {
    throw new QueryFailedError(text, values, error as Error);
  }
}

/** The transaction's own connection, or any of the pool. */
async function connectionOf(on: DataSource | EntityManager): Promise<PoolClient | Pool> {
  if (!(on instanceof DataSource)) {
    if (on.queryRunner) return (await on.queryRunner.connect()) as PoolClient;
    return connectionOf(on.dataSource);
  }
  return (on.driver as unknown as { master: Pool }).master;
}

function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `biz-${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
    names.set(text, name);
  }
  return name;
}
