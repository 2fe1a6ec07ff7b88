/** What a server may reach before it was ever measured. */
const FIRST_GUESS = 25_000;
const MARGIN = 1.6;

/** How many requests a round may need when each can be sent once only. */
export const enoughFor = (seconds: number, fastest: number | undefined): number =>
  Math.ceil((fastest === undefined ? FIRST_GUESS : Math.max(2_000, fastest * MARGIN)) * seconds);
