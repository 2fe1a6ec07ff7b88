import { ApiPropertyOptional } from '@nestjs/swagger';

/** A delivery address as Kakao sends it (ShippingAddress; guide 1.2). */
export class ShippingAddressAnswer {
  /** Id of the address (통합 배송지 ID): Long in the guide's table, a string in its sample; digits beyond 2^53 occur. */
  @ApiPropertyOptional({ oneOf: [{ type: 'integer', format: 'int64' }, { type: 'string' }], example: 'AAAAAA' })
  id?: string | number;

  /** Basic address (기본 주소). */
  @ApiPropertyOptional({ example: '경기도 성남시 분당구' })
  base_address?: string;

  /** Detailed address (상세 주소). */
  @ApiPropertyOptional({ example: 'H스퀘어 6층' })
  detail_address?: string;

  /** Who receives the parcel (수신자 명). */
  @ApiPropertyOptional({ example: 'lukas' })
  receiver_name?: string;

  /** The receiver's phone number (수신자 전화번호). */
  @ApiPropertyOptional({ example: '+86 10-0000-0000' })
  receiver_mobile_number?: string;

  /** Postal code of the old address system (구주소 우편번호). */
  @ApiPropertyOptional({ example: '111111' })
  post_no?: string;

  /** Postal code of the new address system (신주소 우편번호). */
  @ApiPropertyOptional({ example: '22222' })
  zone_code?: string;
}

/** The answer of a profile OTP (사용자 개인정보조회 API; guide 1.2). Fields may come and go: unknown ones are no error. */
export class ProfileAnswer {
  /** Profile name (프로필 이름). */
  @ApiPropertyOptional({ example: 'lukas' })
  nickname?: string;

  /** Profile picture (프로필 이미지 url); absent when the customer has none. */
  @ApiPropertyOptional({ example: 'https://t1.kakaocdn.net/kakaocorp/admin/main-banner/123' })
  profile_image_url?: string;

  /** Phone number (전화번호), country code first. */
  @ApiPropertyOptional({ example: '+86 10-0000-0000' })
  phone_number?: string;

  /** Mail address (이메일). */
  @ApiPropertyOptional({ example: 'xxxxx@xxxxxxx.xxx' })
  email?: string;

  /** Delivery address (배송지 정보). */
  @ApiPropertyOptional({ type: ShippingAddressAnswer })
  shipping_address?: ShippingAddressAnswer;

  /** Age range (연령대). */
  @ApiPropertyOptional({ example: '30~49' })
  age_range?: string;

  /** Year of birth (생년). */
  @ApiPropertyOptional({ example: '19XX' })
  birthyear?: string;

  /** Birthday (생일), MMDD. */
  @ApiPropertyOptional({ example: 'XXXX' })
  birthday?: string;

  /** Gender (성별). */
  @ApiPropertyOptional({ example: 'male' })
  gender?: string;
}
