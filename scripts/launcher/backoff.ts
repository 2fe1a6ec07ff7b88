const FIRST_PAUSE_SECONDS = 1;
const LONGEST_PAUSE_SECONDS = 60;
/** An app that ran for so long and then ended did not end because of how it starts. */
const RAN_WELL_MS = 60_000;

/** How long an app that ended waits for its next start: each pause is twice the last one, until it ran well for a while. */
export class Backoff {
  private pause = 0;

  /** @param ranMs for how long the app ran before it ended */
  nextSeconds(ranMs: number): number {
    if (ranMs >= RAN_WELL_MS) this.pause = 0;
    this.pause = this.pause === 0 ? FIRST_PAUSE_SECONDS : Math.min(2 * this.pause, LONGEST_PAUSE_SECONDS);
    return this.pause;
  }
}
