import { createDataSource, EncryptionConfig, readConfig, Vault } from '@biz/platform';
import { findProblems, privacySchema } from '@biz/privacy';
import type { Mark } from '@biz/privacy';
import { loadEnvironment, openDatabaseOf, run } from './environment';
import { PlainProblem } from './plain-problem';

/**
 * `npm run check:access-log`: names every line of the access log that was changed or is missing, and then ends with 1.
 *
 * `npm run check:access-log -- 4711:mZ0…` also asks for a line that was noted earlier, from here or from the logs.
 */
run(async () => {
  const env = loadEnvironment();
  const expected = markOf(process.argv[2]);
  const vault = new Vault(readConfig(EncryptionConfig, env));
  const database = await openDatabaseOf(env);
  const dataSource = createDataSource({
    url: database.url,
    poolSize: 2,
    name: 'check-access-log',
    schemas: [privacySchema],
  });
  try {
    await dataSource.initialize();
    const { lines, end, problems } = await findProblems(dataSource, vault, expected);
    for (const problem of problems) console.error(problem);
    if (problems.length > 0) process.exitCode = 1;
    else console.log(`${lines} lines, none changed, none missing. The newest is ${end.seq}:${end.code}`);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await database.close();
  }
});

function markOf(text: string | undefined): Mark | undefined {
  if (text === undefined) return undefined;
  const [, seq, code] = /^(\d+):([\w-]{43})$/.exec(text) ?? [];
  if (seq === undefined || code === undefined) {
    throw new PlainProblem(`found ${JSON.stringify(text)}; it must be a line as this command prints it: 4711:mZ0…`);
  }
  return { seq: Number(seq), code };
}
