import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';

/** `npm run check`: every gate in a line; `npm run check -- eslint types` runs only those. */
interface Gate {
  name: string;
  command: string;
  /** What mends it, as a command where there is one. */
  mend: string;
}

const TEST_RESULTS = '.test-cache/results.json';
/** Run by Node as it is, without a build. */
const PLAIN = 'node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON';

/** Each list is worked through from left to right, one beside the other. */
const STATIC: Gate[][] = [
  [
    { name: 'format', command: 'prettier --check .', mend: 'npm run format' },
    { name: 'eslint', command: 'eslint .', mend: 'npx eslint . --fix, and the rest by hand' },
  ],
  [
    { name: 'types', command: 'tsc --noEmit -p tsconfig.json', mend: 'by hand; npm run typecheck shows them again' },
    {
      name: 'imports',
      command: 'depcruise apps bench libs merchants scripts test torture',
      mend: 'see .dependency-cruiser.cjs',
    },
    { name: 'dead-code', command: 'knip', mend: 'remove what nobody uses: npx knip --fix' },
    {
      name: 'duplicates',
      command: `${PLAIN} scripts/duplicates.ts`,
      mend: 'npm dedupe, or accept it with a reason in scripts/duplicates.ts',
    },
    { name: 'build', command: 'npm run --silent translate', mend: 'by hand; npm run build shows it again' },
    { name: 'openapi', command: 'node dist/scripts/openapi.js --check', mend: 'npm run openapi, and commit openapi/' },
    {
      name: 'openapi-lint',
      command: 'npm run --silent lint:openapi',
      mend: 'describe it in the code, then npm run openapi',
    },
    { name: 'migrations', command: 'node dist/scripts/check-migrations.js', mend: 'write a migration by hand' },
  ],
];
const TESTS: Gate = {
  name: 'tests',
  command: `npm test -- --reporter=default --reporter=json --outputFile.json=${TEST_RESULTS}`,
  mend: 'npm test -- <the file that failed>',
};

const ENV = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', FORCE_COLOR: '0' };

async function main(): Promise<void> {
  const chosen = process.argv.slice(2);
  const wanted = ({ name }: Gate) => chosen.length === 0 || chosen.includes(name);
  mkdirSync('.test-cache', { recursive: true });
  rmSync(TEST_RESULTS, { force: true });

  const results = await Promise.all(STATIC.map((gates) => runInTurn(gates.filter(wanted))));
  const tested = await runInTurn([TESTS].filter(wanted));
  const failed = [...results.flat(), ...tested].filter(({ ok }) => !ok).map(({ name }) => name);

  if (failed.length > 0) console.log(`\nFailed: ${failed.join(', ')}`);
  if (tested.length > 0) console.log(testCount());
  process.exitCode = failed.length > 0 ? 1 : 0;
}

async function runInTurn(gates: Gate[]): Promise<{ name: string; ok: boolean }[]> {
  const results = [];
  for (const gate of gates) {
    const begin = Date.now();
    const { ok, output } = await runGate(gate.command);
    const seconds = ((Date.now() - begin) / 1000).toFixed(1);
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${gate.name.padEnd(12)} ${seconds.padStart(6)} s`);
    if (!ok) console.log(`\n${output.trimEnd()}\n\n  To mend ${gate.name}: ${gate.mend}\n`);
    results.push({ name: gate.name, ok });
  }
  return results;
}

function runGate(command: string): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, { shell: true, env: ENV, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('close', (code) => {
      resolve({ ok: code === 0, output: Buffer.concat(chunks).toString('utf8') });
    });
  });
}

/** The closing line, from Vitest's own count. */
function testCount(): string {
  try {
    const counts = JSON.parse(readFileSync(TEST_RESULTS, 'utf8')) as Record<string, number>;
    const skipped = (counts.numPendingTests ?? 0) + (counts.numTodoTests ?? 0);
    // A file that could not even be loaded holds no failed test, and has failed all the same.
    const failed = (counts.numFailedTests ?? 0) + (counts.numRuntimeErrorTestSuites ?? 0);
    return `${counts.numPassedTests ?? 0} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  } catch {
    return '0 passed, 1 failed';
  }
}

void main();
