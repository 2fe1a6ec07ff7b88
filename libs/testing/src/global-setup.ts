import { join } from 'node:path';
import { startPostgres } from '../../../scripts/postgres/embedded-postgres';

/**
 * Vitest calls it once a run, before its workers start. A server named in TEST_DATABASE_URL is used instead.
 *
 * @returns what Vitest calls after the last test
 */
export default async function globalSetup(): Promise<() => Promise<void>> {
  // Programs that tests start load the same modules again and again.
  process.env.NODE_COMPILE_CACHE ??= join(__dirname, '../../../.test-cache/node');
  if (process.env.TEST_DATABASE_URL) return () => Promise.resolve();
  const server = await startPostgres({ ephemeral: true });
  process.env.TEST_DATABASE_URL = server.url;
  return async () => {
    await server.stop();
    delete process.env.TEST_DATABASE_URL;
  };
}
