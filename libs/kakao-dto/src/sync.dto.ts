import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';

/** Longer than any address a browser carries. */
const MAX_ADDRESS = 2_048;

/** `continue=` says as little as no `continue` at all. */
const EmptyIsAbsent = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value));

/** JSON senders write ids as numbers; the platform's parser has kept every digit. */
const NumberIsText = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'number' ? String(value) : value));

/** What Kakao's login adds to the plugin redirect URI (카카오싱크 플러그인; guide 2.3). */
export class SyncCallbackQuery {
  /** Authorization code (인가 코드), good for one exchange within ten minutes. Absent when the customer did not agree. */
  @ApiPropertyOptional({ example: '4ZTn5pVPgB2bOY1Nf6hGfWzYZxdKD8m0' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_ADDRESS)
  @EmptyIsAbsent()
  code?: string;

  /**
   * Where the customer goes on, back in the chat: `kakaotalk://bizplugin…` or an address of Kakao's talk-plugin server.
   * Any other address is refused with 400. Absent in an ordinary login (일반 로그인).
   */
  @ApiPropertyOptional({ example: 'kakaotalk://bizplugin/complete?plugin_id=5f6d8f0a1b2c3d4e5f607182' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_ADDRESS)
  @EmptyIsAbsent()
  continue?: string;

  /** The `state` of the login request, when it had one; one of ours belongs to the browser that left from `GET /start`. */
  @ApiPropertyOptional({ example: 'a1b2c3' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_ADDRESS)
  state?: string;

  /** Why there is no code (에러 코드): `access_denied` when the customer cancelled (동의 취소). */
  @ApiPropertyOptional({ example: 'access_denied' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_ADDRESS)
  @EmptyIsAbsent()
  error?: string;

  /** The same in words (에러 메시지). */
  @ApiPropertyOptional({ example: 'User denied access' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_ADDRESS)
  error_description?: string;
}

/** Where a login of the shop's own begins. */
export class SyncStartQuery {
  /** Where the customer goes on after it: an address of Kakao, as in the callback. */
  @ApiPropertyOptional({ example: 'kakaotalk://bizplugin/complete?plugin_id=5f6d8f0a1b2c3d4e5f607182' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_ADDRESS)
  @EmptyIsAbsent()
  continue?: string;
}

export class SyncCallbackAnswer {
  @ApiProperty({ type: 'integer', example: 200 })
  status: number;

  /** A page of the shop where the customer says which of its members they are. */
  @ApiPropertyOptional({ example: 'https://shop.example/match?t=1' })
  user_match_url?: string;
}

/** What Kakao sends when a customer disconnected the app outside of the shop (연결 해제 웹훅). */
export class UnlinkRequest {
  /** Id of the Kakao app (앱 ID): that of the merchant, else 400. */
  @ApiProperty({ example: '249344' })
  @Matches(/^\d{1,20}$/)
  @NumberIsText()
  app_id: string;

  /** App user id (회원번호). */
  @ApiProperty({ example: '9007199254740993' })
  @Matches(/^\d{1,20}$/)
  @NumberIsText()
  user_id: string;

  /**
   * How it came about (연결 해제 요청 경로): `UNLINK_FROM_APPS`, `ACCOUNT_DELETE`, `FORCED_ACCOUNT_DELETE`,
   * `UNLINK_FROM_ADMIN`, `INCOMPLETE_SIGN_UP`; values unknown to us are taken as well.
   */
  @ApiPropertyOptional({ example: 'UNLINK_FROM_APPS' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  @EmptyIsAbsent()
  referrer_type?: string;
}

/** Why a security event token (SET) was not taken (RFC 8935, 2.3). */
export class SecurityEventRefusal {
  /** `invalid_request`, `invalid_key`, `invalid_issuer` or `invalid_audience`. */
  @ApiProperty({ example: 'invalid_key' })
  err: string;

  /** The same in words. */
  @ApiProperty({ example: '서명을 확인할 수 없습니다.' })
  description: string;
}
