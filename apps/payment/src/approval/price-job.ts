import { defineJob, ofOneMerchant } from '@biz/platform';

/** Asks the shop what an order costs at the address it is sent to; seconds before each repeat. */
export const PRICE = defineJob<{ attemptId: string; merchant: string }>({
  name: 'payment.price',
  schedule: [1, 2, 5, 10, 30, 60, 120, 300],
  concurrency: 8,
  share: ofOneMerchant(3),
});
