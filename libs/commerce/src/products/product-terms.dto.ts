import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** Postal codes that cost more to reach (도서산간). */
export class ShippingArea {
  /**
   * What the shop calls it; no customer sees it.
   * @example "제주"
   */
  name?: string;
  /**
   * First postal code: five digits (zone_code), or six of the old kind (post_no).
   * @example "63000"
   */
  from: string;
  /**
   * Last postal code, of the same kind.
   * @example "63644"
   */
  to: string;
  /**
   * Won added to the fee; also when the fee itself is free.
   * @example 3000
   */
  @ApiProperty({ type: 'integer' })
  extra: number;
}

/** What an order of the product costs to send (배송비). */
export class ShippingRule {
  /**
   * Won for one order, however many pieces.
   * @example 3000
   */
  @ApiProperty({ type: 'integer' })
  fee: number;
  /**
   * From this sum of goods the fee is free.
   * @example 30000
   */
  @ApiPropertyOptional({ type: 'integer' })
  freeFrom?: number;
  /** Whether fee and extra are tax-free (면세), as for the sending of tax-free goods; false when absent. */
  taxFree?: boolean;
  /** Areas that cost more. No postal code is in two of them. */
  areas?: ShippingArea[];
}

/** What the buyer agrees to (동의항목). */
export class ProductAgreement {
  /**
   * 제공회사
   * @example "데모샵"
   */
  company: string;
  /**
   * 약관제목
   * @example "구매조건 확인 및 결제진행 동의"
   */
  title: string;
  /**
   * 상세보기 URL
   * @example "https://shop.example/terms"
   */
  url?: string;
}
