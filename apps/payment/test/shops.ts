import {
  type Buyer,
  defineMerchant,
  Fulfilment,
  type OrderPermission,
  OrderPolicy,
  type OrderSheet,
  type OrderToPay,
  OrderSheetSource,
  type PaidOrder,
  type Product,
  ProductSource,
} from '@biz/merchant';
import { Module } from '@nestjs/common';

/** What the shop of the tests sells and does; tests change it. */
export const shop = {
  sheets: {} as Record<string, (buyer: Buyer) => OrderSheet>,
  /** The second shop's own catalogue. */
  products: (_id: string): Promise<Product | undefined> => Promise.resolve(undefined),
  permission: 'allowed' as OrderPermission,
  /** What it says of an order that is about to be paid, instead. */
  policy: undefined as ((order: OrderToPay, buyer: Buyer) => OrderPermission) | undefined,
  fulfil: (_order: PaidOrder): Promise<{ refused: string } | undefined> => Promise.resolve(undefined),
  /** What the third shop does with an order sheet, its policy and its order work, before it answers. */
  third: (_what: 'sheet' | 'policy' | 'fulfilment', _given: object): Promise<void> => Promise.resolve(),
};

const agreements = [{ company: '데모샵', title: '구매조건 확인 및 결제진행 동의' }];

export function resetShop(): void {
  shop.permission = 'allowed';
  shop.policy = undefined;
  shop.products = () => Promise.resolve(undefined);
  shop.fulfil = () => Promise.resolve(undefined);
  shop.third = () => Promise.resolve();
  shop.sheets = {
    coffee: () => ({
      lines: [
        { name: '아이스 아메리카노', quantity: 1 },
        { name: '치즈 케이크', quantity: 2 },
      ],
      totalAmount: 13_500,
      taxFreeAmount: 20,
      itemCode: '345dsf345',
      needsShipping: false,
      agreements,
      productUrls: ['https://store.kakao.com/etah/products/15884890'],
    }),
    mug: ({ zipCode }) => ({
      lines: [{ name: '머그', quantity: 1, productId: 'mug' }],
      totalAmount: zipCode?.startsWith('63') ? 15_000 : 12_000,
      ...(zipCode !== undefined && { shippingAmount: zipCode.startsWith('63') ? 6_000 : 3_000 }),
      needsShipping: true,
    }),
    subscription: () => ({
      lines: [{ name: '정기 이용권', quantity: 1 }],
      totalAmount: 0,
      needsShipping: false,
      agreements,
      subscription: {
        message: '첫달만 무료',
        billingCycle: '월',
        details: [
          { date: '2099-11-23', amount: 0 },
          { date: '2099-12-23', amount: 5_000 },
        ],
      },
    }),
  };
}

class TestSheets extends OrderSheetSource {
  load(orderSheetId: string, buyer: Buyer): Promise<OrderSheet | undefined> {
    // Each test has sheets of its own: coffee-1, coffee-2 …
    return Promise.resolve(shop.sheets[orderSheetId.split('-')[0] ?? '']?.(buyer));
  }
}

class TestProducts extends ProductSource {
  load(productId: string): Promise<Product | undefined> {
    return shop.products(productId);
  }
}

class TestPolicy extends OrderPolicy {
  check(buyer: Buyer, order?: OrderToPay): Promise<OrderPermission> {
    return Promise.resolve((order && shop.policy?.(order, buyer)) ?? shop.permission);
  }
}

class TestFulfilment extends Fulfilment {
  fulfil(order: PaidOrder): Promise<{ refused: string } | undefined> {
    return shop.fulfil(order);
  }
}

class ThirdSheets extends TestSheets {
  override async load(orderSheetId: string, buyer: Buyer): Promise<OrderSheet | undefined> {
    await shop.third('sheet', buyer);
    return super.load(orderSheetId, buyer);
  }
}

class ThirdPolicy extends OrderPolicy {
  async check(buyer: Buyer): Promise<OrderPermission> {
    await shop.third('policy', buyer);
    return 'allowed';
  }
}

class ThirdFulfilment extends Fulfilment {
  async fulfil(order: PaidOrder): Promise<undefined> {
    await shop.third('fulfilment', order);
  }
}

const sheetsAndPolicy = [
  { provide: OrderSheetSource, useClass: TestSheets },
  { provide: OrderPolicy, useClass: TestPolicy },
];

@Module({ providers: sheetsAndPolicy })
class FirstShopModule {}

@Module({
  providers: [
    ...sheetsAndPolicy,
    { provide: Fulfilment, useClass: TestFulfilment },
    { provide: ProductSource, useClass: TestProducts },
  ],
})
class SecondShopModule {}

@Module({
  providers: [
    { provide: OrderSheetSource, useClass: ThirdSheets },
    { provide: OrderPolicy, useClass: ThirdPolicy },
    { provide: Fulfilment, useClass: ThirdFulfilment },
  ],
})
class ThirdShopModule {}

/** The default merchant: legacy KakaoPay, paid is done. */
export const first = defineMerchant({
  id: 'first',
  name: '첫 가게',
  app: { id: '1', environment: 'test' },
  plugins: { payment: { api: 'legacy', cid: 'TC0ONETIME', subscriptionCid: 'TCSUBSCRIP' } },
  module: FirstShopModule,
});

/** Open KakaoPay, direct approval_url, order work and products of its own. */
export const second = defineMerchant({
  id: 'second',
  name: '둘째 가게',
  app: { id: '2', environment: 'test' },
  plugins: { payment: { api: 'open', approvalUrl: 'direct', cid: 'TC0ONETIME', subscriptionCid: 'TCSUBSCRIP' } },
  module: SecondShopModule,
});

/** Its code throws and hangs. */
export const third = defineMerchant({
  id: 'third',
  name: '셋째 가게',
  app: { id: '3', environment: 'test' },
  plugins: { payment: { api: 'open', approvalUrl: 'direct', cid: 'TC0ONETIME', subscriptionCid: 'TCSUBSCRIP' } },
  module: ThirdShopModule,
});
