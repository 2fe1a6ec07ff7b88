import { schemaOwners } from './apps';
import { loadEnvironment, openDatabaseOf, run } from './environment';
import { rotateKeys } from './key-rotation';
import { table } from './launcher/output';

/** `npm run rotate-keys`: after it has ended without a complaint, the other keys of DATA_ENCRYPTION_KEYS seal nothing. */
run(async () => {
  const env = loadEnvironment();
  const database = await openDatabaseOf(env);
  try {
    const rotations = await rotateKeys(database.url, await schemaOwners(), env);
    const rows = rotations.map(({ table: name, column, resealed, current, unreadable }) => [
      `${name}.${column}`,
      ...[resealed, current, unreadable.length].map(String),
    ]);
    console.log(table([['column', 'resealed', 'now under it', 'unreadable'], ...rows]));
    const lost = rotations.filter(({ unreadable }) => unreadable.length > 0);
    for (const { table: name, column, unreadable } of lost) {
      console.error(`${name}.${column} cannot be opened with DATA_ENCRYPTION_KEYS in rows ${unreadable.join(', ')}`);
    }
    if (lost.length > 0) process.exitCode = 1;
  } finally {
    await database.close();
  }
});
