import type { Evidence } from './evidence';
import { type Broken, sum } from './verdict';

const KEEPS: Record<string, readonly string[]> = {
  paid: ['committed'],
  // Nobody asked for a refund that leaves the goods away.
  cancelled: ['released', 'returned'],
  failed: ['released'],
  open: ['released'],
  review: ['held'],
};

/** Stock adds up, and each order holds what its state says. */
export function goods({ stock, reservations, orders, initial, drafts }: Evidence): Broken[] {
  const broken: Broken[] = [];
  for (const { merchant, sku, onHand, reserved } of stock) {
    const pieces = (state: string): number =>
      sum(
        reservations
          .filter((each) => each.merchant === merchant && each.state === state)
          .flatMap(({ lines }) => lines.filter((line) => line.sku === sku).map(({ quantity }) => quantity)),
      );
    const [sold, held, begin] = [pieces('committed'), pieces('held'), initial[sku] ?? 0];
    const complain = (what: string): void => void broken.push({ rule: 'stock', what: `${merchant} ${sku}: ${what}` });
    if (onHand + sold !== begin) complain(`${onHand} on hand and ${sold} sold of ${begin}`);
    if (reserved !== held) complain(`${reserved} reserved, ${held} held by orders`);
  }
  const ofOrder = new Map(reservations.map((each) => [each.order, each.state]));
  for (const { id, state, lines } of orders) {
    if (lines.length === 0) continue;
    const keeps = ofOrder.get(id);
    const allowed = KEEPS[state] ?? ['held'];
    const none = keeps === undefined && state !== 'paid' && state !== 'review';
    if (!none && !allowed.includes(keeps ?? '')) {
      broken.push({ rule: 'stock', order: id, what: `is ${state}, and its goods are ${keeps ?? 'nobody’s'}` });
    }
  }
  for (const draft of drafts) {
    const paying = orders.filter(({ draft: id, state }) => id === draft.id && state === 'paid');
    if (paying.length > 1) {
      broken.push({
        rule: 'drafts',
        what: `${paying.length} orders paid draft ${draft.id}`,
        order: paying[0]?.id ?? '',
      });
    }
    for (const { id } of paying) {
      if (draft.order !== id) broken.push({ rule: 'drafts', what: 'paid a draft that does not know it', order: id });
    }
  }
  return broken;
}
