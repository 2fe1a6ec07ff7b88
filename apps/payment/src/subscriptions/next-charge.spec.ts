import { plannedCharge } from './next-charge';

const plan = (billingCycle: '월' | '주' | '일' | '년', ...dates: string[]) => ({
  message: 'm',
  billingCycle,
  details: dates.map((date, n) => ({ date, amount: n * 5_000 })),
});

describe('the next charge of a subscription', () => {
  it('follows the plan, then goes on at the last amount', () => {
    const months = plan('월', '2026-11-25', '2026-12-25', '2027-01-25');
    expect([1, 2, 3, 4].map((periods) => plannedCharge(months, periods))).toEqual([
      { date: '2026-12-25', amount: 5_000 },
      { date: '2027-01-25', amount: 10_000 },
      { date: '2027-02-25', amount: 10_000 },
      { date: '2027-03-25', amount: 10_000 },
    ]);
  });

  it.each([
    ['월', '2027-01-31', ['2027-02-28', '2027-03-31', '2027-04-30']],
    ['월', '2027-12-31', ['2028-01-31', '2028-02-29', '2028-03-31']],
    ['주', '2026-12-28', ['2027-01-04', '2027-01-11', '2027-01-18']],
    ['일', '2028-02-28', ['2028-02-29', '2028-03-01', '2028-03-02']],
    ['년', '2028-02-29', ['2029-02-28', '2030-02-28', '2031-02-28']],
  ] as const)('counts every %s from %s', (cycle, first, expected) => {
    expect([1, 2, 3].map((periods) => plannedCharge(plan(cycle, first), periods).date)).toEqual(expected);
  });
});
