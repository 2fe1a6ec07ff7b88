import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Client } from 'pg';

const ROOT = join(__dirname, '../../..');
/** Any number; every worker of a run takes the same. */
const BUILD_LOCK = 5_210_418;

/**
 * Brings `dist` up to date for a test that starts programs: call it in `beforeAll`.
 *
 * One worker at a time, for another would write the files that a program of the first is just reading.
 */
export async function translated(): Promise<void> {
  const server = new Client({ connectionString: process.env.TEST_DATABASE_URL });
  await server.connect();
  try {
    await server.query('SELECT pg_advisory_lock($1)', [BUILD_LOCK]);
    execFileSync('npm', ['run', '--silent', 'translate'], { cwd: ROOT, stdio: 'inherit' });
  } finally {
    await server.end();
  }
}
