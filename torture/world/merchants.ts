import {
  type Buyer,
  defineMerchant,
  Fulfilment,
  type OrderSheet,
  OrderSheetSource,
  type PaidOrder,
} from '@biz/merchant';
import { Module } from '@nestjs/common';
import { GOODS, PRICES } from './goods';

const AGREEMENTS = [{ company: '고문 가게', title: '구매조건 확인 및 결제진행 동의' }];

/** Every buyer has a sheet of their own: `mug-17`. Drafts are found without code. */
class TortureSheets extends OrderSheetSource {
  load(orderSheetId: string, _buyer: Buyer): Promise<OrderSheet | undefined> {
    const [kind = '', subject] = orderSheetId.split('-', 2);
    if (subject === undefined || !Object.hasOwn(PRICES, kind)) return Promise.resolve(undefined);
    const goods = GOODS[kind] ?? [];
    return Promise.resolve({
      lines:
        goods.length > 0
          ? goods.map(({ sku, quantity }) => ({ name: sku, quantity, productId: sku, sku }))
          : [{ name: kind, quantity: 1 }],
      totalAmount: PRICES[kind] ?? 0,
      taxFreeAmount: kind === 'coffee' ? 20 : 0,
      needsShipping: kind === 'mug',
      agreements: AGREEMENTS,
      ...(kind === 'trial' || kind === 'monthly' ? { subscription: planFrom(PRICES[kind] ?? 0) } : {}),
    });
  }
}

function planFrom(first: number): OrderSheet['subscription'] {
  return {
    message: '매월 자동 결제',
    billingCycle: '월',
    details: [
      { date: '2099-01-01', amount: first },
      { date: '2099-02-01', amount: 5_000 },
    ],
  };
}

/** The shop's own order work is a call to a server that may be slow, fail, or refuse. */
class TortureFulfilment extends Fulfilment {
  async fulfil(order: PaidOrder): Promise<{ refused: string } | undefined> {
    const path = `fulfil/${order.partnerOrderId}?paid_at=${order.approvedAt.getTime()}`;
    const response = await fetch(`${process.env.TORTURE_SHOP_URL ?? ''}/${path}`, {
      method: 'POST',
      signal: AbortSignal.timeout(2_000),
    });
    if (!response.ok) throw new Error(`the shop answered ${response.status}`);
    const { refused } = (await response.json()) as { refused?: string };
    return refused === undefined ? undefined : { refused };
  }
}

const sheets = { provide: OrderSheetSource, useClass: TortureSheets };

@Module({ providers: [sheets] })
class CounterModule {}

@Module({ providers: [sheets, { provide: Fulfilment, useClass: TortureFulfilment }] })
class WorkshopModule {}

/** Legacy KakaoPay; paid is done. The default merchant. */
export const counter = defineMerchant({
  id: 'counter',
  name: '고문 가게',
  app: { id: '1', environment: 'test' },
  plugins: { payment: { api: 'legacy', cid: 'TC0ONETIME', subscriptionCid: 'TCSUBSCRIP' } },
  module: CounterModule,
});

/** Open KakaoPay, and order work of its own. */
export const workshop = defineMerchant({
  id: 'workshop',
  name: '고문 공방',
  app: { id: '2', environment: 'test' },
  plugins: { payment: { api: 'open', approvalUrl: 'direct', cid: 'TC0ONETIME', subscriptionCid: 'TCSUBSCRIP' } },
  module: WorkshopModule,
});
