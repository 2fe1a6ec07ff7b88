import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { testDatabase, translated } from '@biz/testing';
import type { TestDatabase } from '@biz/testing';

const ROOT = join(__dirname, '..');
const KEYS = ['k2', 'k1'].map((id) => `${id}:${randomBytes(32).toString('base64')}`).join(',');
describe('npm run rotate-keys', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    await translated();
    database = await testDatabase();
    expect(program('migrate').status).toBe(0);
  });
  afterAll(() => database.drop());

  const program = (name: string, env: Record<string, string> = {}) =>
    spawnSync(process.execPath, [`dist/scripts/${name}.js`], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, DATABASE_URL: database.url, NODE_NO_WARNINGS: '1', ...env },
    });

  it('comes after a migration that makes no role for an app that is given the connection of the owner', () => {
    const { status, stdout, stderr } = program('migrate', { DATABASE_URL_PAYMENT: database.url });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('Roles:');
  });

  it('names the key that seals', () => {
    const { status, stdout, stderr } = program('rotate-keys', { DATA_ENCRYPTION_KEYS: KEYS });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^ {2}column +resealed +now under k2 +unreadable\n {2}\w+\.\w+\.\w+ +0 +0 +0\n/);
  });

  it('says so when that is not the newest', () => {
    const env = { DATA_ENCRYPTION_KEYS: KEYS, DATA_ENCRYPTION_SEAL_WITH: 'k1' };
    const { status, stdout, stderr } = program('rotate-keys', env);
    expect([status, stdout]).toEqual([0, expect.stringContaining('now under k1')]);
    expect(stderr).toBe(
      'DATA_ENCRYPTION_SEAL_WITH is k1, so the newest key, k2, seals nothing: take it away, restart the apps, and run this again\n',
    );
  });
});
