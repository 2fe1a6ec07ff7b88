import type { Evidence } from './evidence';
import type { Broken } from './verdict';

/** What began with an order ends with it: a subscription that goes on has a first order that is sold. */
export function subscriptions({ subscriptions: all }: Evidence): Broken[] {
  return all
    .filter(({ state, first }) => state === 'active' && !['paid', 'fulfilling', 'review'].includes(first))
    .map(({ order, first }) => ({ rule: 'subscriptions', order, what: `goes on, and its first order is ${first}` }));
}
