import { running } from './global-setup';

export default async function globalTeardown(): Promise<void> {
  if (!running.server) return;
  await running.server.stop();
  delete process.env.TEST_DATABASE_URL;
}
