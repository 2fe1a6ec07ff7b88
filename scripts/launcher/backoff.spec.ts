import { Backoff } from './backoff';

describe('the pauses of an app that ends again and again', () => {
  it('double from one second to a minute, and begin anew once it ran for a minute', () => {
    const backoff = new Backoff();
    expect([0, 0, 0, 0, 0, 0, 0, 59_999].map((ranMs) => backoff.nextSeconds(ranMs))).toEqual([
      1, 2, 4, 8, 16, 32, 60, 60,
    ]);
    expect([60_000, 5].map((ranMs) => backoff.nextSeconds(ranMs))).toEqual([1, 2]);
  });
});
