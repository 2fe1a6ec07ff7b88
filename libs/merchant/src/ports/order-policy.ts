import type { Buyer } from './order-sheet-source';

export const ORDER_PERMISSIONS = ['allowed', 'closed', 'restricted'] as const;
/** `closed`: Kakao is told 301 (매장 운영시간이 아닙니다); `restricted`: 401 (사용이 제한된 유저입니다). */
export type OrderPermission = (typeof ORDER_PERMISSIONS)[number];

/** Who may order when. Without it, everybody at any hour. */
export abstract class OrderPolicy {
  /** Asked when an order is made (T1) and again before it is paid (T2). */
  abstract check(buyer: Buyer): Promise<OrderPermission>;
}
