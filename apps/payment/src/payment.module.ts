import { CommerceModule, commerceSchema } from '@biz/commerce';
import { Goods, type MerchantDefinition, merchantSchemas, MerchantsModule } from '@biz/merchant';
import { provideConfig, type AppDefinition } from '@biz/platform';
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { AttemptStart } from './approval/attempt-start';
import { OrderApproval } from './approval/order-approval';
import { PriceAgain } from './approval/price-again';
import { Attempts } from './attempts/attempts';
import { MerchantKakaoPay } from './attempts/merchant-kakaopay';
import { Reconciler } from './attempts/reconciler';
import { Settlement } from './attempts/settlement';
import { Callbacks } from './callbacks/callbacks';
import { CallbacksController } from './callbacks/callbacks.controller';
import { ChargePeriods } from './charges/charge-periods';
import { ChargeLooks } from './charges/charge-looks';
import { Charges } from './charges/charges';
import { DueCharges } from './charges/due-charges';
import { EvidenceLog } from './evidence/evidence-log';
import { OrderCompletion } from './completion/order-completion';
import { UsedKeys } from './idempotency/used-keys';
import { Attention } from './operator/attention';
import { FailedRefunds } from './operator/failed-refunds';
import { OperatorOrdersController } from './operator/operator-orders.controller';
import { OperatorRefundsController } from './operator/operator-refunds.controller';
import { Orders } from './orders/orders';
import { OrdersController } from './orders/orders.controller';
import { PaymentConfig } from './payment.config';
import { paymentSchema } from './payment.schema';
import { DailyComparison } from './reconciliation/daily-comparison';
import { DayComparison } from './reconciliation/day-comparison';
import { Differences } from './reconciliation/differences';
import { DifferencesController } from './reconciliation/differences.controller';
import { FinalLooks } from './reconciliation/final-looks';
import { RefundCompletion } from './refunds/refund-completion';
import { RefundWorker } from './refunds/refund-worker';
import { Refunds } from './refunds/refunds';
import { FoundRefunds } from './review/found-refunds';
import { KakaoPayWord } from './review/kakaopay-word';
import { Review } from './review/review';
import { ReviewController } from './review/review.controller';
import { SettlementView } from './settlements/settlement-view';
import { SettlementsController } from './settlements/settlements.controller';
import { OrderSheets } from './sheets/order-sheets';
import { OrderUrlMaker } from './sheets/order-urls';
import { StockSweep } from './sweep/stock-sweep';
import { StuckWork } from './sweep/stuck-work';
import { Sweep } from './sweep/sweep';
import { SidCalls } from './subscriptions/sid-calls';
import { Subscriptions } from './subscriptions/subscriptions';
import { SubscriptionsController } from './subscriptions/subscriptions.controller';
import { UnusedSids } from './subscriptions/unused-sids';

const DESCRIPTION = `
The one-click payment plugin (원클릭 결제 플러그인, guide 6): T1 order sheet, T2 approve, T3 callback, T4 status.

Every route of Kakao's answers at the guide's own path for the default merchant and below \`/m/{pathKey}\` for any.
Business outcomes are HTTP 200 with the guide's code in \`status\`: 200 성공 · 300 유효하지 않은 주문 · 301 매장 운영시간이 아님 ·
400 유저의 인증 정보가 올바르지 않음 · 401 사용이 제한된 유저 · 500 기타오류. A malformed request is HTTP 400 with the same body.

Payments are approved by durable work after T3; money is in won, times are UTC.
`;

@Module({})
export class PaymentModule {
  static with(merchants: MerchantDefinition[]): DynamicModule {
    return {
      module: PaymentModule,
      imports: [MerchantsModule.for(merchants), CommerceModule.with(merchants)],
      controllers: [
        OrdersController,
        CallbacksController,
        OperatorOrdersController,
        ReviewController,
        OperatorRefundsController,
        SettlementsController,
        DifferencesController,
        SubscriptionsController,
      ],
      providers: [
        provideConfig(PaymentConfig),
        OrderUrlMaker,
        Goods,
        OrderSheets,
        Orders,
        AttemptStart,
        OrderApproval,
        PriceAgain,
        Callbacks,
        MerchantKakaoPay,
        Settlement,
        EvidenceLog,
        Attempts,
        Reconciler,
        OrderCompletion,
        UsedKeys,
        Refunds,
        RefundCompletion,
        RefundWorker,
        FailedRefunds,
        Attention,
        KakaoPayWord,
        FoundRefunds,
        Review,
        SettlementView,
        DayComparison,
        DailyComparison,
        Differences,
        FinalLooks,
        StockSweep,
        StuckWork,
        Sweep,
        SidCalls,
        UnusedSids,
        Subscriptions,
        ChargePeriods,
        ChargeLooks,
        Charges,
        DueCharges,
      ],
    };
  }
}

/** The payment app for these merchants. */
export const paymentApp = (merchants: MerchantDefinition[]): AppDefinition => ({
  name: 'payment',
  title: 'One-click payment (원클릭 결제)',
  description: DESCRIPTION,
  schemas: [...merchantSchemas(merchants), commerceSchema, paymentSchema],
  module: PaymentModule.with(merchants),
});
