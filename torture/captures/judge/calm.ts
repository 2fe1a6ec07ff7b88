import type { Window } from '../../disturbances';
import type { Plan } from '../plan';

/** So long without a disturbance is time enough for whatever waits. */
export const CALM_MS = 10_000;

/** A time without a disturbance. */
export type Calm = readonly [from: number, to: number];

/** Whether what went wrong could keep captures of this kind from coming to their end. */
function touches({ what, of }: Window, kind: Plan['kind']): boolean {
  switch (what) {
    // Whoever is told of a capture has no part in it.
    case 'shop':
      return false;
    case 'store':
      return kind === 'image';
    default:
      return of === undefined || of === kind;
  }
}

/** The last undisturbed time that was long enough. */
export function calmOf(
  kind: Plan['kind'],
  begin: number,
  endsAt: number,
  windows: readonly Window[],
): Calm | undefined {
  let from = begin;
  let found: Calm | undefined;
  const end: Window = { what: 'end', from: endsAt, to: Infinity };
  const mine = windows.filter((window) => touches(window, kind));
  for (const window of [...mine, end].sort((one, other) => one.from - other.from)) {
    const to = Math.min(window.from, endsAt);
    if (to - from >= CALM_MS) found = [from, to];
    from = Math.max(from, window.to);
  }
  return found;
}
