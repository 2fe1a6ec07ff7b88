import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { times, translated } from '@biz/testing';
import { PATCHES } from '../plant';
import { Random } from '../random';
import { CALM_MS } from './judge/calm';
import { type CaptureEvidence, judge } from './judge/judge';
import { type FilePlan, drawPlan, type Plan } from './plan';
import { CAPTURE_PATCHES } from './plants';
import { DELIVERED_TO, SHIPPING_ID } from './world/facts';
import { digestOf, sizeOf, type Ask } from './world/kakao';

const ROOT = join(__dirname, '../..');

// The whole of it: npm run torture:captures.
beforeAll(translated);

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
  // One of them in sixty-four; each is another step.
  const { code, output } = await torture('--crash-points', '--every', '64');
  expect(output).toMatch(/\n0 of [1-9]\d* crash points ended wrong/);
  expect(code).toBe(0);
});

it('draws the same customers from the same seed, and others from another', () => {
  const plans = (seed: number) =>
    Array.from({ length: 20 }, (_, at) => drawPlan(Random.of(seed, 'plan', at), 0, at, 5_000, 0.1));
  expect(plans(1)).toEqual(plans(1));
  expect(plans(1)).not.toEqual(plans(2));
});

it.each(Object.entries({ ...PATCHES, ...CAPTURE_PATCHES }))('can still plant %s', (_name, { file, text }) => {
  expect(readFileSync(join(ROOT, 'dist', file), 'utf8').split(text)).toHaveLength(2);
});

