/** Seoul has no summer time: its days begin at 15:00 UTC all year. */
const AHEAD_MS = 9 * 3_600_000;
const HOUR_MS = 3_600_000;

/** The day it is in Seoul, YYYY-MM-DD. */
export function kstDay(at: Date): string {
  return new Date(at.getTime() + AHEAD_MS).toISOString().slice(0, 10);
}

/** @param hour of the clock in Seoul, 0 to 23 */
export function atKstHour(day: string, hour: number): Date {
  return new Date(Date.parse(`${day}T00:00:00Z`) - AHEAD_MS + hour * HOUR_MS);
}

export function daysAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 24 * HOUR_MS).toISOString().slice(0, 10);
}
