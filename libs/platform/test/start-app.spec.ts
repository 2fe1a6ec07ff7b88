import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { translated } from '@biz/testing';

const ROOT = join(__dirname, '../../..');
const QUOTED = /홍길동|판교역로|lukas|parcel for/;

/** An app whose merchant forgets something, once it listens. */
const program = (forgets: string): string => `
  const { Module } = require('@nestjs/common');
  const { startApp } = require('./dist/libs/platform/src/index.js');
  class Shop {}
  Module({})(Shop);
  const app = { name: 'profile', title: 'Tea', description: 'Tea', schemas: [], module: Shop };
  const error = Object.assign(new TypeError('no parcel for 홍길동,\\n판교역로 231, lukas@example.com'), { code: 'NO_PARCEL' });
  startApp(app).then(() => { ${forgets} });`;

describe('an app whose merchant forgets', () => {
  beforeAll(translated);

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
      error: {
        type: 'TypeError',
        code: 'NO_PARCEL',
        message: '',
        stack: expect.stringMatching(/^ +at \[eval\]:/) as string,
      },
    });
    expect(stdout).not.toMatch(QUOTED);
  });

  it('to wait for a promise: goes on, and says so', () => {
    const { status, stdout, stderr } = run(
      "void Promise.reject(error); setImmediate(() => process.kill(process.pid, 'SIGTERM'));",
    );
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('"level":"error"');
    expect(stdout).toContain('a promise failed that nobody waited for');
    expect(stdout).toContain('"type":"TypeError"');
    expect(stdout).not.toMatch(QUOTED);
  });

  it('that what it throws be an error: says what it was without its text', () => {
    const { stdout } = run(
      "void Promise.reject('no parcel for 홍길동'); setImmediate(() => process.kill(process.pid, 'SIGTERM'));",
    );
    expect(stdout).toContain('"type":"string"');
    expect(stdout).not.toMatch(QUOTED);
  });
});
