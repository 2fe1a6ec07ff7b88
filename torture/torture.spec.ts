import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { translated } from '@biz/testing';
import { PATCHES, PLANTS } from './plant';
import { Random } from './random';
import { drawPlan } from './stories/plan';

const ROOT = join(__dirname, '..');

// The whole of it: npm run torture -- --schedules 5000, and -- --crash-points.
beforeAll(translated);

/** A torture of its own, on a server of its own. */
function torture(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['dist/torture/torture.js', ...args], { cwd: ROOT }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr });
    });
  });
}

it('keeps every promise while buyers, KakaoPay, the shop, the app and the database do their worst', async () => {
  const { code, output } = await torture('--seed', '11', '--schedules', '20', '--concurrency', '20');
  expect(output).toContain('Every promise was kept');
  expect(code).toBe(0);
});

it('ends right when the app is killed between any two steps from T2 to S, and of a refund', async () => {
  // One of them in forty-eight; each is another step.
  const { code, output } = await torture('--crash-points', '--every', '48');
  expect(output).toMatch(/\n0 of [1-9]\d* crash points ended wrong/);
  expect(code).toBe(0);
});

it('draws the same stories from the same seed, and others from another', () => {
  const plans = (seed: number) => Array.from({ length: 20 }, (_, at) => drawPlan(Random.of(seed, 'plan', at), at));
  expect(plans(1)).toEqual(plans(1));
  expect(plans(1)).not.toEqual(plans(2));
});

it.each(PLANTS)('has %s to plant: what it replaces stands once in the build', (plant) => {
  const { file, text } = PATCHES[plant];
  expect(readFileSync(join(ROOT, 'dist', file), 'utf8').split(text)).toHaveLength(2);
});

it('says which bugs it can plant', async () => {
  const { code, output } = await torture('--plant', 'no-such-bug');
  expect(output).toContain(
    '--plant: no-such-bug is none of no-guard, no-snapshot-check, early-release, refused-repeat, ',
  );
  expect(code).toBe(2);
});
