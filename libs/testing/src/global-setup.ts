import { startPostgres, type EmbeddedPostgres } from '../../../scripts/postgres/embedded-postgres';

/** The server of this run, for the teardown, which runs in the same process. */
export const running: { server?: EmbeddedPostgres } = {};

/** Jest calls it once a run, before its workers start. A server named in TEST_DATABASE_URL is used instead. */
export default async function globalSetup(): Promise<void> {
  if (process.env.TEST_DATABASE_URL) return;
  running.server = await startPostgres({ ephemeral: true });
  process.env.TEST_DATABASE_URL = running.server.url;
}
