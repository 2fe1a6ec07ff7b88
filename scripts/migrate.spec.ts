import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { merchants } from '@biz/merchants';
import { freePorts, testDatabase, translated } from '@biz/testing';
import type { TestDatabase } from '@biz/testing';
import { DatabaseWay } from '../test/database-way';
import { definitionsOf } from '../test/house';

describe('npm run migrate', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    await translated();
    database = await testDatabase(...new Set(definitionsOf(merchants).flatMap(({ schemas }) => schemas)));
  });
  afterAll(() => database.drop());

  /** @param onLine hears of each line of the output as it comes */
  const migrate = async (
    env: Record<string, string>,
    onLine: (line: string) => void = () => undefined,
  ): Promise<{ status: number | null; stdout: string; stderr: string }> => {
    const program = spawn(process.execPath, ['dist/scripts/migrate.js'], {
      cwd: join(__dirname, '..'),
      env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1', ...env },
    });
    const said = { stdout: '', stderr: '' };
    program.stdout.on('data', (bytes: Buffer) => {
      said.stdout += bytes.toString();
      onLine(bytes.toString());
    });
    program.stderr.on('data', (bytes: Buffer) => (said.stderr += bytes.toString()));
    const [status] = (await once(program, 'close')) as [number | null];
    return { status, ...said };
  };

  it('refuses in production the passwords that the apps refuse, one line each', async () => {
    const { status, stdout, stderr } = await migrate({
      NODE_ENV: 'production',
      DATABASE_URL: 'postgres://biz:changeme@db.internal/biz',
      DATABASE_URL_PROFILE: 'postgres://biz_profile:development@db.internal/biz',
      DATABASE_URL_SYNC: 'postgres://biz_sync:4f0b6a0d9c8e7f61@db.internal/biz',
    });
    const problem = 'found a password that anybody can guess; production needs its own (openssl rand -hex 24)';
    expect([status, stdout, stderr]).toEqual([1, '', `DATABASE_URL: ${problem}\nDATABASE_URL_PROFILE: ${problem}\n`]);
  });

  it('tries again while the database is not there yet, with one line each time', async () => {
    const [port = 0] = await freePorts(1);
    const url = new URL(database.url);
    url.host = `127.0.0.1:${port}`;
    let way: Promise<DatabaseWay> | undefined;
    const { status, stdout, stderr } = await migrate({ DATABASE_URL: url.href }, () => {
      way ??= DatabaseWay.to(database.url, port);
    });
    await (await way)?.close();
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^(The database is not there yet \(ECONNREFUSED\): trying again in [\d.]+ s\n)+No migration is pending\.\n$/,
    );
  });
});
