import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { runningPostgres, startPostgres } from './embedded-postgres';
import { gone } from './processes';

/** One folder for all tests: preparing it takes longer than everything else. */
let dataDir: string;

/** 0700, as mktemp -d makes it: as root, the user that PostgreSQL runs as cannot enter it by itself. */
const emptyFolder = (): string => mkdtempSync(join(tmpdir(), 'biz-data-'));

beforeAll(() => {
  dataDir = emptyFolder();
});
afterAll(() => {
  rmSync(dataDir, { recursive: true, force: true });
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** The process that stands between this one and the server. */
function parentOf(pid: number): number {
  return Number(spawnSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }).stdout);
}

it('keeps its data, listens on loopback only, asks for the password, and hides it from others', async () => {
  const first = await startPostgres({ dataDir });
  await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  expect(runningPostgres(dataDir)).toBe(first.url);
  await first.stop();
  expect(runningPostgres(dataDir)).toBeUndefined();

  const second = await startPostgres({ dataDir });
  expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  expect(await query(second.url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  expect(await query(second.url, 'SHOW server_encoding')).toEqual([{ server_encoding: 'UTF8' }]);
  await expect(query(second.url.replace(/:[^:@]+@/, ':guess@'), 'SELECT 1')).rejects.toThrow('password authentication');
  expect(statSync(join(dataDir, 'postgres.password')).mode & 0o777).toBe(0o600);
  expect(statSync(join(dataDir, 'postgres')).mode & 0o777).toBe(0o700);
  await second.stop();
});

it('refuses a folder that a living process serves, and names that process', async () => {
  const server = await startPostgres({ dataDir });
  await expect(startPostgres({ dataDir })).rejects.toThrow(
    new RegExp(`in use: process ${process.pid} .*\\n.*kill ${process.pid}.*DATA_DIR=`),
  );
  await server.stop();
});

it('throws away what a killed initdb left, and starts from nothing', async () => {
  const folder = emptyFolder();
  mkdirSync(join(folder, 'postgres.new-4711'));
  writeFileSync(join(folder, 'postgres.new-4711/PG_VERSION'), '17\n');
  writeFileSync(join(folder, 'postgres.password'), 'of the start that was killed');

  const server = await startPostgres({ dataDir: folder });
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(existsSync(join(folder, 'postgres.new-4711'))).toBe(false);
  await server.stop();
  rmSync(folder, { recursive: true });
});

it('starts after a crash when another program has the old process number, and the old owner is dead', async () => {
  await (await startPostgres({ dataDir })).stop();
  writeFileSync(
    join(dataDir, 'postgres/postmaster.pid'),
    `${process.pid}\n${join(dataDir, 'postgres')}\n1\n1\n\n\n\nready`,
  );
  writeFileSync(join(dataDir, 'postgres.owner'), JSON.stringify({ pid: process.pid, startedAt: 'another time' }));

  const server = await startPostgres({ dataDir });
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await server.stop();
});

it('ends the server when its guardian is killed', async () => {
  const server = await startPostgres({ dataDir });
  process.kill(parentOf(server.pid), 'SIGKILL');
  expect(await server.ended).toContain('killed');
  expect(await gone(server.pid, 5_000)).toBe(true);
});

it('tells when the server itself is killed, and recovers on the next start', async () => {
  const server = await startPostgres({ dataDir });
  await query(server.url, 'CREATE TABLE crashed AS SELECT 7 AS n');
  process.kill(server.pid, 'SIGKILL');
  expect(await server.ended).toContain('SIGKILL');

  const next = await startPostgres({ dataDir });
  expect(await query(next.url, 'SELECT n FROM crashed')).toEqual([{ n: 7 }]);
  await next.stop();
});

it('leaves no trace of an ephemeral server', async () => {
  const server = await startPostgres({ ephemeral: true });
  const [row] = await query(server.url, 'SHOW data_directory');
  const folder = (row as { data_directory: string }).data_directory;
  expect(await query(server.url, 'SHOW fsync')).toEqual([{ fsync: 'off' }]);
  await server.stop();
  expect(existsSync(folder)).toBe(false);
});

it('says what is in the way of a folder it cannot serve', async () => {
  await (await startPostgres({ dataDir })).stop();
  const password = readFileSync(join(dataDir, 'postgres.password'));
  rmSync(join(dataDir, 'postgres.password'));
  await expect(startPostgres({ dataDir })).rejects.toThrow(/postgres\.password is missing[^]*DATA_DIR=/);

  writeFileSync(join(dataDir, 'postgres.password'), password);
  writeFileSync(join(dataDir, 'postgres/PG_VERSION'), '16\n');
  await expect(startPostgres({ dataDir })).rejects.toThrow(/no folder of PostgreSQL 17 \(its PG_VERSION: 16\)/);
});
