import { Arrivals } from '../src/schedule/arrivals';

describe('many callbacks at once', () => {
  beforeEach(() => vi.useFakeTimers({ now: 0 }));
  afterEach(() => vi.useRealTimers());

  /** So many are under way together, and end together, as those that share a commit do. */
  async function arrive(arrivals: Arrivals, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => arrivals.during(() => Promise.resolve())));
  }

  it('are not many up to sixteen', async () => {
    const arrivals = new Arrivals();
    await arrive(arrivals, 16);
    expect(arrivals.many).toBe(false);
  });

  it('stay many for a quarter of a second after they were answered together', async () => {
    const arrivals = new Arrivals();
    await arrive(arrivals, 17);
    expect(arrivals.many).toBe(true);
    vi.advanceTimersByTime(249);
    expect(arrivals.many).toBe(true);
    vi.advanceTimersByTime(1);
    expect(arrivals.many).toBe(false);
  });

  it('are counted down also when one fails', async () => {
    const arrivals = new Arrivals();
    const failing = Array.from({ length: 10 }, () => arrivals.during(() => Promise.reject(new Error('no'))));
    await Promise.allSettled(failing);
    await arrive(arrivals, 10);
    expect(arrivals.many).toBe(false);
  });
});
