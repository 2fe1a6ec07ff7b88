import type { Clock } from '@biz/platform';

/** So many failures in a row, with no answer between them, … */
const FAILURES = 5;
/** … of so many different subjects: one that alone always fails says nothing about the others. */
const SUBJECTS = 3;
/** Seconds between two probes of a server that is down; the last repeats. */
const PROBE_AFTER = [1, 2, 4, 8];

/** Which of those who wait are tried: what is due, what is due and nearly over, or whoever was tried least. */
export type Which = 'due' | 'urgent' | 'probe';

/**
 * Knows whether a server answers at all, so that its outage costs nobody who waits a try.
 *
 * It refuses nothing: whoever claims work asks it first, claims probes and what is urgent while it is open, and tells
 * it how every call ended.
 */
export class Circuit {
  private readonly failing = new Set<string>();
  private failures = 0;
  private probes = 0;
  private probeAt?: number;
  private probedAt = -Infinity;
  private readonly listeners: ((open: boolean) => void)[] = [];

  /** @param timeScale multiplies the pauses between probes */
  constructor(
    private readonly clock: Clock,
    private readonly timeScale: number,
  ) {}

  /** Called once as an outage begins, and once as it ends. */
  onChange(listener: (open: boolean) => void): void {
    this.listeners.push(listener);
  }

  /** The server is taken to be down. */
  get open(): boolean {
    return this.probeAt !== undefined;
  }

  /** Claims so many at most of those who may be tried now. */
  async admit<Claim>(most: number, take: (which: Which, most: number) => Promise<Claim[]>): Promise<Claim[]> {
    if (!this.open) return take('due', most);
    const urgent = await take('urgent', most);
    return urgent.length < most && this.takeProbe() ? [...urgent, ...(await take('probe', 1))] : urgent;
  }

  /** Whether one of those who wait may be tried now; asking takes that try. */
  takeProbe(): boolean {
    if (this.probeAt === undefined || this.clock.now().getTime() < this.probeAt) return false;
    this.planProbe();
    return true;
  }

  /** There is more to probe with: the next probe comes a second after the last one. */
  probeSoon(): void {
    if (this.probeAt !== undefined)
      this.probeAt = Math.min(this.probeAt, this.probedAt + (PROBE_AFTER[0] ?? 1) * 1000 * this.timeScale);
  }

  answered(): void {
    const ended = this.open;
    this.failing.clear();
    this.failures = 0;
    this.probes = 0;
    this.probeAt = undefined;
    if (ended) this.tell();
  }

  failed(subject: string): void {
    this.failures++;
    if (this.failing.size < SUBJECTS) this.failing.add(subject);
    if (this.open || this.failures < FAILURES || this.failing.size < SUBJECTS) return;
    this.planProbe();
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener(this.open);
  }

  private planProbe(): void {
    this.probedAt = this.clock.now().getTime();
    const seconds = PROBE_AFTER[Math.min(this.probes++, PROBE_AFTER.length - 1)] ?? 1;
    this.probeAt = this.probedAt + seconds * 1000 * this.timeScale;
  }
}
