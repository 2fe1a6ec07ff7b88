import type { Attempt } from './attempt.entity';

/**
 * Seconds from the end of a payment without money to the moment at which KakaoPay is asked about it once more. By then no
 * answer of it lags, and its records are there yet.
 */
export const COMPARED_AFTER = 86_400;
/** Seconds before each further try, when KakaoPay does not answer; after the last a person sees it. */
export const COMPARED_AGAIN_AFTER = [3_600, 21_600, 86_400, 259_200];

/** Columns of an attempt that ends without money. One that KakaoPay was never asked for has nothing to ask about. */
export const comparedLater = ({ tid, calls }: Pick<Attempt, 'tid' | 'calls'>, at: Date, scale: number) => ({
  compare_at: tid === null && calls === 0 ? null : new Date(at.getTime() + COMPARED_AFTER * 1000 * scale),
  compares: 0,
});
