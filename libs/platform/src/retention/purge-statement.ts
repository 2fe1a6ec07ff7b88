import type { Purge } from '../database/schema-owner';

/** What one batch of a purge did. */
export interface PurgedBatch {
  rows: number;
  /** `since` of the last row, as text: the next batch begins there, to the microsecond. */
  last: string | null;
}

/**
 * Deletes one batch, those first that ended first. Rows that another transaction holds are left for the next run.
 *
 * `$1` the moment before which rows must have ended, `$2` where to begin, `$3` the size of the batch.
 */
export function purgeStatement({ table, since, key = ['id'], where = 'true', children = [] }: Purge): string {
  const keys = (of: string): string => key.map((column) => `${of}.${column}`).join(', ');
  const same = key.map((column) => `t.${column} = old.${column}`).join(' AND ');
  const withChildren = children.map(
    ({ table: child, column }, at) =>
      `child_${at} AS (DELETE FROM ${child} AS c USING old WHERE c.${column} = old.id),`,
  );
  return `
    WITH old AS MATERIALIZED (
      SELECT ${keys('t')}, t.${since} AS ended FROM ${table} AS t
       WHERE t.${since} < $1::timestamptz AND t.${since} >= $2::timestamptz AND (${where})
       ORDER BY t.${since} LIMIT $3 FOR UPDATE OF t SKIP LOCKED
    ), ${withChildren.join(' ')} gone AS (
      DELETE FROM ${table} AS t USING old WHERE ${same} RETURNING 1
    )
    SELECT (SELECT count(*)::integer FROM gone) AS rows, (SELECT max(ended)::text FROM old) AS last`;
}
