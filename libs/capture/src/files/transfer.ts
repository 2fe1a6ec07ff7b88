/** Within any ten seconds … */
const WINDOW_MS = 10_000;
/** … a download brings so many bytes at least (8 KB/s), or it is ended and tried again later. */
const LEAST_IN_WINDOW = 80 * 1024;
/** After its first second, a download below so many bytes a second on average is slow, … */
const PROMPT_BYTES_PER_SECOND = 256 * 1024;
const FIRST_MS = 1_000;
/** … and so is one that takes longer than this, however fast it is. */
const PROMPT_MS = 10_000;
/** Our own store may keep a download waiting for so long. */
const STORE_MS = 100_000;
/** Below so many bytes a second, a slow download is ended when another one needs its room. */
const WORTH_KEEPING_BYTES_PER_SECOND = 64 * 1024;
/** With more than this between two checks, the process stood still, and not the server. */
const STANDSTILL_MS = 2_000;

/** `stalled` ends a download; `slow` moves it out of the places that others wait for. */
export type Pace = 'prompt' | 'slow' | 'stalled';

/**
 * What one download has brought so far, and whether that is enough.
 *
 * The time a download may take follows from it: there is no limit for the whole file but the end of its address. All times
 * are milliseconds of one clock that runs evenly.
 */
export class Transfer {
  received = 0;
  /** True while the server need not send: our store is behind, or all has come. */
  isStoring: () => boolean = () => false;
  /** What had come at each check of the last ten seconds, and at the last one before. */
  private checks: { at: number; received: number }[];
  private checkedAt: number;
  private storingSince?: number;

  constructor(
    readonly startedAt: number,
    /** Ends the download, which is tried again later. */
    readonly end: () => void = () => undefined,
  ) {
    this.checkedAt = startedAt;
    this.checks = [{ at: startedAt, received: 0 }];
  }

  check(now: number): Pace {
    const stoodStill = now - this.checkedAt > STANDSTILL_MS;
    this.checkedAt = now;
    const isStoring = this.isStoring();
    this.storingSince = isStoring ? (this.storingSince ?? now) : undefined;
    if (isStoring || stoodStill) this.checks = [];
    this.checks.push({ at: now, received: this.received });
    if (this.storingSince === undefined ? !this.hasMoved(now) : now - this.storingSince > STORE_MS) return 'stalled';
    const took = now - this.startedAt;
    if (took > PROMPT_MS) return 'slow';
    const isPrompt = isStoring || took <= FIRST_MS + (this.received / PROMPT_BYTES_PER_SECOND) * 1_000;
    return isPrompt ? 'prompt' : 'slow';
  }

  isWorthKeeping(now: number): boolean {
    return this.isStoring() || this.received * 1_000 >= WORTH_KEEPING_BYTES_PER_SECOND * (now - this.startedAt);
  }

  /** Whether the last ten seconds brought enough; true before ten seconds have been seen. */
  private hasMoved(now: number): boolean {
    const since = now - WINDOW_MS;
    while ((this.checks[1]?.at ?? Infinity) <= since) this.checks.shift();
    const [first] = this.checks;
    return !first || first.at > since || this.received - first.received >= LEAST_IN_WINDOW;
  }
}
