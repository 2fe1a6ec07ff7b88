import { endOfPlan } from '@biz/merchant';
import { OperatorBody, pageDto, PageQuery } from '@biz/platform';
import { FreeText } from '@biz/privacy';
import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';
import { HistoryDto } from '../operator/operator-orders.dto';
import type { HistoryEntry } from '../history/history.entity';
import { ORDER_STATE_NAMES, type OrderState } from '../orders/order-status';
import type { Order } from '../orders/order.entity';
import { SUBSCRIPTION_STATE_NAMES, type SubscriptionState } from './subscription-status';
import type { Subscription } from './subscription.entity';

export class SubscriptionsQuery extends PageQuery {
  /** Only subscriptions in this state */
  @ApiProperty({ enum: SUBSCRIPTION_STATE_NAMES, enumName: 'SubscriptionState', required: false })
  @IsOptional()
  @IsIn(SUBSCRIPTION_STATE_NAMES)
  state?: SubscriptionState;
}

@OperatorBody()
export class EndSubscriptionRequest {
  /**
   * Why, as history and shop are told
   * @example 고객 요청
   */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  @FreeText()
  reason?: string;
}

/** A standing consent to be charged (정기결제). */
export class SubscriptionDto {
  /** Id of the subscription */
  id: string;

  /** Id of the merchant */
  merchant: string;

  /** active; ending: nothing is charged any more, KakaoPay has not confirmed yet; ended */
  @ApiProperty({ enum: SUBSCRIPTION_STATE_NAMES, enumName: 'SubscriptionState' })
  state: SubscriptionState;

  /** The order of the first payment */
  partnerOrderId: string;

  /** 카카오의 AppUserId */
  appUserId: string;

  /** The relay id (용도 ID) of the first payment */
  relayId?: string;

  /** 상품명 */
  itemName: string;

  /**
   * 결제 주기, as the buyer was shown it
   * @example 3개월
   */
  billingCycle: string;

  /**
   * Until when it charges by itself: `after-details`, a KST day, or `never`
   * @example never
   */
  planEnds: string;

  /** Periods charged so far, the first payment included */
  @ApiProperty({ type: 'integer' })
  periodsCharged: number;

  /** KST day of the next charge, YYYY-MM-DD */
  nextChargeOn?: string;

  /** Won of the next charge (과금 예정금액) */
  @ApiProperty({ type: 'integer', required: false })
  nextAmount?: number;

  /** Failed tries to charge the period that is due */
  @ApiProperty({ type: 'integer', required: false })
  failedTries?: number;

  /** When that period is tried again */
  nextTryAt?: Date;

  /** Why it was ended */
  endReason?: string;

  /** Why KakaoPay could not be made to end it: `end` asks again */
  endFailure?: string;

  /** When KakaoPay ended it */
  endedAt?: Date;

  /** When it began */
  createdAt: Date;

  /** When it last moved */
  updatedAt: Date;

  static of(row: Subscription): SubscriptionDto {
    return {
      id: row.id,
      merchant: row.merchant,
      state: row.state,
      partnerOrderId: row.orderId,
      appUserId: row.appUserId,
      ...(row.relayId !== null && { relayId: row.relayId }),
      itemName: row.itemName,
      billingCycle: row.plan.billingCycle,
      planEnds: endOfPlan(row.plan),
      periodsCharged: row.periodsCharged,
      ...(row.nextChargeOn !== null && { nextChargeOn: row.nextChargeOn }),
      ...(row.nextAmount !== null && { nextAmount: row.nextAmount }),
      ...(row.tries > 0 && { failedTries: row.tries, ...(row.chargeAt && { nextTryAt: row.chargeAt }) }),
      ...(row.endReason !== null && { endReason: row.endReason }),
      ...(row.endFailure !== null && { endFailure: row.endFailure }),
      ...(row.endedAt && { endedAt: row.endedAt }),
      createdAt: row.createdAt,
      updatedAt: row.updatedAt,
    };
  }
}

/** The charge of one period: an order, which `GET /operator/orders/{partnerOrderId}` tells all about. */
export class SubscriptionChargeDto {
  /** Which period it pays; the first payment is 1 */
  @ApiProperty({ type: 'integer' })
  period: number;

  /** 가맹점 주문번호 */
  partnerOrderId: string;

  /** pending: it is due; failed: it may be tried again; for the others see the order */
  @ApiProperty({ enum: ORDER_STATE_NAMES, enumName: 'OrderState' })
  state: OrderState;

  /** Won */
  @ApiProperty({ type: 'integer' })
  totalAmount: number;

  /** Won given back so far */
  @ApiProperty({ type: 'integer' })
  refundedAmount: number;

  /** Why it failed, as the buyer would be told */
  message?: string;

  /** When the money came */
  paidAt?: Date;

  static of(row: Order): SubscriptionChargeDto {
    return {
      period: row.period ?? 1,
      partnerOrderId: row.id,
      state: row.state,
      totalAmount: row.totalAmount,
      refundedAmount: row.refundedAmount,
      ...(row.failureMessage !== null && { message: row.failureMessage }),
      ...(row.paidAt && { paidAt: row.paidAt }),
    };
  }
}

/** A subscription with its latest charges and what happened to it. */
export class SubscriptionDetailDto extends SubscriptionDto {
  /** The latest 100, newest first */
  charges: SubscriptionChargeDto[];

  /** Its latest 100 moves, oldest first */
  history: HistoryDto[];

  static withCharges(row: Subscription, charges: Order[], history: HistoryEntry[]): SubscriptionDetailDto {
    return Object.assign(SubscriptionDto.of(row), {
      charges: charges.map((each) => SubscriptionChargeDto.of(each)),
      history: history.map((each) => HistoryDto.of(each)),
    });
  }
}

export class SubscriptionPage extends pageDto(SubscriptionDto) {}
