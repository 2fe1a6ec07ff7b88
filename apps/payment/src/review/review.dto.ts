import { FreeText } from '@biz/privacy';
import { OperatorBody } from '@biz/platform';
import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';
import { RefundDto } from '../operator/operator-orders.dto';
import { ORDER_STATE_NAMES, type OrderState } from '../orders/order-status';

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
  /** Only for the same: you found no payment of this order at KakaoPay */
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

/** What KakaoPay knew and we did not. */
export class ReconciledOrderDto extends DecidedOrderDto {
  /** Refunds that were found at KakaoPay and written down now */
  @ApiProperty({ type: [RefundDto] })
  found: RefundDto[];
}
