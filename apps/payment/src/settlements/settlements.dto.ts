import { ApiProperty } from '@nestjs/swagger';
import { IsNotEmpty, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import type { SettlementDay, Sum, Sums, TaxKinds } from './settlement-view';

const DAY = /^\d{4}-\d\d-\d\d$/;

export class SettlementsQuery {
  /**
   * First day, in Korea (KST)
   * @example 2026-11-01
   */
  @ApiProperty({ format: 'date' })
  @Matches(DAY, { message: 'from is not a day: YYYY-MM-DD' })
  from: string;

  /**
   * Last day, in Korea (KST); at most 366 days in all
   * @example 2026-11-30
   */
  @ApiProperty({ format: 'date' })
  @Matches(DAY, { message: 'to is not a day: YYYY-MM-DD' })
  to: string;

  /** Only this merchant */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(100)
  merchant?: string;
}

/** Won by tax kind. */
export class TaxKindsDto implements TaxKinds {
  /** Won in all (합계): supplyAmount + vatAmount + taxFreeAmount */
  @ApiProperty({ type: 'integer' })
  total: number;

  /** Taxable supply value in won (과세 공급가액), without VAT */
  @ApiProperty({ type: 'integer' })
  supplyAmount: number;

  /** Value-added tax in won (부가세) */
  @ApiProperty({ type: 'integer' })
  vatAmount: number;

  /** Tax-free won (비과세) */
  @ApiProperty({ type: 'integer' })
  taxFreeAmount: number;
}

/** How often, and how much. */
export class SumDto extends TaxKindsDto implements Sum {
  /** How many */
  @ApiProperty({ type: 'integer' })
  count: number;
}

/** Money that came and went. */
export class SumsDto implements Sums {
  /** Approved by KakaoPay (결제), at the time of its approval */
  charges: SumDto;

  /** Given back (취소), at the time KakaoPay gave it back */
  refunds: SumDto;

  /** Money that came for orders that could not take it: late, superseded, sold out */
  surplusCharges: SumDto;

  /** The same money on its way back */
  surplusRefunds: SumDto;

  /** charges − refunds + surplusCharges − surplusRefunds */
  net: TaxKindsDto;
}

/** One merchant's money of one day. */
export class SettlementDayDto extends SumsDto implements SettlementDay {
  /**
   * The day in Korea (KST)
   * @example 2026-11-23
   */
  @ApiProperty({ format: 'date' })
  day: string;

  /** Id of the merchant */
  merchant: string;
}

/** By our own records; KakaoPay's fees are not known here. */
export class SettlementsDto {
  /** Days on which money moved, oldest first */
  @ApiProperty({ type: [SettlementDayDto] })
  items: SettlementDayDto[];

  /** All of these days and merchants together */
  total: SumsDto;
}
