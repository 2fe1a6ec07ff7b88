import type { OrderStatusCode } from '@biz/kakao-dto';

export interface OrderStateRule {
  /** What T4 tells Kakao (OrderStatus Code). */
  readonly shown: OrderStatusCode;
  /** Kakao stops asking; what moves the order from here is a new try of the buyer or an operator. */
  readonly final: boolean;
  /** Stock is held for it. */
  readonly holdsStock: boolean;
  readonly next: readonly OrderState[];
}

export type OrderState = 'open' | 'pending' | 'approving' | 'fulfilling' | 'paid' | 'failed' | 'cancelled' | 'review';

/**
 * Every state of an order, and where it may go.
 *
 * `open` T1 made it · `pending` T2 reserved its stock and knows a tid · `approving` the approve call was decided on ·
 * `fulfilling` paid, the shop's own work is under way · `paid` all done · `failed` may be tried again ·
 * `cancelled` by buyer, operator or a full refund; `open` again only when the buyer left before paying · `review` a person decides.
 */
export const ORDER_STATES: Record<OrderState, OrderStateRule> = {
  open: { shown: 'W', final: false, holdsStock: false, next: ['pending', 'failed', 'cancelled'] },
  pending: {
    shown: 'W',
    final: false,
    holdsStock: true,
    next: ['pending', 'approving', 'fulfilling', 'paid', 'failed', 'cancelled', 'review'],
  },
  approving: {
    shown: 'W',
    final: false,
    holdsStock: true,
    next: ['pending', 'fulfilling', 'paid', 'failed', 'cancelled', 'review'],
  },
  fulfilling: { shown: 'W', final: false, holdsStock: true, next: ['paid', 'failed', 'cancelled', 'review'] },
  paid: { shown: 'S', final: true, holdsStock: false, next: ['cancelled'] },
  failed: { shown: 'F', final: true, holdsStock: false, next: ['open', 'pending', 'cancelled'] },
  cancelled: { shown: 'C', final: true, holdsStock: false, next: ['open'] },
  review: { shown: 'W', final: false, holdsStock: true, next: ['fulfilling', 'paid', 'failed', 'cancelled'] },
};

export const ORDER_STATE_NAMES = Object.keys(ORDER_STATES) as OrderState[];
