import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** A phone number as Kakao wrote it, and in E.164 where that can be derived. */
export class Phone {
  /** The text Kakao sent. */
  @ApiProperty({ example: '+82 010-1234-5678' })
  raw: string;

  /** The same number in E.164. */
  @ApiPropertyOptional({ example: '+821012345678' })
  e164?: string;
}

/** A delivery address (배송지). */
export class ShippingAddress {
  /** Kakao's id of the address, every digit kept. */
  @ApiPropertyOptional({ example: '9007199254740993' })
  id?: string;

  /** Basic address (기본 주소). */
  @ApiPropertyOptional({ example: '경기도 성남시 분당구' })
  baseAddress?: string;

  /** Detailed address (상세 주소). */
  @ApiPropertyOptional({ example: 'H스퀘어 6층' })
  detailAddress?: string;

  /** Who receives the parcel (수신자 명). */
  @ApiPropertyOptional({ example: 'lukas' })
  receiverName?: string;

  /** The receiver's phone number (수신자 전화번호). */
  @ApiPropertyOptional({ type: Phone })
  receiverMobileNumber?: Phone;

  /** Postal code of the old address system (구주소 우편번호). */
  @ApiPropertyOptional({ example: '463400' })
  postNo?: string;

  /** Postal code of the new address system (신주소 우편번호). */
  @ApiPropertyOptional({ example: '13494' })
  zoneCode?: string;
}

/** What a customer agreed to hand over through a profile plugin (개인정보이용 플러그인). Absent means: not sent. */
export class ReceivedProfile {
  /** Kakao's number of the user in this app (회원번호), every digit kept. */
  @ApiPropertyOptional({ example: '9007199254740993' })
  appUserId?: string;

  /** Profile name (프로필 이름). */
  @ApiPropertyOptional({ example: 'lukas' })
  nickname?: string;

  /** Profile picture (프로필 이미지). */
  @ApiPropertyOptional({ example: 'https://t1.kakaocdn.net/kakaocorp/admin/main-banner/123' })
  profileImageUrl?: string;

  /** Phone number (전화번호). */
  @ApiPropertyOptional({ type: Phone })
  phoneNumber?: Phone;

  /** Mail address (이메일). */
  @ApiPropertyOptional({ example: 'lukas@example.com' })
  email?: string;

  /** Delivery address (배송지). */
  @ApiPropertyOptional({ type: ShippingAddress })
  shippingAddress?: ShippingAddress;

  /** Age range (연령대). */
  @ApiPropertyOptional({ example: '30~49' })
  ageRange?: string;

  /** Year of birth (생년). */
  @ApiPropertyOptional({ example: '1990' })
  birthyear?: string;

  /** Birthday (생일), MMDD. */
  @ApiPropertyOptional({ example: '0131' })
  birthday?: string;

  /** Gender (성별). */
  @ApiPropertyOptional({ example: 'male' })
  gender?: string;
}
