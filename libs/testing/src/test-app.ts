import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, type AppDefinition, type Clock, type CreateAppOptions, type Environment } from '@biz/platform';
import type { INestApplication } from '@nestjs/common';
import { freePort } from '../../../scripts/postgres/free-port';

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

/** What every app of a test is told: a loaded machine answers late, and is no outage. */
export const PATIENT: Environment = {
  NODE_ENV: 'test',
  DATABASE_SILENT_MS: '300000',
  ANSWER_WITHIN_MS: '300000',
  DATABASE_POOL_SIZE: '4',
};

const PORTS_TRIED = 5;

/** Repeats a start whose port another process took in the moment before it listened. */
export async function onFreePorts<T>(start: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await start();
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'EADDRINUSE' || tried === PORTS_TRIED) throw error;
    }
  }
}

/** Starts an app on a free port of 127.0.0.1, on a database of the test, with retries in milliseconds. */
export function startTestApp(definition: AppDefinition, options: TestAppOptions = {}): Promise<TestApp> {
  return onFreePorts(async () => startAt(await freePort(), definition, options));
}

async function startAt(
  port: number,
  definition: AppDefinition,
  { database, env, clock, logDestination }: TestAppOptions,
): Promise<TestApp> {
  const dataDir = mkdtempSync(join(tmpdir(), 'biz-test-'));
  const app = await createApp(definition, {
    env: {
      ...PATIENT,
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

/** So many ports at once, all of them different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}
