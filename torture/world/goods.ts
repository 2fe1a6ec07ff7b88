export type MerchantId = 'counter' | 'workshop';
export const MERCHANT_IDS: readonly MerchantId[] = ['counter', 'workshop'];

/** Won, by the kind of an order sheet. */
export const PRICES: Record<string, number> = {
  coffee: 13_500,
  mug: 12_000,
  bundle: 31_000,
  trial: 0,
  monthly: 9_900,
};

/** What is counted of each kind; the rest is never sold out. */
export const GOODS: Record<string, { sku: string; quantity: number }[]> = {
  mug: [{ sku: 'mug', quantity: 1 }],
  bundle: [
    { sku: 'mug', quantity: 2 },
    { sku: 'card', quantity: 1 },
  ],
};

export const DRAFT_PRICE = 24_000;
export const DRAFT_GOODS = [{ sku: 'shirt', quantity: 1 }];

/** Some of the buyers of a round find a shelf empty. */
export const stockFor = (schedules: number): Record<string, number> => ({
  mug: Math.ceil(schedules / 4),
  card: Math.ceil(schedules / 14),
  shirt: Math.ceil(schedules / 20),
});
