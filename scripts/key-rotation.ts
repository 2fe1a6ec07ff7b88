import {
  createDataSource,
  EncryptionConfig,
  readConfig,
  Vault,
  type Environment,
  type SchemaOwner,
  type SealedColumn,
} from '@biz/platform';
import type { DataSource } from 'typeorm';

/** Small enough that no row waits long for another, large enough that round trips do not count. */
const BATCH = 200;

export interface Rotation {
  table: string;
  column: string;
  resealed: number;
  /** Already under the newest key. */
  current: number;
  /** Primary keys of values whose key is not in DATA_ENCRYPTION_KEYS, or that were altered. */
  unreadable: string[];
}

/**
 * Seals every value of every sealed column under the newest key, while the apps serve.
 *
 * A value that an app changes in between is left to the app, which writes with the newest key already; so running it
 * again is always safe, and so is stopping it.
 */
export async function rotateKeys(databaseUrl: string, owners: SchemaOwner[], env: Environment): Promise<Rotation[]> {
  const vault = new Vault(readConfig(EncryptionConfig, env));
  const dataSource = createDataSource({ url: databaseUrl, poolSize: 2, name: 'rotate-keys', schemas: [] });
  await dataSource.initialize();
  try {
    const rotations: Rotation[] = [];
    for (const column of owners.flatMap(({ sealed = [] }) => sealed)) {
      rotations.push(await rotateColumn(dataSource, vault, column));
    }
    return rotations;
  } finally {
    await dataSource.destroy();
  }
}

async function rotateColumn(dataSource: DataSource, vault: Vault, sealed: SealedColumn): Promise<Rotation> {
  const { table, key, column } = sealed;
  const rotation: Rotation = { table, column, resealed: 0, current: 0, unreadable: [] };
  let last: string | undefined;
  for (;;) {
    const rows = await dataSource.query<{ key: string; value: string }[]>(
      `SELECT "${key}" AS key, "${column}" AS value FROM ${table}
       WHERE "${column}" IS NOT NULL ${last === undefined ? '' : `AND "${key}" > $1`}
       ORDER BY "${key}" LIMIT ${BATCH}`,
      last === undefined ? [] : [last],
    );
    for (const row of rows) await rotateValue(dataSource, vault, sealed, row, rotation);
    if (rows.length < BATCH) return rotation;
    last = rows.at(-1)?.key;
  }
}

async function rotateValue(
  dataSource: DataSource,
  vault: Vault,
  { table, key, column }: SealedColumn,
  row: { key: string; value: string },
  rotation: Rotation,
): Promise<void> {
  let resealed: string | undefined;
  try {
    resealed = await vault.reseal(row.value);
  } catch {
    rotation.unreadable.push(row.key);
    return;
  }
  const changed =
    resealed !== undefined &&
    (
      await dataSource.query<[unknown, number]>(
        `UPDATE ${table} SET "${column}" = $1 WHERE "${key}" = $2 AND "${column}" = $3`,
        [resealed, row.key, row.value],
      )
    )[1] > 0;
  if (changed) rotation.resealed++;
  else rotation.current++;
}
