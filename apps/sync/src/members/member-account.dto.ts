import { ApiPropertyOptional } from '@nestjs/swagger';
import { Phone } from '@biz/otp-client';

/** What a member consented to hand over, as the shop receives it. Absent means: not consented, or Kakao has none. */
export class MemberAccount {
  /** 닉네임. */
  @ApiPropertyOptional({ example: '루카' })
  nickname?: string;

  /** 프로필 사진. */
  @ApiPropertyOptional({ example: 'https://k.kakaocdn.net/dn/profile.jpg' })
  profileImageUrl?: string;

  /** 이름. */
  @ApiPropertyOptional({ example: '김루카' })
  name?: string;

  /** 카카오계정(이메일). */
  @ApiPropertyOptional({ example: 'luka@example.com' })
  email?: string;

  /** Kakao has checked that the address is the member's, and it still is. */
  @ApiPropertyOptional({ example: true })
  emailVerified?: boolean;

  /** 카카오계정(전화번호). */
  @ApiPropertyOptional({ type: Phone })
  phoneNumber?: Phone;

  /** 연령대. */
  @ApiPropertyOptional({ example: '30~39' })
  ageRange?: string;

  /** 출생 연도. */
  @ApiPropertyOptional({ example: '1990' })
  birthyear?: string;

  /** 생일, MMDD. */
  @ApiPropertyOptional({ example: '0417' })
  birthday?: string;

  /** `SOLAR` (양력) or `LUNAR` (음력). */
  @ApiPropertyOptional({ example: 'SOLAR' })
  birthdayType?: string;

  /** Whether a lunar birthday falls into a leap month (윤달). */
  @ApiPropertyOptional({ example: false })
  birthdayInLeapMonth?: boolean;

  /** 성별. */
  @ApiPropertyOptional({ example: 'male' })
  gender?: string;
}
