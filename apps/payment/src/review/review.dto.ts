import { FreeText } from '@biz/privacy';
import { OperatorBody } from '@biz/platform';
import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';
import { ATTEMPT_STATES, type AttemptState } from '../attempts/attempt-status';
import { RefundDto } from '../operator/operator-orders.dto';
import { ORDER_STATE_NAMES, type OrderState } from '../orders/order-status';

const ATTEMPT_STATE_NAMES = Object.keys(ATTEMPT_STATES);

@OperatorBody()
class ReasonRequest {
  /**
   * Why, as history tells
   * @example 고객과 통화함
   */
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  @FreeText()
  reason: string;
}

export class DecisionRequest extends ReasonRequest {
  /** Only for the later charge of a subscription whose tid was lost with KakaoPay's answer: the tid that you found there (결제번호) */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(100)
  tid?: string;
}

export class RefundDecisionRequest extends DecisionRequest {
  /** Only for the same, and where KakaoPay answers about another payment: you found no payment of this order there */
  @ApiProperty({ required: false, default: false })
  @IsOptional()
  @IsBoolean()
  notCharged?: boolean;
}

export class ReconcileOrderRequest extends ReasonRequest {
  /** Whether the goods go back on the shelf when all of the money turns out to be back; true unless said */
  @ApiProperty({ required: false, default: true })
  @IsOptional()
  @IsBoolean()
  restock?: boolean;
}

/** What became of a decision. */
export class DecidedOrderDto {
  /** 가맹점 주문번호 */
  partnerOrderId: string;

  /** State of the order right now */
  @ApiProperty({ enum: ORDER_STATE_NAMES, enumName: 'OrderState' })
  state: OrderState;
}

/** A payment that had ended without money, and what KakaoPay says of it now. */
export class LookedAtDto {
  /** Id of the attempt */
  attemptId: string;

  /** State now: `surplus` when KakaoPay had taken money, which is on its way back; `review` when a person decides */
  @ApiProperty({ enum: ATTEMPT_STATE_NAMES, enumName: 'AttemptState' })
  state: AttemptState;

  /** KakaoPay's word */
  says: string;
}

/** What KakaoPay knew and we did not. */
export class ReconciledOrderDto extends DecidedOrderDto {
  /** Refunds that were found at KakaoPay and written down now, and those of money that turned up there */
  @ApiProperty({ type: [RefundDto] })
  found: RefundDto[];

  /** Payments that had ended without money: KakaoPay was asked about each once more */
  @ApiProperty({ type: [LookedAtDto] })
  lookedAt: LookedAtDto[];
}
