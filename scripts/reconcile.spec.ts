import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { testDatabase, translated } from '@biz/testing';
import type { TestDatabase } from '@biz/testing';
import { merchants } from '@biz/merchants';
import { definitionsOf } from '../test/house';
import { explain } from './environment';

const ROOT = join(__dirname, '..');

describe('npm run reconcile', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    await translated();
    database = await testDatabase(...new Set(definitionsOf(merchants).flatMap(({ schemas }) => schemas)));
  });
  afterAll(() => database.drop());

  const reconcile = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, ['dist/scripts/reconcile.js', ...args], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, DATABASE_URL: database.url, NODE_NO_WARNINGS: '1' },
    });
  const yesterdayInKorea = (): string => new Date(Date.now() - 15 * 3_600_000).toISOString().slice(0, 10);

  it('compares yesterday in Korea when no day is given', () => {
    const days = [yesterdayInKorea()];
    const { status, stdout, stderr } = reconcile();
    days.push(yesterdayInKorea()); // midnight may have come meanwhile
    expect([status, stderr]).toEqual([0, '']);
    expect(days.map((day) => `${day}: 0 payments compared, 0 differ, 0 could not be asked.\n`)).toContain(stdout);
  });

  it.each([
    [['--day', 'yesterday'], '--day: found "yesterday"; it must be a day such as 2026-11-23\nUse: '],
    [['--merchant', 'demo-shp'], '--merchant: found "demo-shp"; it must be one of demo-shop'],
  ])('refuses %j, and says what it takes', (args, problem) => {
    const { status, stdout, stderr } = reconcile(...args);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(problem);
  });
});

it.each<[string, Error, object]>([
  ['connect ECONNREFUSED 127.0.0.1:1', new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }],
  ['one; two', new AggregateError([new Error('one'), new Error('two')]), { code: 'ECONNREFUSED' }],
  ['password authentication failed', new Error('password authentication failed'), { code: '28P01' }],
  ['database "biz" does not exist', new Error('database "biz" does not exist'), { code: '3D000' }],
])('a program names DATABASE_URL when the answer is: %s', (why, error, facts) => {
  expect(explain(Object.assign(error, facts))).toBe(`The database (DATABASE_URL) cannot be used: ${why}`);
});
