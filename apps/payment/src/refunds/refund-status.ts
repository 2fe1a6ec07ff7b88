interface RefundStateRule {
  /** Nothing of it is left to do. */
  readonly final: boolean;
  readonly next: readonly RefundState[];
}

export type RefundState = 'requested' | 'sending' | 'done' | 'failed' | 'withdrawn';

/** Why money goes back. */
export type RefundCause = 'operator' | 'surplus' | 'fulfilment-refused' | 'at-kakaopay';

/**
 * Every state of a refund.
 *
 * `requested` stored · `sending` the cancel call was decided on · `done` KakaoPay gave the money back ·
 * `failed` a person decides: ask again, find it done at KakaoPay, or withdraw it · `withdrawn` not wanted any more.
 */
export const REFUND_STATES: Record<RefundState, RefundStateRule> = {
  requested: { final: false, next: ['sending', 'failed'] },
  sending: { final: false, next: ['done', 'failed'] },
  done: { final: true, next: [] },
  failed: { final: false, next: ['requested', 'done', 'withdrawn'] },
  withdrawn: { final: true, next: [] },
};

/** States whose amount does not count as given back or on its way. */
export const NOT_GIVEN_BACK: readonly RefundState[] = ['failed', 'withdrawn'];
export const UNDER_WAY: readonly RefundState[] = ['requested', 'sending'];
