/** Of a header that came several times the first counts; a date holds a comma too. */
const SECONDS = /^(\d+)(?:\s*,.*)?$/;
/** The three forms of an HTTP date (RFC 9110); the last one does not say its zone, which is GMT. `Date.parse` alone reads much else. */
const DATE = /^[a-z]{3,9},? .*(?:GMT|(\d{4}))$/i;

/** Seconds that a server asks to wait (`Retry-After`: seconds, or an HTTP date); none when it does not say so in a readable way. */
export function retryAfterOf(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? '';
  const [, seconds] = SECONDS.exec(text) ?? [];
  if (seconds !== undefined) return Number(seconds);
  const date = DATE.exec(text);
  const at = date === null ? NaN : Date.parse(date[1] === undefined ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : Math.max(Math.ceil((at - now.getTime()) / 1_000), 0);
}

/**
 * The next try on a schedule: its step, or later when the shop asks for that, but not after the schedule's end.
 *
 * The steps that pass while the shop is waited for are used up, so that the whole takes no longer.
 * @param schedule seconds before each further try
 * @param tries so far
 * @returns nothing when no try is left
 */
export function nextTry(
  schedule: readonly number[],
  tries: number,
  asked = 0,
): { seconds: number; tries: number } | undefined {
  const left = schedule.slice(tries - 1);
  const [step] = left;
  if (step === undefined) return undefined;
  if (asked <= step) return { seconds: step, tries };
  const seconds = Math.min(
    asked,
    left.reduce((sum, each) => sum + each, 0),
  );
  let used = 0;
  for (let passed = 0; passed < seconds; used++) passed += left[used] ?? seconds;
  return { seconds, tries: tries + used - 1 };
}
