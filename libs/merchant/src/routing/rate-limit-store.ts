import type { Clock } from '@biz/platform';
import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit';

type Answer = (error: Error | null, count: { current: number; ttl: number }) => void;

interface Window {
  count: number;
  beganAt: number;
}

/**
 * Counters of one limit in the memory of the process; the least recently used is dropped when there are `most`.
 *
 * They go by the injected clock, since the store of the package reads the clock of the machine.
 */
class RateLimitStore implements FastifyRateLimitStore {
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly clock: Clock,
    private readonly most: number,
  ) {}

  incr(key: string, answer: Answer, windowMs: number): void {
    const now = this.clock.now().getTime();
    const open = this.openWindow(key, windowMs, now) ?? { count: 0, beganAt: now };
    open.count++;
    // A map keeps its keys in the order in which they were set.
    this.windows.delete(key);
    this.windows.set(key, open);
    if (this.windows.size > this.most) {
      for (const [oldest] of this.windows) {
        this.windows.delete(oldest);
        break;
      }
    }
    answer(null, { current: open.count, ttl: windowMs - (now - open.beganAt) });
  }

  /** As `incr`, without counting. */
  read(key: string, answer: Answer, windowMs: number): void {
    const now = this.clock.now().getTime();
    const open = this.openWindow(key, windowMs, now);
    answer(null, open ? { current: open.count, ttl: windowMs - (now - open.beganAt) } : { current: 0, ttl: 0 });
  }

  /** Each limit of the package asks for a store of its own. */
  child(): RateLimitStore {
    return new RateLimitStore(this.clock, this.most);
  }

  private openWindow(key: string, windowMs: number, now: number): Window | undefined {
    const window = this.windows.get(key);
    return window && now < window.beganAt + windowMs ? window : undefined;
  }
}

/** The store as the package wants it: a class that it makes itself. */
export const rateLimitStore = (clock: Clock, most: number): FastifyRateLimitStoreCtor =>
  class extends RateLimitStore {
    constructor() {
      super(clock, most);
    }
  };
