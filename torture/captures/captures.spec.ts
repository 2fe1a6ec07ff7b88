import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { times } from '@biz/testing';
import { Random } from '../random';
import { type CaptureEvidence, CALM_MS, judge } from './judge';
import { drawPlan, type Plan } from './plan';
import type { Ask } from './world/kakao';

const ROOT = join(__dirname, '../..');

// The whole of it: npm run torture:captures.
jest.setTimeout(180_000);

beforeAll(() => {
  execFileSync('npm', ['run', '--silent', 'translate'], { cwd: ROOT, stdio: 'inherit' });
});

function torture(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['dist/torture/captures/captures.js', ...args],
      { cwd: ROOT },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr });
      },
    );
  });
}

const SHORT = ['--seed', '5', '--customers', '40', '--instances', '1', '--spread', '4000', '--hopeless', '0'];

it('loses nothing that a customer handed over while Kakao, the store, the shop, the apps and the database do their worst', async () => {
  const { code, output } = await torture(...SHORT);
  expect(output).toContain('Every promise was kept');
  expect(code).toBe(0);
});

it('ends right when an app is killed between any two steps from the callback to the delivery', async () => {
  // One of them in sixteen; each is another step.
  const { code, output } = await torture('--crash-points', '--every', '16');
  expect(output).toMatch(/\n0 of [4-7] crash points ended wrong/);
  expect(code).toBe(0);
});

it('draws the same customers from the same seed, and others from another', () => {
  const plans = (seed: number) =>
    Array.from({ length: 20 }, (_, at) => drawPlan(Random.of(seed, 'plan', at), 0, at, 5_000, 0.1));
  expect(plans(1)).toEqual(plans(1));
  expect(plans(1)).not.toEqual(plans(2));
});

describe('the judge', () => {
  const plan: Plan = {
    ...drawPlan(Random.of('judge'), 1, 7, 1_000, 0),
    ...{ kind: 'profile', outcome: 'data', files: [], callbacksAfterMs: [0] },
  };
  const begin = 1_000_000;
  const row = { id: 'c-1', token: plan.token, state: 'delivered', failure: null, received: new Date(begin) };
  const event = (id: string, data: object, type = 'profile.received') => ({
    id,
    type,
    partnerOrderId: '',
    data: { id: 'c-1', profile: { nickname: plan.token }, ...data },
  });
  const verdict = (changed: Partial<CaptureEvidence>): string[] =>
    judge({
      played: [{ plan, acceptedAt: begin, endsAt: begin + 3 * CALM_MS }],
      rows: [row],
      received: [event('e-1', {})],
      forged: 0,
      windows: [],
      asks: [],
      ...changed,
    }).map(({ what }) => what);
  const expired = { ...row, state: 'expired', failure: 'deadline-passed' };
  const failed = event('e-2', {}, 'capture.failed');

  it('is content when what was handed over was delivered once, however often it was tried', () => {
    expect(verdict({ received: [event('e-1', {}), event('e-1', {})] })).toEqual([]);
  });

  it.each<[string, Partial<CaptureEvidence>, string]>([
    ['an accepted callback without a capture', { rows: [] }, 'no capture is there'],
    ['two captures of one OTP', { rows: [row, { ...row, id: 'c-2' }] }, '2 captures of one OTP'],
    ['two events of one capture', { received: [event('e-1', {}), event('e-9', {})] }, '2 different events'],
    ['no event of a delivered capture', { received: [] }, '0 different events'],
    ['the data of somebody else', { received: [event('e-1', { profile: { nickname: 'x' } })] }, 'somebody else'],
    ['an expiry in peace', { rows: [expired], received: [failed] }, 'though there was time'],
    ['an expiry that nobody was told of', { rows: [expired], received: [] }, 'told otherwise'],
    [
      'a refusal that Kakao never spoke',
      { rows: [{ ...row, state: 'failed', failure: 'unreadable-answer' }], received: [failed] },
      'failed as',
    ],
    ['a capture that never ends', { rows: [{ ...row, state: 'pending' }] }, 'ends as pending'],
  ])('finds %s', (_what, changed, words) => {
    expect(verdict(changed).join()).toContain(words);
  });

  it('forgives an expiry when there was no quiet time', () => {
    const windows = [{ what: 'kakao', from: begin + 500, to: begin + 3 * CALM_MS }];
    expect(verdict({ rows: [expired], received: [failed], windows })).toEqual([]);
  });

  it('tells an app that had its hands full from one that forgot a file', () => {
    const files = times(2, () => ({ faults: [], outcome: 'data' as const, bytes: 500, pieceMs: 0 }));
    const image: Plan = { ...plan, kind: 'image', files };
    const urgent: Plan = { ...image, index: 8, token: 'urgent' };
    const calmer: Plan = { ...image, index: 9, token: 'calmer' };
    const endsAt = begin + 3 * CALM_MS;
    const played = [
      { plan: image, acceptedAt: begin, endsAt },
      { plan: urgent, endsAt: endsAt - 5_000 },
      { plan: calmer, endsAt: endsAt + 5_000 },
    ];
    const lost = { ...row, state: 'expired', failure: 'no-image-stored' };
    const busyWith = (token: string, ms: number): Ask[] =>
      times(ms / 200, (at) => ({ token, file: 0, at: begin + at * 200, said: 'answered' }));
    const found = (asks: Ask[]): string[] => verdict({ played, rows: [lost], received: [failed], asks });
    expect(found(busyWith('urgent', 30_000))).toEqual([]);
    expect(found([]).join()).toContain('though there was time');
    expect(found(busyWith('urgent', 10_000)).join()).toContain('though there was time');
    expect(found([...busyWith('urgent', 30_000), ...busyWith('calmer', 10_000)]).join()).toContain(
      'though there was time',
    );
  });
});
