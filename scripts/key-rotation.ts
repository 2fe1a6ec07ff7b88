import {
  createDataSource,
  EncryptionConfig,
  readConfig,
  Vault,
  type Environment,
  type SchemaOwner,
  type SealedColumn,
} from '@biz/platform';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { PlainProblem } from './plain-problem';

/** Small enough that no row waits long for another, large enough that round trips do not count. */
const BATCH = 200;

/** Two are enough while every app seals with the right key; each finds what the last could not see yet. */
const WALKS = 6;
const LOOK_AGAIN_MS = 100;
/** How long a transaction is waited for without a word. */
const SILENT_MS = 10_000;

export interface Rotation {
  table: string;
  column: string;
  resealed: number;
  /** Under the key that seals, when all was done. */
  current: number;
  /** Primary keys of values whose key is not in DATA_ENCRYPTION_KEYS, or that were altered. */
  unreadable: string[];
}

/** For a person: in which rows what could not be opened is. */
export function unreadableRows(rotations: Rotation[]): string[] {
  return rotations
    .filter(({ unreadable }) => unreadable.length > 0)
    .map(
      ({ table, column, unreadable }) =>
        `${table}.${column} cannot be opened with DATA_ENCRYPTION_KEYS in rows ${unreadable.join(', ')}`,
    );
}

/**
 * Seals every value of every sealed column under the key that seals, while the apps serve.
 *
 * A value that an app changes in between is left to the app, which writes with that key already; so running it again is
 * always safe, and so is stopping it. When it ends, no old value is left, nor in a transaction that still has to commit:
 * all columns are walked again, once the transactions that may have copied one before have ended, until nothing is found.
 *
 * @param say tells the person in front of it whom it waits for
 * @throws PlainProblem when an app goes on sealing with another key
 */
export async function rotateKeys(
  databaseUrl: string,
  owners: SchemaOwner[],
  env: Environment,
  { say = console.error, silentMs = SILENT_MS }: { say?: (text: string) => void; silentMs?: number } = {},
): Promise<Rotation[]> {
  const config = readConfig(EncryptionConfig, env);
  const vault = new Vault(config);
  const dataSource = createDataSource({ url: databaseUrl, poolSize: 2, name: 'rotate-keys', schemas: [] });
  await dataSource.initialize();
  const walk = async (): Promise<Rotation[]> => {
    const rotations: Rotation[] = [];
    for (const column of owners.flatMap(({ sealed = [] }) => sealed)) {
      rotations.push(await rotateColumn(dataSource, vault, column));
    }
    return rotations;
  };
  try {
    let rotations = await walk();
    for (let walks = 1; walks < WALKS; walks++) {
      await transactionsEnd(dataSource, say, silentMs);
      const again = await walk();
      rotations = again.map((now, at) => ({ ...now, resealed: now.resealed + (rotations[at]?.resealed ?? 0) }));
      if (again.every(({ resealed }) => resealed === 0)) return rotations;
    }
    throw new PlainProblem(
      [
        `an app still seals with another key than ${config.sealing?.id ?? ''}: restart it, and run this again`,
        ...unreadableRows(rotations),
      ].join('\n'),
    );
  } finally {
    await dataSource.destroy();
  }
}

/**
 * Waits for every transaction that is under way now: it may hold a copy, made inside SQL, of a value that was old then.
 * One that never ends is for a person to end, so it is named, once.
 */
async function transactionsEnd(dataSource: DataSource, say: (text: string) => void, silentMs: number): Promise<void> {
  const underWay = (): Promise<{ id: string; pid: number; name: string; since: Date | null }[]> =>
    dataSource.query(
      `SELECT l.virtualtransaction AS id, pid, a.application_name AS name, a.xact_start AS since
         FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'virtualxid' AND l.mode = 'ExclusiveLock' AND l.pid <> pg_backend_pid()
          AND a.datname = current_database() AND a.backend_type = 'client backend'`,
    );
  const first = new Set((await underWay()).map(({ id }) => id));
  const sayAt = performance.now() + silentMs;
  for (let said = false; ;) {
    const waited = (await underWay()).filter(({ id }) => first.has(id));
    if (waited.length === 0) return;
    if (!said && performance.now() >= sayAt) {
      const named = waited.map(({ pid, name, since }) => `pid ${pid} (${name}) since ${since?.toISOString() ?? '?'}`);
      say(`waits for transactions that are still open: ${named.join(', ')}`);
      said = true;
    }
    await delay(LOOK_AGAIN_MS);
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
