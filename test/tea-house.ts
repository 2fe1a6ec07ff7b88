import { Module } from '@nestjs/common';
import { choice, defineMerchant, OrderSheetSource } from '@biz/merchant';
import type { OrderSheet } from '@biz/merchant';

/** Sells under the same ids as Demo Shop, at other prices. */
class TeaSheets extends OrderSheetSource {
  load(orderSheetId: string): Promise<OrderSheet | undefined> {
    return Promise.resolve(
      orderSheetId === 'sheet-coffee'
        ? { lines: [{ name: '밀크티', quantity: 1 }], totalAmount: 4_000, needsShipping: false }
        : undefined,
    );
  }
}

@Module({ providers: [{ provide: OrderSheetSource, useClass: TeaSheets }] })
class TeaHouseModule {}

/** The second merchant of the tests: the open KakaoPay API, its own webhook, one profile plugin. */
export const teaHouse = defineMerchant({
  id: 'tea-house',
  name: '찻집',
  app: { id: '555', environment: 'test' },
  plugins: {
    profile: [{ key: 'member', scopes: ['nickname', 'phone_number'], retainDays: 1 }],
    option: { kind: 'commerce' },
    payment: { api: 'open', cid: 'TC0ONETIME' },
    sync: {},
  },
  catalogue: [
    { id: 'mug', name: '찻잔', kind: 'commerce', price: 7_000, stock: 1, groups: [choice('색상', ['청자', '백자'])] },
  ],
  module: TeaHouseModule,
});
