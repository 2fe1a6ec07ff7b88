import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');
jest.setTimeout(120_000);

/** An app whose merchant forgets something, once it listens. */
const program = (forgets: string): string => `
  const { Module } = require('@nestjs/common');
  const { startApp } = require('./dist/libs/platform/src/index.js');
  class Shop {}
  Module({})(Shop);
  const app = { name: 'profile', title: 'Tea', description: 'Tea', schemas: [], module: Shop };
  const error = new Error('no parcel for lukas@example.com, 010-1234-5678');
  startApp(app).then(() => { ${forgets} });`;

describe('an app whose merchant forgets', () => {
  beforeAll(() => {
    execFileSync('npm', ['run', '--silent', 'translate'], { cwd: ROOT, stdio: 'inherit' });
  });

  const run = (forgets: string): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, ['-e', program(forgets)], {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: 60_000,
      env: { PATH: process.env.PATH, PROFILE_PORT: '0', NODE_NO_WARNINGS: '1' },
    });

  it('to catch an error: ends with 1, and says what it was without what it quotes', () => {
    const { status, stdout, stderr } = run('setImmediate(() => { throw error; });');
    expect([status, stderr]).toEqual([1, '']);
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      level: 'fatal',
      message: 'an error was thrown that nobody caught',
      error: { message: 'no parcel for [email], [phone]' },
    });
    expect(stdout).not.toMatch(/lukas|1234/);
  });

  it('to wait for a promise: goes on, and says so', () => {
    const { status, stdout, stderr } = run(
      "void Promise.reject(error); setImmediate(() => process.kill(process.pid, 'SIGTERM'));",
    );
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('"level":"error"');
    expect(stdout).toContain('a promise failed that nobody waited for');
    expect(stdout).not.toMatch(/lukas|1234/);
  });
});
