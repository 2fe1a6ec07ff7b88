import type { Window } from '../disturbances';
import type { Evidence } from './evidence';
import type { Broken } from './verdict';

/** What was accepted must be finished, when nothing got in its way. */
const CALM_MS = 2_500;

/**
 * An accepted T3 ends as `S` (or is refunded later), when the buyer tried once and stayed, nobody cancelled, KakaoPay
 * behaved and nothing was killed around it: without this rule an app that never charges anybody would pass.
 */
export function liveness({ stories, orders, history }: Evidence, windows: readonly Window[]): Broken[] {
  const byId = new Map(orders.map((order) => [order.id, order]));
  const paid = new Set(
    history.filter(({ subject, to }) => subject === 'order' && to === 'paid').map(({ order }) => order),
  );
  return stories.flatMap(({ orderId, plan, tried, wished }): Broken[] => {
    const [only, second] = tried;
    if (orderId === undefined || only?.acceptedAt === undefined || only.t2At === undefined || second) return [];
    if (only.plan.leaves ?? (only.faults.length > 0 || wished.length > 0)) return [];
    // The shop may refuse, another may pay the shared draft first.
    if (plan.merchant === 'workshop' || plan.kind === 'shared-draft') return [];
    const { acceptedAt, t2At } = only;
    const disturbed = windows.some(({ from, to }) => from < acceptedAt + CALM_MS && to > t2At - 500);
    if (disturbed || paid.has(orderId)) return [];
    return [
      {
        rule: 'liveness',
        order: orderId,
        what: `T3 was accepted in peace, and the order is ${byId.get(orderId)?.state ?? 'gone'}`,
      },
    ];
  });
}
