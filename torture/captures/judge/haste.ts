import type { FilePlan, Played } from '../plan';
import type { Ask } from '../world/kakao';
import type { Calm } from './calm';

/** So long without a try of something that waits needs a reason. */
const GAP_MS = 4_000;
/** Around a try nobody is expected to be asked for. */
const EDGE_MS = 1_000;

const ANSWERS = new Set(['data', 'refused', 'garbage', 'unavailable']);

/**
 * Knows whom Kakao was asked for, and so tells an app that forgot somebody from one that had its hands full.
 *
 * Whatever ends first comes first: as long as only more urgent ones are asked for, and that all the time, nobody is
 * forgotten. The machine is too slow for what was drawn, then.
 */
export class Haste {
  private readonly endsAt: ReadonlyMap<string, number>;

  constructor(
    private readonly asks: readonly Ask[],
    played: readonly Played[],
  ) {
    this.endsAt = new Map(played.map(({ plan, endsAt }) => [plan.token, endsAt]));
  }

  /** What Kakao said to whoever asked for an OTP, or for one of its files, and how long before its end. */
  talksOf(token: string, file?: number): string {
    const endsAt = this.endsAt.get(token) ?? 0;
    const talks = this.of(token, file);
    return talks.map(({ at, said }) => `${said} at ${((at - endsAt) / 1000).toFixed(1)} s`).join(', ') || 'never asked';
  }

  /** When an OTP was answered in full, whatever the answer was. */
  answersOf(token: string): number[] {
    return this.of(token).flatMap(({ at, said }) => (ANSWERS.has(said) ? [at] : []));
  }

  /** Whether Kakao refused the address because it had ended. */
  wasOver(token: string, file?: number): boolean {
    return this.of(token, file).some(({ said }) => said === 'over');
  }

  /** Whether Kakao would never have handed over any of these files, and said so. */
  allRefused(token: string, files: readonly FilePlan[]): boolean {
    return files.every(({ outcome }, at) => outcome === 'refused' || this.wasOver(token, at));
  }

  /** Whether a file is missing for good reason, although there was this time. */
  excused(token: string, at: number, { outcome }: FilePlan, time: Calm): boolean {
    return outcome === 'refused' || this.handsFull(token, at, time);
  }

  /** Whether between these two times a file waited only for others that had less time left. */
  handsFull(token: string, file: number, [from, to]: Calm): boolean {
    const endsAt = this.endsAt.get(token) ?? 0;
    const mine = this.of(token, file).map(({ at }) => at);
    const times = [from, ...mine.filter((at) => at > from && at < to), to];
    const gaps = times.slice(1).map((end, at): Calm => [times[at] ?? from, end]);
    const long = gaps.filter(([begin, end]) => end - begin > GAP_MS);
    return long.length > 0 && long.every(([begin, end]) => this.busy(token, endsAt, begin + EDGE_MS, end - EDGE_MS));
  }

  private of(token: string, file?: number): Ask[] {
    return this.asks.filter((ask) => ask.token === token && ask.file === file);
  }

  /** In each second files are asked for, and none that has more time left than this one. */
  private busy(token: string, endsAt: number, from: number, to: number): boolean {
    const meanwhile = this.asks.filter(({ file, at }) => file !== undefined && at >= from && at <= to);
    const isUrgent = ({ token: other }: Ask): boolean =>
      other === token || (this.endsAt.get(other) ?? 0) <= endsAt + EDGE_MS;
    const seconds = new Set(meanwhile.map(({ at }) => Math.floor((at - from) / 1_000)));
    return meanwhile.every(isUrgent) && seconds.size >= Math.floor((to - from) / 1_000);
  }
}
