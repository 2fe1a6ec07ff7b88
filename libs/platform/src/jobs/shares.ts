import type { Job } from './job';

export interface InGroup {
  group?: { id: string };
}

/** Whose job it is, as the queue counts it. */
export function groupOf<Data extends object>({ share }: Job<Data>, data: Data): InGroup {
  const id = share?.ownerOf(data);
  return id === undefined ? {} : { group: { id } };
}

/**
 * How many jobs of each owner run in this process.
 *
 * The queue counts before it hands out, so workers that ask at the same moment may be given too many together.
 */
export class Shares {
  private readonly running = new Map<string, number>();

  /** @returns what gives the place back, or nothing when the owner has no place left */
  enter(job: Job<object>, data: object): (() => void) | undefined {
    const owner = groupOf(job, data).group?.id;
    if (owner === undefined) return () => undefined;
    const key = `${job.name} ${owner}`;
    const taken = this.running.get(key) ?? 0;
    if (taken >= (job.share?.atOnce ?? 0)) return undefined;
    this.running.set(key, taken + 1);
    return () => {
      const left = (this.running.get(key) ?? 0) - 1;
      if (left > 0) this.running.set(key, left);
      else this.running.delete(key);
    };
  }
}
