import { times } from '@biz/testing';
import { ASIDE_FOR_EACH, Places } from '../src/files/places';
import { Transfer } from '../src/files/transfer';
import type { Pace } from '../src/files/transfer';

const SECOND = 1_000;
const STEP = 250;
/** So many bytes a second at the second counted from 0. */
type Rate = (second: number) => number;

/** Plays a download, as it is checked four times a second; at which second it got which pace for the first time. */
function play(rate: Rate, seconds: number, isStoring: (second: number) => boolean = () => false): [Pace, number][] {
  const transfer = new Transfer(0);
  const seen = new Map<Pace, number>();
  for (let now = STEP; now <= seconds * SECOND; now += STEP) {
    transfer.received += (rate((now - STEP) / SECOND) * STEP) / SECOND;
    transfer.isStoring = () => isStoring((now - STEP) / SECOND);
    const pace = transfer.check(now);
    if (!seen.has(pace)) seen.set(pace, now / SECOND);
    if (pace === 'stalled') break;
  }
  return [...seen];
}

describe('a download', () => {
  it.each<[string, Rate, number, [Pace, number][]]>([
    [
      'that brings nothing',
      () => 0,
      20,
      [
        ['prompt', 0.25],
        ['slow', 1.25],
        ['stalled', 10],
      ],
    ],
    [
      'of one byte a second',
      () => 1,
      20,
      [
        ['prompt', 0.25],
        ['slow', 1.25],
        ['stalled', 10],
      ],
    ],
    [
      'of 7 KB/s',
      () => 7 * 1024,
      20,
      [
        ['prompt', 0.25],
        ['slow', 1.25],
        ['stalled', 10],
      ],
    ],
    [
      'of 9 KB/s, for ten minutes',
      () => 9 * 1024,
      600,
      [
        ['prompt', 0.25],
        ['slow', 1.25],
      ],
    ],
    ['of 300 KB/s, for nine seconds', () => 300 * 1024, 9, [['prompt', 0.25]]],
    [
      'of 10 MB/s, for a minute',
      () => 1e7,
      60,
      [
        ['prompt', 0.25],
        ['slow', 10.25],
      ],
    ],
    // What came before does not buy time.
    [
      'that stops after 40 MB',
      (second) => (second < 4 ? 1e7 : 0),
      60,
      [
        ['prompt', 0.25],
        ['slow', 10.25],
        ['stalled', 14],
      ],
    ],
    [
      'that begins after 6 s',
      (second) => (second < 6 ? 0 : 1e6),
      9,
      [
        ['prompt', 0.25],
        ['slow', 1.25],
      ],
    ],
  ])('%s', (_what, rate, seconds, expected) => {
    expect(play(rate, seconds)).toEqual(expected);
  });

  it('is not blamed for the time in which our store is behind, up to a limit', () => {
    const stops = (second: number): boolean => second >= 2;
    const rate: Rate = (second) => (stops(second) ? 0 : 1e6);
    expect(play(rate, 90, stops)).toEqual([
      ['prompt', 0.25],
      ['slow', 10.25],
    ]);
    expect(play(rate, 200, stops).at(-1)).toEqual(['stalled', 102.5]);
    // Once the store takes more, the server has its ten seconds.
    expect(play(rate, 200, (second) => second >= 2 && second < 50).at(-1)).toEqual(['stalled', 60]);
  });

  it('is not blamed for the time in which the process stood still', () => {
    const transfer = new Transfer(0);
    expect(transfer.check(60 * SECOND)).toBe('slow');
    expect(transfer.check(69 * SECOND)).toBe('slow');
  });
});

describe('the places of downloads', () => {
  const TOTAL = 2;
  const ASIDE = TOTAL * ASIDE_FOR_EACH;
  let places: Places;
  let ended: string[];
  const slow = (id: string, merchant: string, customer: string, startedAt = 0, received = 0): boolean => {
    const transfer = new Transfer(startedAt, () => void ended.push(id));
    transfer.received = received;
    return places.stepAside({ id, merchant, capture_id: customer }, transfer, 20 * SECOND, true);
  };
  beforeEach(() => {
    places = new Places(TOTAL);
    ended = [];
  });

  it('are free again for what steps aside, and stay so when it ends', () => {
    expect([places.free(0), places.free(1), places.free(2)]).toEqual([2, 1, 0]);
    expect(slow('a', 'shop', 'customer')).toBe(true);
    expect([places.free(2), places.free(3)]).toEqual([1, 0]);
    places.finished({ id: 'a', merchant: 'shop', capture_id: 'customer' });
    expect([places.free(1), places.free(2)]).toEqual([1, 0]);
  });

  it('with no room aside, end what hardly moves: of the merchant, then of the customer with the most, the youngest', () => {
    slow('few', 'other', 'x', 5);
    slow('one', 'shop', 'y', 4);
    for (const at of times(ASIDE - 2, (each) => each)) expect(slow(`many-${at}`, 'shop', 'z', at)).toBe(true);
    expect(ended).toEqual([]);
    expect(slow('new', 'other', 'v', 9)).toBe(true);
    expect(ended).toEqual([`many-${ASIDE - 3}`]);
  });

  it('stay taken while all that is aside moves', () => {
    // Twenty seconds at 64 KB/s.
    for (const at of times(ASIDE, (each) => each)) slow(`moves-${at}`, 'shop', 'z', 0, 20 * 64 * 1024);
    expect(slow('moves-too', 'shop', 'z', 0, 20 * 64 * 1024)).toBe(false);
    expect(ended).toEqual([]);
    expect([places.free(ASIDE + 1), places.free(ASIDE + 2)]).toEqual([1, 0]);
    expect(slow('hangs', 'other', 'x')).toBe(true);
    expect(ended).toEqual(['hangs']);
  });
});
