import { assert, constantFrom, date, integer, property, array, record } from 'fast-check';
import { nextCharge, plannedCharge } from './next-charge';

type Cycle = string;

const plan = (billingCycle: Cycle, ...dates: string[]) => ({
  message: 'm',
  billingCycle,
  details: dates.map((date, n) => ({ date, amount: n * 5_000 })),
});

const days = (billingCycle: Cycle, details: string[], startedOn: string, periods: number): string[] =>
  Array.from({ length: periods }, (_, n) => plannedCharge(plan(billingCycle, ...details), n + 1, startedOn).date);

describe('the next charge of a subscription', () => {
  it('follows the plan, then goes on at the last amount', () => {
    const months = plan('월', '2026-11-25', '2026-12-25', '2027-01-25');
    expect([1, 2, 3, 4].map((periods) => plannedCharge(months, periods, '2026-11-25'))).toEqual([
      { date: '2026-12-25', amount: 5_000, taxFreeAmount: 0 },
      { date: '2027-01-25', amount: 10_000, taxFreeAmount: 0 },
      { date: '2027-02-25', amount: 10_000, taxFreeAmount: 0 },
      { date: '2027-03-25', amount: 10_000, taxFreeAmount: 0 },
    ]);
  });

  it.each([
    ['월', '2027-01-31', ['2027-02-28', '2027-03-31', '2027-04-30']],
    ['월', '2027-12-31', ['2028-01-31', '2028-02-29', '2028-03-31']],
    ['주', '2026-12-28', ['2027-01-04', '2027-01-11', '2027-01-18']],
    ['일', '2028-02-28', ['2028-02-29', '2028-03-01', '2028-03-02']],
    ['년', '2028-02-29', ['2029-02-28', '2030-02-28', '2031-02-28', '2032-02-29']],
    ['3개월', '2026-11-30', ['2027-02-28', '2027-05-30', '2027-08-30']],
    ['분기', '2027-08-31', ['2027-11-30', '2028-02-29', '2028-05-31']],
    ['6개월', '2027-08-31', ['2028-02-29', '2028-08-31', '2029-02-28']],
    ['2주', '2026-12-21', ['2027-01-04', '2027-01-18', '2027-02-01']],
    ['격주', '2026-12-21', ['2027-01-04', '2027-01-18', '2027-02-01']],
    ['30일', '2027-02-01', ['2027-03-03', '2027-04-02', '2027-05-02']],
    ['2년', '2028-02-29', ['2030-02-28', '2032-02-29']],
  ] as const)('counts every %s from %s', (cycle, first, expected) => {
    expect(days(cycle, [first], first, expected.length)).toEqual(expected);
  });

  it.each([
    ['is paid a moment after midnight', ['2026-11-23', '2026-12-23'], '2026-11-24', ['2026-12-23', '2027-01-23']],
    ['begins before the first planned day', ['2026-12-01'], '2026-11-23', ['2027-01-01', '2027-02-01']],
    ['has a plan of long ago', ['2026-01-31', '2026-02-28'], '2026-11-23', ['2026-11-30', '2026-12-31', '2027-01-31']],
    ['plans one day twice', ['2026-11-30', '2026-11-30'], '2026-11-23', ['2026-12-30', '2027-01-30']],
  ])('goes on cycle by cycle when it %s', (_what, details, startedOn, expected) => {
    expect(days('월', details, startedOn, expected.length)).toEqual(expected);
  });

  it.each([
    [
      'the 31st, and names a last day',
      ['2027-01-31', '2027-02-28'],
      ['2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31'],
    ],
    [
      'the 31st, and names two',
      ['2027-03-31', '2027-04-30', '2027-05-31'],
      ['2027-04-30', '2027-05-31', '2027-06-30', '2027-07-31'],
    ],
    ['the 30th of January', ['2027-01-30', '2027-02-28'], ['2027-02-28', '2027-03-30', '2027-04-30']],
    ['the 28th on purpose', ['2027-01-31', '2027-02-28', '2027-03-28'], ['2027-02-28', '2027-03-28', '2027-04-28']],
    ['the 25th', ['2027-01-31', '2027-02-25'], ['2027-02-25', '2027-03-25', '2027-04-25']],
  ])('keeps to the day agreed on when it is %s', (_what, details, expected) => {
    expect(days('월', details, details[0] ?? '', expected.length)).toEqual(expected);
  });

  it('counts by the period that is said beside the words of the shop', () => {
    const own = { ...plan('매월 말 (해지 전까지)', '2027-01-31'), every: { count: 2, unit: 'month' as const } };
    expect([1, 2, 3].map((periods) => plannedCharge(own, periods, '2027-01-31').date)).toEqual([
      '2027-03-31',
      '2027-05-31',
      '2027-07-31',
    ]);
    expect(() => plannedCharge(plan('매월 말', '2027-01-31'), 1, '2027-01-31')).toThrow(RangeError);
  });

  it.each([
    [undefined, [true, true, false, false, false]],
    ['never' as const, [true, true, true, true, true]],
    ['after-details' as const, [true, true, false, false, false]],
    ['2027-03-25' as const, [true, true, true, false, false]],
    ['2027-03-24' as const, [true, true, false, false, false]],
  ])('is there until the plan ends: %s', (ends, there) => {
    const months = { ...plan('월', '2026-12-25', '2027-01-25', '2027-02-25'), ...(ends && { ends }) };
    const next = [1, 2, 3, 4, 5].map((periods) => nextCharge(months, periods, '2026-12-25'));
    expect(next.map((charge) => charge !== undefined)).toEqual(there);
    expect(next[0]).toEqual(plannedCharge(months, 1, '2026-12-25'));
  });

  it('goes on when a plan without an end shows the buyer its first payment and its cycle only', () => {
    const shown = plan('월', '2026-12-25');
    expect([1, 2, 3].map((periods) => nextCharge(shown, periods, '2026-12-25')?.date)).toEqual([
      '2027-01-25',
      '2027-02-25',
      '2027-03-25',
    ]);
  });

  it('comes back to the day of the first payment in the last month of four years, whichever of 1,096 days it was', () => {
    for (let n = 0; n < 1_096; n++) {
      const first = new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10);
      const [second = ''] = days('월', [first], first, 1);
      const planned = days('월', [first, second], first, 48);
      expect(planned).toEqual(days('월', [first], first, 48));
    }
  });

  it('always falls on a real day after the one before, whatever the plan says', () => {
    const day = date({ min: new Date('2024-01-01'), max: new Date('2030-12-31'), noInvalidDate: true }).map((at) =>
      at.toISOString().slice(0, 10),
    );
    const plans = record({
      cycle: constantFrom<Cycle>('월', '주', '일', '년'),
      details: array(day, { minLength: 1, maxLength: 6 }),
      startedOn: day,
      periods: integer({ min: 1, max: 60 }),
    });
    assert(
      property(plans, ({ cycle, details, startedOn, periods }) => {
        const all = [startedOn, ...days(cycle, details, startedOn, periods)];
        all.slice(1).forEach((each, index) => {
          expect(each > (all[index] ?? '')).toBe(true);
          expect(new Date(`${each}T00:00:00Z`).toISOString().slice(0, 10)).toBe(each);
        });
      }),
    );
  });

  it('returns to the day of the month it began on', () => {
    assert(
      property(integer({ min: 1, max: 31 }), integer({ min: 1, max: 48 }), (dayOfMonth, periods) => {
        const first = `2027-01-${String(dayOfMonth).padStart(2, '0')}`;
        const [year = 0, month = 0, day = 0] = plannedCharge(plan('월', first), periods, first)
          .date.split('-')
          .map(Number);
        expect(day).toBe(Math.min(dayOfMonth, new Date(Date.UTC(year, month, 0)).getUTCDate()));
      }),
    );
  });
});
