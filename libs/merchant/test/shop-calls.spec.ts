import { ShopBusy, ShopCalls, ShopLate } from '@biz/merchant';
import { Metrics } from '@biz/platform';
import { times } from '@biz/testing';

describe('calls to merchants', () => {
  let calls: ShopCalls;
  let metrics: Metrics;
  // Time passes only where a test says so: what needs no time ends before the first limit, on any machine.
  beforeEach(() => {
    vi.useFakeTimers();
    metrics = new Metrics();
    calls = new ShopCalls(metrics);
  });
  afterEach(() => vi.useRealTimers());

  const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
  const soon = (): Promise<string> => new Promise((resolve) => setTimeout(resolve, 1, 'here'));
  const never = (): Promise<never> => new Promise(() => undefined);
  const answer = (): Promise<string> => Promise.resolve('here');
  const endOf = (call: Promise<unknown>): Promise<string> =>
    call.then(String, (error: unknown) => (error as Error).name);
  const T1 = 50;

  it('are refused beyond so many at once when they hang, and only for the merchant that has them', async () => {
    const hanging = times(32, () => endOf(calls.call('slow', 'orders', T1, {}, never)));
    const ended: string[] = [];
    const one = endOf(calls.call('slow', 'orders', T1, {}, answer)).then((end) => ended.push(`slow: ${end}`));
    ended.push(`other: ${await endOf(calls.call('other', 'orders', T1, {}, answer))}`);
    // Its order work has places of its own.
    ended.push(`order work: ${await endOf(calls.call('slow', 'fulfilment', T1, {}, answer))}`);
    await pass(T1);
    await one;
    expect(ended).toEqual(['other: here', 'order work: here', 'slow: ShopBusy']);
    expect(new Set(await Promise.all(hanging))).toEqual(new Set(['ShopLate']));
    // It hangs: refused at once.
    expect(await endOf(calls.call('slow', 'orders', T1, {}, answer))).toBe('ShopBusy');
  });

  it('of a rush wait a moment for a merchant that answers', async () => {
    // Answered in the order in which they came, each as soon as it was asked.
    const rush = times(60, () => endOf(calls.call('busy', 'orders', T1, {}, () => Promise.resolve('here'))));
    expect(new Set(await Promise.all(rush))).toEqual(new Set(['here']));
  });

  it('go one at a time while a merchant hangs, and all together again once it answers', async () => {
    let free: (value: string) => void = () => undefined;
    const opened = new Promise<string>((resolve) => (free = resolve));
    const late = times(3, () => endOf(calls.call('slow', 'orders', T1, {}, () => opened)));
    await pass(T1);
    expect(await Promise.all(late)).toEqual(times(3, () => 'ShopLate'));
    // The three keep their places until they are over, so nobody is let in.
    expect(await endOf(calls.call('slow', 'orders', T1, {}, answer))).toBe('ShopBusy');
    free('late');
    await pass(0);
    const two = times(2, () => endOf(calls.call('slow', 'orders', T1, {}, soon)));
    await pass(1);
    expect(await Promise.all(two)).toEqual(['here', 'ShopBusy']);
    const all = times(32, () => endOf(calls.call('slow', 'orders', T1, {}, soon)));
    await pass(1);
    expect(new Set(await Promise.all(all))).toEqual(new Set(['here']));
  });

  it('that throw, at once or later, are errors of that call only', async () => {
    const throwing = (): Promise<string> => {
      throw new TypeError('before the first await');
    };
    for (let call = 0; call < 50; call++)
      expect(await endOf(calls.call('broken', 'orders', T1, {}, throwing))).toBe('TypeError');
    expect(await endOf(calls.call('broken', 'orders', T1, {}, answer))).toBe('here');
  });

  it('of workers wait a moment for their turn: a burst of a merchant that is well is not sent away', async () => {
    const burst = times(20, () => endOf(calls.call('busy', 'events', T1, {}, () => Promise.resolve('here'))));
    expect(new Set(await Promise.all(burst))).toEqual(new Set(['here']));
  });

  it('of workers come again soon, and later to a merchant that hangs', async () => {
    const hanging = times(16, () => calls.job('slow', 'events', 500, {}, never).catch(() => undefined));
    const waited = calls.job('slow', 'events', 500, {}, answer).catch((error: unknown) => error);
    await pass(250);
    expect(await waited).toMatchObject({ name: 'NotNow', afterSeconds: 1 });
    await pass(250);
    await Promise.all(hanging);
    await expect(calls.job('slow', 'events', 500, {}, answer)).rejects.toMatchObject({
      name: 'NotNow',
      afterSeconds: 30,
    });
  });

  it('are counted by how they ended', async () => {
    await calls.call('shop', 'orders', T1, {}, answer);
    const late = times(3, () => calls.call('shop', 'orders', T1, {}, never).catch((error: unknown) => error));
    await pass(T1);
    for (const error of await Promise.all(late)) expect(error).toBeInstanceOf(ShopLate);
    await expect(calls.call('shop', 'orders', T1, {}, answer)).rejects.toBeInstanceOf(ShopBusy);
    const text = await metrics.registry.metrics();
    expect(text).toContain('shop_calls_total{merchant="shop",lane="orders",outcome="late"} 3');
    expect(text).toContain('shop_calls_total{merchant="shop",lane="orders",outcome="refused"} 1');
  });
});
