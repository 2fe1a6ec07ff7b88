import { endedAfter, withTimeout } from '@biz/platform';

/** Work that goes on until it is ended. */
const endless = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });

describe('work that is ended after a time', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('fails with a TimeoutError when the time is over', async () => {
    const ended = expect(endedAfter(5_000, endless)).rejects.toMatchObject({ name: 'TimeoutError' });
    vi.advanceTimersByTime(4_999);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1);
    await ended;
  });

  it('fails as soon as somebody else ends it', async () => {
    const ending = new AbortController();
    const ended = expect(endedAfter(5_000, endless, ending)).rejects.toThrow('enough');
    ending.abort(new Error('enough'));
    await ended;
  });

  it('leaves no timer behind that would keep it in memory, whether it is done or fails', async () => {
    await expect(endedAfter(600_000, () => Promise.resolve('done'))).resolves.toBe('done');
    await expect(endedAfter(600_000, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('withTimeout', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => vi.useRealTimers());
  const late = (): Error => new RangeError('too late');

  it('answers what the work answers, or throws what it throws', async () => {
    await expect(withTimeout(Promise.resolve('done'), 600_000, late)).resolves.toBe('done');
    await expect(withTimeout(Promise.reject(new Error('no')), 600_000, late)).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('throws what its caller makes when the time is over, and hears the work no more', async () => {
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const ended = expect(withTimeout(work, 5_000, late)).rejects.toThrow(RangeError);
    vi.advanceTimersByTime(5_000);
    await ended;
    // Not an unhandled rejection, which would end the process.
    fail(new Error('later'));
    await new Promise(setImmediate);
  });
});
