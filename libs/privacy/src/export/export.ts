import { Readable } from 'node:stream';
import { applyDecorators, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiProduces } from '@nestjs/swagger';
import type { EntityManager, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { ExportFormat, PeriodQuery } from './period.dto';

const BATCH = 1000;
const TYPES: Record<ExportFormat, string> = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
};
/** Without it Excel takes Korean for another encoding. */
const BYTE_ORDER_MARK = '\uFEFF';

/** How Swagger shows an export. */
export const ApiExport = (): MethodDecorator =>
  applyDecorators(
    ApiProduces('text/csv', 'application/x-ndjson'),
    ApiOkResponse({ description: 'All of it, oldest first, as it is read', schema: { type: 'string' } }),
  );

/** Limits a query to a period. */
export function within<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  { from, to }: PeriodQuery,
): SelectQueryBuilder<T> {
  if (from) query.andWhere(`${query.alias}.at >= :from`, { from });
  if (to) query.andWhere(`${query.alias}.at < :to`, { to });
  return query;
}

/**
 * The rows of a table in the order of a key, a batch in memory at a time.
 *
 * @param key a unique column that grows with time
 */
export async function* rowsOf<T extends ObjectLiteral>(
  manager: EntityManager,
  entity: new () => T,
  key: keyof T & string,
  period: PeriodQuery,
): AsyncGenerator<T> {
  for (let last: unknown; ;) {
    const query = within(manager.createQueryBuilder(entity, 'row'), period);
    if (last !== undefined) query.andWhere(`row.${key} > :last`, { last });
    const rows = await query.orderBy(`row.${key}`).limit(BATCH).getMany();
    yield* rows;
    const end = rows.at(-1);
    if (!end || rows.length < BATCH) return;
    last = end[key];
  }
}

/** A download of facts, written as they are read. */
export function exportOf<Row, Fact extends object>(
  rows: AsyncIterable<Row>,
  show: (row: Row) => Fact,
  columns: readonly (keyof Fact & string)[],
  name: string,
  format: ExportFormat = 'csv',
): StreamableFile {
  const text = format === 'csv' ? csv(rows, show, columns) : ndjson(rows, show);
  return new StreamableFile(Readable.from(text), {
    type: TYPES[format],
    disposition: `attachment; filename="${name}.${format}"`,
  });
}

async function* ndjson<Row>(rows: AsyncIterable<Row>, show: (row: Row) => object): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(show(row))}\n`;
}

async function* csv<Row, Fact extends object>(
  rows: AsyncIterable<Row>,
  show: (row: Row) => Fact,
  columns: readonly (keyof Fact & string)[],
): AsyncGenerator<string> {
  yield `${BYTE_ORDER_MARK}${columns.join(',')}\r\n`;
  for await (const row of rows) {
    const fact = show(row);
    yield `${columns.map((column) => cell(fact[column])).join(',')}\r\n`;
  }
}

function cell(value: unknown): string {
  const text =
    value instanceof Date ? value.toISOString() : typeof value === 'number' ? String(value) : ((value ?? '') as string);
  // A text that begins like this would be run as a formula, in Korean and Japanese spreadsheets in full width too.
  const plain = /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
