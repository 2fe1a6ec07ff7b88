import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, type AppDefinition, type Clock, type CreateAppOptions, type Environment } from '@biz/platform';
import type { INestApplication } from '@nestjs/common';

export interface TestApp {
  /** Address without a slash at the end; also the app's public base URL. */
  url: string;
  app: INestApplication;
  get: INestApplication['get'];
  /** Drains as in production. */
  close(): Promise<void>;
}

export interface TestAppOptions {
  /** Left out for an app without schemas. */
  database?: { url: string };
  env?: Environment;
  clock?: Clock;
  logDestination?: CreateAppOptions['logDestination'];
}

/** Starts an app on a free port of 127.0.0.1, on a database of the test, with retries in milliseconds. */
export async function startTestApp(
  definition: AppDefinition,
  { database, env, clock, logDestination }: TestAppOptions = {},
): Promise<TestApp> {
  const port = await freePort();
  const dataDir = mkdtempSync(join(tmpdir(), 'biz-test-'));
  const app = await createApp(definition, {
    env: {
      NODE_ENV: 'test',
      DATA_DIR: dataDir,
      DATABASE_URL: database?.url,
      LOG_LEVEL: logDestination ? 'info' : 'silent',
      RETRY_TIME_SCALE: '0.01',
      [`${definition.name.toUpperCase()}_PORT`]: String(port),
      ...env,
    },
    clock,
    logDestination,
  });
  const close = async () => {
    await app.close();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    await app.listen(port, '127.0.0.1');
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, app, get: app.get.bind(app), close };
}

/** Known before the app starts, because its own address is part of its configuration. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
