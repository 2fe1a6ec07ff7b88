import { OperatorBody, pageDto, PageQuery } from '@biz/platform';
import { FreeText } from '@biz/privacy';
import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, IsNotEmpty, IsOptional, IsString, MaxLength, Min } from 'class-validator';
import { REFUND_STATES, type RefundState } from '../refunds/refund-status';
import type { Refund } from '../refunds/refund.entity';
import { RefundDto } from './operator-orders.dto';

const REFUND_STATE_NAMES = Object.keys(REFUND_STATES);

export class RefundsQuery extends PageQuery {
  /** Only refunds in this state */
  @ApiProperty({ enum: REFUND_STATE_NAMES, enumName: 'RefundState', required: false })
  @IsOptional()
  @IsIn(REFUND_STATE_NAMES)
  state?: RefundState;
}

@OperatorBody()
export class WithdrawRefundRequest {
  /**
   * Why, as history tells
   * @example 고객이 교환을 원함
   */
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  @FreeText()
  reason: string;

  /**
   * Won of the refund; must be named when its money belongs to no order: the payment is `surplus`
   * @example 13500
   */
  @ApiProperty({ type: 'integer', required: false, minimum: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  amount?: number;
}

/** A refund and the order it belongs to. */
export class OperatorRefundDto extends RefundDto {
  /** Id of the merchant */
  merchant: string;

  /** 가맹점 주문번호 */
  partnerOrderId: string;

  static override of(row: Refund): OperatorRefundDto {
    return Object.assign(RefundDto.of(row), { merchant: row.merchant, partnerOrderId: row.orderId });
  }
}

export class RefundPage extends pageDto(OperatorRefundDto) {}
