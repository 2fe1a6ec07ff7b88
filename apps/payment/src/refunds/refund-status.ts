interface RefundStateRule {
  readonly final: boolean;
  readonly next: readonly RefundState[];
}

export type RefundState = 'requested' | 'sending' | 'done' | 'failed';

/** Why money goes back. */
export type RefundCause = 'operator' | 'surplus' | 'fulfilment-refused';

/** `requested` stored · `sending` the cancel call was decided on · `done` KakaoPay gave the money back · `failed` a person decides. */
export const REFUND_STATES: Record<RefundState, RefundStateRule> = {
  requested: { final: false, next: ['sending', 'failed'] },
  sending: { final: false, next: ['done', 'failed'] },
  done: { final: true, next: [] },
  failed: { final: true, next: [] },
};
