/**
 * What a status of KakaoPay's `order` answer says about the money.
 *
 * - `wait`: the buyer is still on the payment screen
 * - `authenticated`: waits for our approve
 * - `paid`: money was taken, if ids and amounts are the order's
 * - `sid-issued`: a subscription key without money; paid only when the order's amount is 0
 * - `cancelled`: the money, or a part of it, went back
 * - `failed`: no money, and none can come with this tid
 */
export type StatusMeaning = 'wait' | 'authenticated' | 'paid' | 'sid-issued' | 'cancelled' | 'failed';

const MEANINGS = {
  READY: 'wait',
  SEND_TMS: 'wait',
  OPEN_PAYMENT: 'wait',
  SELECT_METHOD: 'wait',
  ARS_WAITING: 'wait',
  AUTH_PASSWORD: 'authenticated',
  ISSUED_SID: 'sid-issued',
  SUCCESS_PAYMENT: 'paid',
  PART_CANCEL_PAYMENT: 'cancelled',
  CANCEL_PAYMENT: 'cancelled',
  FAIL_AUTH_PASSWORD: 'failed',
  QUIT_PAYMENT: 'failed',
  FAIL_PAYMENT: 'failed',
} as const satisfies Record<string, StatusMeaning>;

/** The statuses KakaoPay documents. Others occur (`ZID_CERTIFICATE` was met in production). */
export type PaymentStatus = keyof typeof MEANINGS;

/** Won given back of a payment, or `undefined` when KakaoPay did not say; a status without a cancellation says that it is nothing. */
export function cancelledOf({
  status,
  cancelledAmount,
}: {
  status: string;
  cancelledAmount?: number;
}): number | undefined {
  if (cancelledAmount !== undefined) return cancelledAmount;
  const meaning = meaningOf(status);
  return meaning === 'cancelled' || meaning === 'unknown' ? undefined : 0;
}

/** @returns `unknown` for a status no document names: wait, and past the tid's life show a person. */
export function meaningOf(status: string): StatusMeaning | 'unknown' {
  return Object.hasOwn(MEANINGS, status) ? MEANINGS[status as PaymentStatus] : 'unknown';
}
