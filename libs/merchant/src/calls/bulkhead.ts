/** How many calls to one merchant may be under way, how many more may wait for their turn, and how long. */
export interface Bounds {
  atOnce: number;
  waiting: number;
  waitMs: number;
}

/** So many calls in a row without an answer in time, and the merchant counts as hanging. */
const HANGS_AFTER = 3;

/**
 * The places for calls to one merchant.
 *
 * A merchant that hangs keeps one place, by which its recovery is seen; one answer in time gives it all of them again.
 */
export class Bulkhead {
  private running = 0;
  private lateInRow = 0;
  private readonly waiting: ((mayEnter: boolean) => void)[] = [];

  constructor(private readonly bounds: Bounds) {}

  get hangs(): boolean {
    return this.lateInRow >= HANGS_AFTER;
  }

  /** @returns whether there was a place; whoever has one calls `leave` once. */
  enter(): boolean | Promise<boolean> {
    if (this.running < (this.hangs ? 1 : this.bounds.atOnce)) {
      this.running++;
      return true;
    }
    if (this.hangs || this.waiting.length >= this.bounds.waiting) return false;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(decide), 1);
        resolve(false);
      }, this.bounds.waitMs);
      const decide = (mayEnter: boolean): void => {
        clearTimeout(timer);
        resolve(mayEnter);
      };
      this.waiting.push(decide);
    });
  }

  leave(): void {
    const next = this.hangs ? undefined : this.waiting.shift();
    if (next) next(true);
    else this.running--;
  }

  answered(): void {
    this.lateInRow = 0;
  }

  /** Nobody waits for a merchant that hangs. */
  late(): void {
    this.lateInRow++;
    if (this.hangs) for (const decide of this.waiting.splice(0)) decide(false);
  }
}
