import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

/** Entities as rows of their table, for a statement that inserts them by `json_populate_record`. */
export interface TableRows {
  /** Of all columns, comma-separated. */
  names: string;
  rows: Record<string, unknown>[];
}

export function tableRows<Entity extends ObjectLiteral>(
  dataSource: DataSource,
  entity: EntityTarget<Entity>,
  values: readonly Entity[],
): TableRows {
  const { columns } = dataSource.getMetadata(entity);
  return {
    names: columns.map(({ databaseName }) => databaseName).join(', '),
    rows: values.map((value) =>
      Object.fromEntries(
        columns.map(({ databaseName, propertyName }) => [databaseName, value[propertyName] as unknown]),
      ),
    ),
  };
}

/** What was found of the things that were asked for together, each in the place of its question. */
export function inOrderOf<Row extends { id: string }>(
  ids: readonly string[],
  rows: readonly Row[],
): (Row | undefined)[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id));
}
