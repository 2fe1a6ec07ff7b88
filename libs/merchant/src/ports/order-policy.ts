import type { Buyer, OrderLine } from './order-sheet-source';

export const ORDER_PERMISSIONS = ['allowed', 'closed', 'restricted', 'sold-out'] as const;
/**
 * `closed`: Kakao is told 301 (매장 운영시간이 아닙니다); `restricted`: 401 (사용이 제한된 유저입니다); `sold-out`: 500, and the
 * buyer reads that the goods are sold out (품절).
 */
export type OrderPermission = (typeof ORDER_PERMISSIONS)[number];

/** An order that is about to be paid (T2). */
export interface OrderToPay {
  partnerOrderId: string;
  orderSheetId: string;
  lines: OrderLine[];
  /** Won. */
  totalAmount: number;
}

/** Who may order what, and when. Without it, everybody at any hour, while the platform's own stock lasts. */
export abstract class OrderPolicy {
  /**
   * Asked when an order is made (T1) and again before it is paid (T2), then with the order: a shop with stock of its own
   * sets the goods aside for it, or answers `sold-out`.
   *
   * The same order may be asked about again, at the same time too, so it must be repeatable by `partnerOrderId`. What was
   * set aside is free again with `payment.failed` or `payment.cancelled`, or when nothing was heard for an hour.
   */
  abstract check(buyer: Buyer, order?: OrderToPay): Promise<OrderPermission>;
}
