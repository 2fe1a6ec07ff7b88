import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Compares a text that a caller sent with a secret of ours, in a time that says nothing about either.
 *
 * Digests are compared, so texts of any length and any characters are allowed; a missing text equals nothing.
 */
export function sameSecret(given: string | undefined, expected: string | undefined): boolean {
  // A header may come twice, and a field of a query may be a list, whatever its type says.
  if (typeof given !== 'string' || typeof expected !== 'string') return false;
  return timingSafeEqual(digest(given), digest(expected));
}
