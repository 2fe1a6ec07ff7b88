import { pageDto, PageQuery } from '@biz/platform';
import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';
import { SUBSCRIPTION_STATE_NAMES, type SubscriptionState } from './subscription-status';
import type { Subscription } from './subscription.entity';

export class SubscriptionsQuery extends PageQuery {
  /** Only subscriptions in this state */
  @ApiProperty({ enum: SUBSCRIPTION_STATE_NAMES, enumName: 'SubscriptionState', required: false })
  @IsOptional()
  @IsIn(SUBSCRIPTION_STATE_NAMES)
  state?: SubscriptionState;
}

export class EndSubscriptionRequest {
  /**
   * Why, as history and shop are told
   * @example 고객 요청
   */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
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

  /** 결제 주기: 월, 주, 일 or 년 */
  billingCycle: string;

  /** Periods charged so far, the first payment included */
  @ApiProperty({ type: 'integer' })
  periodsCharged: number;

  /** KST day of the next charge, YYYY-MM-DD */
  nextChargeOn?: string;

  /** Won of the next charge (과금 예정금액) */
  @ApiProperty({ type: 'integer', required: false })
  nextAmount?: number;

  /** Why it was ended */
  endReason?: string;

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
      periodsCharged: row.periodsCharged,
      ...(row.nextChargeOn !== null && { nextChargeOn: row.nextChargeOn }),
      ...(row.nextAmount !== null && { nextAmount: row.nextAmount }),
      ...(row.endReason !== null && { endReason: row.endReason }),
      ...(row.endedAt && { endedAt: row.endedAt }),
      createdAt: row.createdAt,
      updatedAt: row.updatedAt,
    };
  }
}

export class SubscriptionPage extends pageDto(SubscriptionDto) {}
