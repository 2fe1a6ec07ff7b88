/** Before: what the app asks for never happens. After: it has happened, and the app never hears of it. */
export type Side = 'before' | 'after';

/** A moment at which the process can die: the n-th time that something is asked for or answered. */
export interface Point {
  label: string;
  nth: number;
  side: Side;
}

export const nameOf = ({ label, nth, side }: Point): string => `${side} ${label}${nth > 1 ? ` (${nth})` : ''}`;

/**
 * Everything an app does that somebody else can see: commits and remote calls, told by the proxies around it.
 *
 * Records them, or stops the world at one of them.
 */
export class Steps {
  /** Every step since it was armed; a statement that turned out to change nothing is none. */
  readonly seen: Point[] = [];
  private readonly counts = new Map<string, number>();
  private armed = false;
  private target?: Point;
  private hit: () => void = () => undefined;

  /** @param target where to stop; only records when absent. @returns what settles when the world stops there */
  arm(target?: Point): Promise<void> {
    this.seen.length = 0;
    this.counts.clear();
    this.armed = true;
    this.target = target;
    return new Promise((resolve) => (this.hit = resolve));
  }

  disarm(): void {
    this.armed = false;
  }

  /** @returns false when the world ends here: nothing is passed on any more */
  pass(label: string, side: Side): boolean {
    if (!this.armed) return true;
    const key = `${side} ${label}`;
    const nth = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, nth);
    this.seen.push({ label, nth, side });
    const { target } = this;
    if (target?.label !== label || target.nth !== nth || target.side !== side) return true;
    this.armed = false;
    this.hit();
    return false;
  }
}
