import { defineJob } from '@biz/platform';

/**
 * Seconds before each look at an attempt that is not final, counted from T2. A tid lives about 900 s, so the later
 * steps are for a KakaoPay that does not answer; past the last a person is shown the order.
 */
export const RECONCILE_AFTER = [5, 10, 30, 60, 120, 180, 300, 300, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800];

/** Seconds before each repeat of an approval that KakaoPay did not settle; the reconciler goes on after the last. */
const APPROVE_AFTER = [1, 2, 5, 10, 30, 60, 120, 300];

/** A token came: approve the order's newest attempt with it. */
export const APPROVE = defineJob<{ orderId: string }>({
  name: 'payment.approve',
  schedule: APPROVE_AFTER,
  concurrency: 8,
});

/** Asks KakaoPay about one attempt until it is final; there is no payment webhook. */
export const RECONCILE = defineJob<{ attemptId: string }>({
  name: 'payment.reconcile',
  schedule: RECONCILE_AFTER.slice(1),
  concurrency: 8,
});
