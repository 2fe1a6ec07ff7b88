/** A day of the calendar, YYYY-MM-DD: no 31 February, and no slip in the century. */
export function isCalendarDay(text: string): boolean {
  const time = /^(?:20|21)\d\d-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
