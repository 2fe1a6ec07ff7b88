import { MalformedRequest, OperatorBody } from '@biz/platform';
import { FreeText } from '@biz/privacy';
import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsNotEmpty, IsOptional, IsString, MaxLength, Min } from 'class-validator';

@OperatorBody()
export class CancelOrderRequest {
  /**
   * Won to give back; everything that is left when absent
   * @example 5000
   */
  @ApiProperty({ type: 'integer', required: false, minimum: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  amount?: number;

  /**
   * Won of `amount` that are tax-free (비과세), such as 0 for a taxable fee; in proportion to the payment when absent
   * @example 0
   */
  @ApiProperty({ type: 'integer', required: false, minimum: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  taxFreeAmount?: number;

  /**
   * Why, as history and shop are told
   * @example 고객 변심
   */
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  @FreeText()
  reason: string;

  /** Whether the goods go back on the shelf when the whole order is refunded; true unless said */
  @ApiProperty({ required: false, default: true })
  @IsOptional()
  @IsBoolean()
  restock?: boolean;
}

/** @throws MalformedRequest when the tax-free part is no part of a named amount */
export function refuseTaxFree({ amount, taxFreeAmount }: CancelOrderRequest): void {
  if (taxFreeAmount === undefined || (amount !== undefined && taxFreeAmount <= amount)) return;
  const message =
    amount === undefined
      ? 'taxFreeAmount is a part of amount: name both'
      : `taxFreeAmount must not be greater than amount`;
  throw new MalformedRequest([{ path: 'taxFreeAmount', message }]);
}
