import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { times, translated } from '@biz/testing';
import { World } from '../libs/privacy/test/world';

const ROOT = join(__dirname, '..');
describe('npm run check:access-log', () => {
  let world: World;
  beforeAll(async () => {
    await translated();
    world = await World.open();
    for (const reason of times(5, (at) => `reason ${at}`)) await world.look(reason);
  });
  afterAll(() => world.close());

  const check = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, ['dist/scripts/check-access-log.js', ...args], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, DATABASE_URL: world.database.url, NODE_NO_WARNINGS: '1' },
    });

  it('says that nothing is missing, and which line to note', () => {
    const { status, stdout, stderr } = check();
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^5 lines, none changed, none missing\. The newest is 5:[\w-]{43}\n$/);
    const [mark = ''] = /5:[\w-]+/.exec(stdout) ?? [];
    expect(check(mark).status).toBe(0);
    expect(check(mark.replace('5:', '4:'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('line 4 is not the one that was noted') as string,
    });
    expect(check('yesterday')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^found "yesterday"/) as string,
    });
  });

  it('names the gap and ends with 1', async () => {
    await world.tamper('DELETE FROM privacy.accesses WHERE seq = 3');
    await world.look('one more');
    const { status, stdout, stderr } = check();
    expect([status, stdout, stderr]).toEqual([1, '', 'line 3 is missing\n']);
  });
});
