import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { translated } from '@biz/testing';
import { CAPTURE_USAGE, readCaptureOptions } from './options';

const ROOT = join(__dirname, '../..');

const defaults = {
  ...{ customers: 300, instances: 2, spreadMs: 20_000, hopeless: 2 },
  ...{ crashPoints: false, every: 1, keepGoing: false },
};

it('draws a seed when none is given', () => {
  expect(readCaptureOptions([])).toEqual({ ...defaults, seed: expect.any(Number) as number });
});

it('reads a round as it was printed', () => {
  const printed = '--seed 7 --customers 20 --instances 1 --spread 0 --hopeless 0 --plant no-dedupe';
  expect(readCaptureOptions(printed.split(' '))).toEqual({
    ...defaults,
    ...{ seed: 7, customers: 20, instances: 1, spreadMs: 0, hopeless: 0, plant: 'no-dedupe' },
  });
});

it.each([
  ['--every 0', '--every: 0 is no whole number from 1 on'],
  ['--customers 0', '--customers: 0 is no whole number from 1 on'],
  ['--instances 0', '--instances: 0 is no whole number from 1 on'],
  ['--spread soon', '--spread: soon is no whole number from 0 on'],
  ['--plant x', '--plant: x is none of redeemed-too-early, '],
  ['--custommers 3', "Unknown option '--custommers'"],
])('refuses what would play nothing, or something else: %s', (args, words) => {
  expect(() => readCaptureOptions(args.split(' '))).toThrow(words);
});

describe('npm run torture:captures', () => {
  beforeAll(translated);

  const torture = (...args: string[]) =>
    spawnSync(process.execPath, ['dist/torture/captures/captures.js', ...args], { cwd: ROOT, encoding: 'utf8' });

  it('says how it is called, when it is asked', () => {
    expect(torture('--help')).toMatchObject({ status: 0, stdout: `${CAPTURE_USAGE}\n`, stderr: '' });
  });

  it('says what is wrong, and how it is called', () => {
    expect(torture('--crash-points', '--every', '0')).toMatchObject({
      ...{ status: 2, stdout: '' },
      stderr: `--every: 0 is no whole number from 1 on\n\n${CAPTURE_USAGE}\n`,
    });
  });
});
