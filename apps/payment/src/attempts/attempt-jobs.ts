import { defineJob, ofOneMerchant } from '@biz/platform';

/** Seconds before each repeat of an approval that KakaoPay did not settle; the reconciler goes on after the last. */
const APPROVE_AFTER = [1, 2, 5, 10, 30, 60, 120, 300];

/** A token came: approve the order's newest attempt with it. */
export const APPROVE = defineJob<{ orderId: string; merchant: string }>({
  name: 'payment.approve',
  schedule: APPROVE_AFTER,
  concurrency: 16,
  share: ofOneMerchant(6),
});
