import type { Transfer } from './transfer';

/** So many slow downloads stand aside for each place. */
export const ASIDE_FOR_EACH = 4;

/** Whose file is downloaded. */
export interface Owned {
  id: string;
  merchant: string;
  capture_id: string;
}

interface Aside {
  file: Owned;
  transfer: Transfer;
}

/**
 * The places of downloads.
 *
 * A slow download costs a connection and little else, so it leaves its place to the next file and goes on aside. When
 * there is no room aside either, one that hardly moves is ended: of the merchant, and then of the customer, with the most.
 */
export class Places {
  private readonly aside = new Map<string, Aside>();

  constructor(private readonly total: number) {}

  /** How many more may begin while so many are under way. */
  free(underWay: number): number {
    return Math.max(this.total - (underWay - this.aside.size), 0);
  }

  isAside({ id }: Owned): boolean {
    return this.aside.has(id);
  }

  /**
   * @param othersWait whether one aside may be ended to make room
   * @returns whether the place is free from now on, or soon
   */
  stepAside(file: Owned, transfer: Transfer, now: number, othersWait: boolean): boolean {
    this.aside.set(file.id, { file, transfer });
    if (this.aside.size <= this.total * ASIDE_FOR_EACH) return true;
    const ended = othersWait ? this.leastWorthKeeping(now) : undefined;
    this.aside.delete(ended?.file.id ?? file.id);
    ended?.transfer.end();
    return ended !== undefined;
  }

  finished({ id }: Owned): void {
    this.aside.delete(id);
  }

  private leastWorthKeeping(now: number): Aside | undefined {
    const all = [...this.aside.values()];
    const merchants = countOf(all.map(({ file }) => file.merchant));
    const customers = countOf(all.map(({ file }) => file.capture_id));
    const [first] = all
      .filter(({ transfer }) => !transfer.isWorthKeeping(now))
      .sort(
        (a, b) =>
          (merchants.get(b.file.merchant) ?? 0) - (merchants.get(a.file.merchant) ?? 0) ||
          (customers.get(b.file.capture_id) ?? 0) - (customers.get(a.file.capture_id) ?? 0) ||
          // The oldest may be about to bring something.
          b.transfer.startedAt - a.transfer.startedAt,
      );
    return first;
  }
}

/** How often each stands there. */
export function countOf(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
