import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Min } from 'class-validator';
import { Phone } from '@biz/otp-client';

export class AddressesQuery {
  /** `nextBefore` of the page before */
  @ApiPropertyOptional({ type: 'integer' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  before?: number;
}

/** A shipping address (배송지) as Kakao has it now. */
export class MemberAddress {
  @ApiProperty({ example: '9223372036854775807' })
  id: string;

  /** 배송지명 */
  name?: string;

  isDefault: boolean;

  updatedAt?: Date;

  /** `NEW`: road name (도로명); `OLD`: lot number (지번) */
  type?: string;

  baseAddress?: string;

  detailAddress?: string;

  receiverName?: string;

  @ApiPropertyOptional({ type: Phone })
  receiverPhone?: Phone;

  @ApiPropertyOptional({ type: Phone })
  receiverPhone2?: Phone;

  /** 신주소 우편번호 */
  zoneNumber?: string;

  /** 구주소 우편번호 */
  zipCode?: string;
}

export class MemberAddresses {
  /** The default address first, then the newest */
  @ApiProperty({ type: [MemberAddress] })
  items: MemberAddress[];

  /** The member has not agreed to hand over addresses, and could: ask by `GET /start` with the scope `shipping_address` */
  needsAgreement: boolean;

  /** Give it as `before` for the next page; `null` on the last */
  @ApiProperty({ type: 'integer', nullable: true })
  nextBefore: number | null;
}
