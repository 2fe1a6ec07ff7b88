import type { DataSource } from 'typeorm';

/** Ids hold the time they were made, by the clock of the machine; rows hold the app's. */
const CLOCKS_DIFFER_MS = 3_600_000;
const DAY_MS = 86_400_000;
const PAGE = 500;

interface Row {
  id: string;
  /** Where the next page begins. */
  key: string[];
}

type Page = (after: string[] | undefined) => Promise<Row[]>;

/**
 * The ids of all attempts a day has to do with, each once, page by page: made, charged or given back on it, or older and
 * not final yet.
 *
 * @param day `YYYY-MM-DD`, in Korea
 */
export async function* attemptsOfDay(
  dataSource: DataSource,
  day: string,
  merchant: string | undefined,
): AsyncGenerator<string[]> {
  const since = new Date(`${day}T00:00:00+09:00`);
  const until = new Date(since.getTime() + DAY_MS);
  const page = (select: string, parameters: unknown[]): Promise<Row[]> =>
    dataSource.query<Row[]>(select, [since, until, merchant ?? null, PAGE, ...parameters]);
  const mine = (table: string): string => `($3::text IS NULL OR ${table}.merchant = $3)`;
  const of = (column: string): string => `(${column} >= $1 AND ${column} < $2)`;
  const pages: Page[] = [
    // By id, which begins with the time: no index on created_at is needed.
    ([after = firstIdAt(since.getTime() - CLOCKS_DIFFER_MS)] = []) =>
      page(
        `SELECT a.id, ARRAY[a.id::text] AS key FROM payment.attempts a
          WHERE a.id > $5 AND a.id < $6 AND ${of('a.created_at')} AND ${mine('a')} ORDER BY a.id LIMIT $4`,
        [after, firstIdAt(until.getTime() + CLOCKS_DIFFER_MS)],
      ),
    ([at = since.toISOString(), id = firstIdAt(0)] = []) =>
      page(
        `SELECT a.id, ARRAY[a.approved_at::text, a.id::text] AS key FROM payment.attempts a
          WHERE a.charged_amount > 0 AND ${of('a.approved_at')} AND (a.approved_at, a.id) > ($5::timestamptz, $6::uuid)
            AND NOT ${of('a.created_at')} AND ${mine('a')} ORDER BY a.approved_at, a.id LIMIT $4`,
        [at, id],
      ),
    ([at = since.toISOString(), id = firstIdAt(0)] = []) =>
      page(
        `SELECT r.attempt_id AS id, ARRAY[r.done_at::text, r.id::text] AS key
           FROM payment.refunds r JOIN payment.attempts a ON a.id = r.attempt_id
          WHERE r.state = 'done' AND ${of('r.done_at')} AND (r.done_at, r.id) > ($5::timestamptz, $6::uuid)
            AND NOT ${of('a.created_at')} AND NOT (a.charged_amount > 0 AND ${of('a.approved_at')}) AND ${mine('a')}
            AND NOT EXISTS (SELECT 1 FROM payment.refunds e WHERE e.attempt_id = r.attempt_id AND e.state = 'done'
                               AND ${of('e.done_at')} AND (e.done_at, e.id) < (r.done_at, r.id))
          ORDER BY r.done_at, r.id LIMIT $4`,
        [at, id],
      ),
    ([after = firstIdAt(0)] = []) =>
      page(
        `SELECT a.id, ARRAY[a.id::text] AS key FROM payment.attempts a
          WHERE a.state IN ('waiting', 'approving') AND a.created_at < $1 AND $2::timestamptz IS NOT NULL AND a.id > $5
            AND ${mine('a')} ORDER BY a.id LIMIT $4`,
        [after],
      ),
  ];
  for (const next of pages) {
    for (let rows = await next(undefined); rows.length > 0;) {
      yield rows.map(({ id }) => id);
      if (rows.length < PAGE) break;
      rows = await next(rows.at(-1)?.key);
    }
  }
}

/** The smallest UUID v7 of a millisecond. */
function firstIdAt(ms: number): string {
  const time = Math.max(0, ms).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
}
