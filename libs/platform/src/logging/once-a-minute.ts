import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock';

const MINUTE_MS = 60_000;
/** Callers can be invented: the subject told longest ago is forgotten. */
const MAX_SUBJECTS = 10_000;

/** What thousands of calls a minute would say is logged once. */
export class OnceAMinute {
  private readonly toldAt = new LRUCache<string, number>({ max: MAX_SUBJECTS });

  constructor(private readonly clock: Clock) {}

  /** @returns whether the subject is to be told now; then not again for a minute */
  isDue(subject: string): boolean {
    const now = this.clock.now().getTime();
    const isDue = now - (this.toldAt.get(subject) ?? -Infinity) >= MINUTE_MS;
    if (isDue) this.toldAt.set(subject, now);
    return isDue;
  }
}
