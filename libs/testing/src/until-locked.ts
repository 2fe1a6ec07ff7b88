import { eventually } from './eventually';
import type { TestDatabase } from './test-database';

/**
 * Waits until a statement of this database waits for a lock.
 *
 * @param like what the statement's first 1,024 characters look like, as LIKE says it
 */
export function untilLocked({ query }: Pick<TestDatabase, 'query'>, like = '%'): Promise<void> {
  return eventually(async () => {
    const waiting = await query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1`,
      [like],
    );
    expect(waiting).not.toEqual([]);
  });
}
