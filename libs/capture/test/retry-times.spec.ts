import { readConfig, RuntimeConfig } from '@biz/platform';
import { ManualClock, times } from '@biz/testing';
import { RetryTimes } from '../src/schedule/retry-times';

describe('the next try', () => {
  const clock = new ManualClock();
  const now = clock.now().getTime();
  const retry = new RetryTimes(clock, readConfig(RuntimeConfig, {}));
  const after = (seconds: number): Date => new Date(now + seconds * 1000);
  const secondsTo = (at: Date): number => (at.getTime() - now) / 1000;

  it.each([
    [1, 1],
    [2, 2],
    [3, 4],
    [4, 8],
    [5, 15],
    [6, 30],
    [7, 60],
    [100, 60],
  ])('after %d comes in %d seconds, a fifth earlier or later, and rarely at the same moment', (tries, seconds) => {
    const waits = times(200, () => secondsTo(retry.next(tries, after(600))));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(seconds * 0.8 - 0.001);
    expect(Math.max(...waits)).toBeLessThanOrEqual(seconds * 1.2);
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(seconds * 0.2);
  });

  it('that would be too late comes five seconds before the deadline, and the end at it', () => {
    expect(secondsTo(retry.next(7, after(30)))).toBe(25);
    expect(secondsTo(retry.next(7, after(5.001)))).toBeCloseTo(0.001, 3);
    expect(secondsTo(retry.next(7, after(5)))).toBe(5);
    expect(secondsTo(retry.next(1, after(3)))).toBe(3);
  });

  it('of what is held already has no deadline', () => {
    expect(secondsTo(retry.next(9, undefined))).toBeGreaterThan(47);
  });

  it('adds up to no more than twenty in the ten minutes', () => {
    let at = 0;
    let tries = 1;
    while (at < 595) at += Math.max(secondsTo(retry.next(tries++, after(600 - at))), 0.001);
    expect(tries).toBeGreaterThan(12);
    expect(tries).toBeLessThan(22);
  });
});
