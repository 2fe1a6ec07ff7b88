interface SubscriptionStateRule {
  readonly final: boolean;
  readonly next: readonly SubscriptionState[];
}

export type SubscriptionState = 'active' | 'ending' | 'ended';

/** `ending`: decided here, KakaoPay has not confirmed yet; nothing is charged any more. */
export const SUBSCRIPTION_STATES: Record<SubscriptionState, SubscriptionStateRule> = {
  active: { final: false, next: ['ending', 'ended'] },
  ending: { final: false, next: ['ended'] },
  ended: { final: true, next: [] },
};

export const SUBSCRIPTION_STATE_NAMES = Object.keys(SUBSCRIPTION_STATES) as SubscriptionState[];
