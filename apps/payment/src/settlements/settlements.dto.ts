import { ApiProperty } from '@nestjs/swagger';
import { IsNotEmpty, IsOptional, IsString, Matches, MaxLength } from 'class-validator';

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
export class TaxKinds {
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
export class Sum extends TaxKinds {
  /** How many */
  @ApiProperty({ type: 'integer' })
  count: number;
}

/** Money that came and went. */
export class Sums {
  /** Approved by KakaoPay (결제), at the time of its approval */
  charges: Sum;

  /** Given back (취소), at the time KakaoPay gave it back */
  refunds: Sum;

  /** Money that came for orders that could not take it: late, superseded, sold out */
  surplusCharges: Sum;

  /** The same money on its way back */
  surplusRefunds: Sum;

  /** charges − refunds + surplusCharges − surplusRefunds */
  net: TaxKinds;
}

/** One merchant's money of one day. */
export class SettlementDay extends Sums {
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
export class Settlements {
  /** Days on which money moved, oldest first */
  @ApiProperty({ type: [SettlementDay] })
  items: SettlementDay[];

  /** All of these days and merchants together */
  total: Sums;
}
