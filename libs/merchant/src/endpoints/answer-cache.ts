import type { Clock } from '@biz/platform';
import { LRUCache } from 'lru-cache';

/** A shop that says more is asked again after an hour. */
const LONGEST_SECONDS = 3_600;
/** Of all merchants together, in characters: answers are 64 KiB at most. */
const ROOM = 8_000_000;
const ENTRIES = 10_000;

/** Answers of shops, for as long as each said so by `Cache-Control: max-age`; without it nothing is kept. */
export class AnswerCache {
  private readonly kept: LRUCache<string, { text: string }>;

  constructor(clock: Clock) {
    this.kept = new LRUCache({
      max: ENTRIES,
      maxSize: ROOM,
      sizeCalculation: ({ text }, key) => text.length + key.length,
      perf: { now: () => clock.now().getTime() },
      ttlResolution: 0,
    });
  }

  get(key: string): string | undefined {
    return this.kept.get(key)?.text;
  }

  keep(key: string, text: string, cacheControl: string | undefined): void {
    const seconds = maxAgeOf(cacheControl);
    if (seconds > 0) this.kept.set(key, { text }, { ttl: seconds * 1_000 });
  }
}

function maxAgeOf(cacheControl = ''): number {
  if (/\bno-(?:store|cache)\b/i.test(cacheControl)) return 0;
  const seconds = Number(/(?:^|[\s,])max-age\s*=\s*(\d{1,9})/i.exec(cacheControl)?.[1] ?? 0);
  return Math.min(seconds, LONGEST_SECONDS);
}
