import { defineMerchant } from '@biz/merchant';

export const SHOP_IDS = ['counter', 'workshop'] as const;
export type ShopId = (typeof SHOP_IDS)[number];

/** The shops whose customers hand something over; both have every plugin. */
export const shops = SHOP_IDS.map((id, at) =>
  defineMerchant({
    id,
    name: '고문 가게',
    app: { id: String(at + 1), environment: 'test' },
    plugins: {
      profile: [{ key: 'delivery', scopes: ['nickname'], purpose: '배송', retainDays: 30 }],
      location: { purpose: '가까운 매장', retainDays: 1 },
      image: [{ key: 'receipt', purpose: '영수증', retainDays: 30 }],
    },
  }),
);
