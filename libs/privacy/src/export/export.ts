import { Readable } from 'node:stream';
import { applyDecorators, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiProduces } from '@nestjs/swagger';
import { csvOf, defused } from '@biz/platform';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { ExportFormat, PeriodQuery } from './period.dto';

const BATCH = 1000;
const TYPES: Record<ExportFormat, string> = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

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
 * What a query finds, in the order of a key, a batch in memory at a time.
 *
 * @param key a unique column
 */
export async function* rowsOf<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  key: keyof T & string,
): AsyncGenerator<T> {
  const column = `${query.alias}.${key}`;
  const batches = query.orderBy(column).limit(BATCH);
  for (let last: unknown; ;) {
    const batch = batches.clone();
    if (last !== undefined) batch.andWhere(`${column} > :last`, { last });
    const rows = await batch.getMany();
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
  const file = format === 'csv' ? csvOf(table(rows, show, columns)) : Readable.from(ndjson(rows, show));
  return new StreamableFile(file, {
    type: TYPES[format],
    disposition: `attachment; filename="${name}.${format}"`,
  });
}

async function* ndjson<Row>(rows: AsyncIterable<Row>, show: (row: Row) => object): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(show(row))}\n`;
}

async function* table<Row, Fact extends object>(
  rows: AsyncIterable<Row>,
  show: (row: Row) => Fact,
  columns: readonly (keyof Fact & string)[],
): AsyncGenerator<string[]> {
  yield [...columns];
  for await (const row of rows) {
    const fact = show(row);
    yield columns.map((column) => cell(fact[column]));
  }
}

function cell(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'number' ? String(value) : defused((value ?? '') as string);
}
