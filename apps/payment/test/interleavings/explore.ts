/** A small world in which KakaoPay, our process and chance take turns, and what must hold in it. */
export interface Game<World, Verdict> {
  readonly starts: readonly World[];
  /** Every world that one more event can make of this one, and the event's name. */
  following(world: World): Iterable<[string, World]>;
  /** @returns what is broken, if anything */
  judge(world: World): Broken<Verdict> | undefined;
}

export interface Broken<Verdict> {
  readonly broken: string;
  readonly verdict: Verdict;
}

/** A rule that broke, and how the world came to it. */
export interface Counterexample<Verdict> extends Broken<Verdict> {
  readonly events: string;
}

/**
 * Plays every sequence of so many events, each different world once.
 *
 * @param most so many counterexamples are enough
 * @returns how many worlds were seen, and where the rule broke
 */
export function explore<World, Verdict>(
  game: Game<World, Verdict>,
  events: number,
  most = 1,
): { worlds: number; broken: Counterexample<Verdict>[] } {
  const seen = new Set<string>();
  const broken: Counterexample<Verdict>[] = [];
  let layer = game.starts.map((world) => ({ world, events: [] as string[] }));
  for (let depth = 0; depth <= events; depth++) {
    const next: typeof layer = [];
    for (const at of layer) {
      const found = game.judge(at.world);
      if (found) broken.push({ events: at.events.join(' · '), ...found });
      if (broken.length >= most) return { worlds: seen.size, broken };
      if (depth === events) continue;
      for (const [name, after] of game.following(at.world)) {
        const key = JSON.stringify(after);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push({ world: after, events: [...at.events, name] });
      }
    }
    layer = next;
  }
  return { worlds: seen.size, broken };
}
