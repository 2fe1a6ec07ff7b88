interface AttemptStateRule {
  /** KakaoPay is not asked about it any more. */
  readonly final: boolean;
  readonly next: readonly AttemptState[];
}

export type AttemptState = 'waiting' | 'approving' | 'paid' | 'surplus' | 'refunded' | 'failed' | 'expired' | 'review';

/**
 * Every state of an attempt (tid).
 *
 * `waiting` the buyer authenticates · `approving` an approve call was decided on · `paid` its money is the order's ·
 * `surplus` its money came for an order that cannot take it and is on its way back · `refunded` all of it is back ·
 * `failed`, `expired` no money came, none can; what KakaoPay took all the same is `surplus` · `review` a person decides.
 */
export const ATTEMPT_STATES: Record<AttemptState, AttemptStateRule> = {
  waiting: { final: false, next: ['approving', 'paid', 'surplus', 'refunded', 'failed', 'expired', 'review'] },
  approving: { final: false, next: ['waiting', 'paid', 'surplus', 'refunded', 'failed', 'expired', 'review'] },
  paid: { final: true, next: ['refunded', 'surplus'] },
  surplus: { final: true, next: ['refunded'] },
  refunded: { final: true, next: [] },
  failed: { final: true, next: ['surplus', 'refunded', 'review'] },
  expired: { final: true, next: ['surplus', 'refunded', 'review'] },
  review: { final: true, next: ['paid', 'surplus', 'refunded', 'failed'] },
};
