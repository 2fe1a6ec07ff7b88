import { EncryptionConfig, readConfig } from '@biz/platform';
import { schemaOwners } from './apps';
import { loadEnvironment, openDatabaseOf, run } from './environment';
import { rotateKeys, unreadableRows } from './key-rotation';
import { table } from './launcher/output';

/** `npm run rotate-keys`: after it has ended without a complaint, the other keys of DATA_ENCRYPTION_KEYS seal nothing. */
run(async () => {
  const env = loadEnvironment();
  const { sealing, keys } = readConfig(EncryptionConfig, env);
  const [id, newest] = [sealing?.id ?? '', keys[0]?.id ?? ''];
  if (id !== newest) {
    console.error(
      `DATA_ENCRYPTION_SEAL_WITH is ${id}, so the newest key, ${newest}, seals nothing: take it away, restart the apps, and run this again`,
    );
  }
  const database = await openDatabaseOf(env);
  try {
    const rotations = await rotateKeys(database.url, await schemaOwners(), env);
    const rows = rotations.map(({ table: name, column, resealed, current, unreadable }) => [
      `${name}.${column}`,
      ...[resealed, current, unreadable.length].map(String),
    ]);
    console.log(table([['column', 'resealed', `now under ${id}`, 'unreadable'], ...rows]));
    const lost = unreadableRows(rotations);
    for (const line of lost) console.error(line);
    if (lost.length > 0) process.exitCode = 1;
  } finally {
    await database.close();
  }
});
