import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';
import { RefundDto } from '../operator/operator-orders.dto';
import { ORDER_STATE_NAMES, type OrderState } from '../orders/order-status';

export class DecisionRequest {
  /**
   * Why, as history tells
   * @example 고객과 통화함
   */
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  reason: string;
}

export class ReconcileOrderRequest extends DecisionRequest {
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
