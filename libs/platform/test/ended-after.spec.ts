import { endedAfter } from '@biz/platform';

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