describe('the judge', () => {
  const plan: Plan = {
    ...drawPlan(Random.of('judge'), 1, 7, 1_000, 0),
    ...{ kind: 'profile', outcome: 'data', files: [], callbacksAfterMs: [0] },
  };
  const begin = 1_000_000;
  const endsAt = begin + 3 * CALM_MS;
  const row = { id: 'c-1', token: plan.token, state: 'delivered', failure: null, received: new Date(begin) };
  const facts = (of: Plan) => ({ id: 'c-1', merchant: of.shop, kind: of.kind, relayId: of.token });
  const event = (id: string, data: object, type = 'profile.received') => ({
    ...{ id, type, path: DELIVERED_TO[plan.shop], partnerOrderId: '' },
    data: { ...facts(plan), profile: { nickname: plan.token, shippingAddress: { id: SHIPPING_ID } }, ...data },
  });
  const handedOver = { plan, acceptedAt: begin, endsAt, refusals: [] };
  const verdict = (changed: Partial<CaptureEvidence>): string[] =>
    judge({
      played: [handedOver],
      rows: [row],
      received: [event('e-1', {})],
      forged: 0,
      windows: [],
      asks: [],
      ...changed,
    }).map(({ what }) => what);
  const expired = { ...row, state: 'expired', failure: 'deadline-passed' };
  const failed = event('e-2', { reason: 'deadline-passed' }, 'capture.failed');
  const failedAs = (reason: string) => event('e-2', { reason }, 'capture.failed');

  it('is content when what was handed over was delivered once, however often it was tried', () => {
    expect(verdict({ received: [event('e-1', {}), event('e-1', {})] })).toEqual([]);
  });

  it.each<[string, Partial<CaptureEvidence>, string]>([
    ['an accepted callback without a capture', { rows: [], received: [] }, 'no capture is there'],
    ['two captures of one OTP', { rows: [row, { ...row, id: 'c-2' }] }, '2 captures of one OTP'],
    ['a capture of nobody', { rows: [row, { ...row, id: 'c-2', token: 'x' }] }, '1 captures that nobody handed over'],
    ['an event about no capture', { received: [event('e-1', {}), event('e-2', { id: 'c-9' })] }, 'about no capture'],
    ['a callback that was refused', { played: [{ ...handedOver, refusals: ['400 {}'] }] }, 'answered 400'],
    ['two events of one capture', { received: [event('e-1', {}), event('e-9', {})] }, '2 different events'],
    ['no event of a delivered capture', { received: [] }, '0 different events'],
    ['a failure told beside what was received', { received: [event('e-1', {}), failed] }, 'also told capture.failed'],
    ['a try with other facts', { received: [event('e-1', { more: 1 }), event('e-1', {})] }, 'other facts'],
    ['the data of somebody else', { received: [event('e-1', { profile: { nickname: 'x' } })] }, 'somebody else'],
    [
      'an id that lost its digits',
      {
        received: [event('e-1', { profile: { nickname: plan.token, shippingAddress: { id: '9223372036854776000' } } })],
      },
      'digits',
    ],
    ['another shop that is told', { received: [{ ...event('e-1', {}), path: '/webhook/x' }] }, 'another shop'],
    ['an event of another shop', { received: [event('e-1', { merchant: 'x' })] }, 'another shop'],
    ['an expiry in peace', { rows: [expired], received: [failed] }, 'though there was time'],
    [
      'an expiry in peace of a callback whose answer got lost',
      { played: [{ plan, endsAt, refusals: [] }], rows: [expired], received: [failed] },
      'though there was time',
    ],
    ['an expiry that nobody was told of', { rows: [expired], received: [] }, 'told otherwise'],
    ['an expiry for which the shop was told another reason', { rows: [expired], received: [failedAs('x')] }, 'told x'],
    [
      'a refusal that Kakao never spoke',
      { rows: [{ ...row, state: 'failed', failure: 'refused-by-kakao' }], received: [failedAs('refused-by-kakao')] },
      'failed as',
    ],
    [
      'an answer that Kakao never gave',
      { rows: [{ ...row, state: 'failed', failure: 'unreadable-answer' }], received: [failedAs('unreadable-answer')] },
      'failed as',
    ],
    ['a capture that never ends', { rows: [{ ...row, state: 'pending' }] }, 'ends as pending'],
    [
      'an OTP that is asked for again and again',
      { asks: times(4, (at) => ({ token: plan.token, at: begin + at * 2_000, said: 'data' })) },
      'asked for 4 times',
    ],
  ])('finds %s', (_what, changed, words) => {
    expect(verdict(changed).join()).toContain(words);
  });

  describe('when something was in the way all the time', () => {
    const inTheWay = (what: string, of?: string) => ({
      ...{ rows: [expired], received: [failed] },
      windows: [{ what, from: begin + 500, to: endsAt, ...(of !== undefined && { of }) }],
    });

    it.each([
      ['Kakao', 'kakao', undefined],
      ['the database', 'database', undefined],
      ['its own app', 'kill', 'profile'],
    ])('forgives an expiry: %s was down', (_name, what, of) => {
      expect(verdict(inTheWay(what, of))).toEqual([]);
    });

    it.each([
      ['the shop was down', 'shop', undefined],
      ['the store of images was full', 'store', undefined],
      ['another app was killed', 'kill', 'image'],
    ])('does not forgive it because %s', (_name, what, of) => {
      expect(verdict(inTheWay(what, of)).join()).toContain('though there was time');
    });

    it('forgives a failure that was told before the data came', () => {
      const { windows } = inTheWay('kakao');
      expect(verdict({ windows, received: [failed, event('e-1', {})] })).toEqual([]);
    });
  });

  describe('of images', () => {
    const file: FilePlan = { faults: [], outcome: 'data', bytes: 500, pieceMs: 0 };
    const image: Plan = { ...plan, kind: 'image', files: [file, file, { ...file, outcome: 'refused' }] };
    const stored = (at: number, variant: string) => ({
      ...{ picture: 1, variant, state: 'stored', size: sizeOf(file), type: 'image/jpeg', href: 'x' },
      sha256: digestOf(image.token, at, file),
    });
    const missing = (variant: string, failure: string) => ({ picture: 1, variant, state: 'failed', failure });
    const refused = missing('1m', 'refused-by-kakao');
    const told = (...files: object[]): string[] =>
      verdict({
        played: [{ ...handedOver, plan: image }],
        received: [{ ...event('e-1', { ...facts(image), files }, 'image.received') }],
      });

    it('is content with what Kakao sent, and the reason of what it did not send', () => {
      expect(told(stored(0, 'original'), stored(1, '3m'), refused)).toEqual([]);
    });

    it.each<[string, object[], string]>([
      ['bytes that are another file’s', [stored(1, 'original'), stored(0, '3m'), refused], '2 files are wrong'],
      [
        'a file that is missing in peace',
        [stored(0, 'original'), missing('3m', 'deadline-passed'), refused],
        'was time',
      ],
      [
        'a refusal that was none',
        [stored(0, 'original'), missing('3m', 'refused-by-kakao'), refused],
        '1 files are wrong',
      ],
      ['a reason that cannot be', [stored(0, 'original'), missing('3m', 'not-an-image'), refused], 'not-an-image'],
      ['a file that nobody sent', [stored(0, 'original'), stored(1, '3m'), stored(2, '1m')], 'not what Kakao sent'],
      [
        'a file without a link',
        [{ ...stored(0, 'original'), href: undefined }, stored(1, '3m'), refused],
        'its file 0',
      ],
      ['a file that is not told of', [stored(0, 'original'), refused], '2 files instead of 3'],
    ])('finds %s', (_what, files, words) => {
      expect(told(...files).join()).toContain(words);
    });
  });

  it('tells an app that had its hands full from one that forgot a file', () => {
    const files = times(2, () => ({ faults: [], outcome: 'data' as const, bytes: 500, pieceMs: 0 }));
    const image: Plan = { ...plan, kind: 'image', files };
    const urgent: Plan = { ...image, index: 8, token: 'urgent' };
    const calmer: Plan = { ...image, index: 9, token: 'calmer' };
    const played = [
      { ...handedOver, plan: image },
      { plan: urgent, endsAt: endsAt - 5_000, refusals: [] },
      { plan: calmer, endsAt: endsAt + 5_000, refusals: [] },
    ];
    const lost = { ...row, state: 'expired', failure: 'no-image-stored' };
    const told = event('e-2', { ...facts(image), reason: 'no-image-stored' }, 'capture.failed');
    const busyWith = (token: string, ms: number): Ask[] =>
      times(ms / 200, (at) => ({ token, file: 0, at: begin + at * 200, said: 'data' }));
    const found = (asks: Ask[]): string[] => verdict({ played, rows: [lost], received: [told], asks });
    expect(found(busyWith('urgent', 30_000))).toEqual([]);
    expect(found([]).join()).toContain('though there was time');
    expect(found(busyWith('urgent', 10_000)).join()).toContain('though there was time');
    expect(found([...busyWith('urgent', 30_000), ...busyWith('calmer', 10_000)]).join()).toContain(
      'though there was time',
    );
  });
});
