import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, Matches } from 'class-validator';
import { ACCOUNT_SHAPES, type AccountShape } from './accounts';

/** 인가 코드 받기. */
export class AuthorizeQuery {
  /** REST API key. */
  @ApiProperty({ example: 'demo-rest-api-key' })
  client_id: string;

  /** Where the customer goes back to. */
  @ApiProperty({ example: 'http://127.0.0.1:3006/callback' })
  redirect_uri: string;

  /** code. */
  @ApiProperty({ example: 'code' })
  response_type: string;

  /** Handed back as it came. */
  @ApiPropertyOptional()
  state?: string;

  /** PKCE: base64url of the SHA-256 digest of `code_verifier`. */
  @ApiPropertyOptional()
  code_challenge?: string;

  /** S256 only. */
  @ApiPropertyOptional({ example: 'S256' })
  code_challenge_method?: string;
}

/** 토큰 받기. */
export class TokenRequest {
  /** authorization_code or refresh_token. */
  @ApiProperty({ example: 'authorization_code' })
  grant_type: string;

  /** REST API key. */
  @ApiProperty({ example: 'demo-rest-api-key' })
  client_id: string;

  /** The redirect URI the code was issued for. */
  @ApiPropertyOptional({ example: 'http://127.0.0.1:3006/callback' })
  redirect_uri?: string;

  /** Authorization code (인가 코드). */
  @ApiPropertyOptional()
  code?: string;

  /** PKCE: required for a code that was asked for with `code_challenge`. */
  @ApiPropertyOptional()
  code_verifier?: string;

  /** Required when the app has one. */
  @ApiPropertyOptional()
  client_secret?: string;

  /** For grant_type refresh_token. */
  @ApiPropertyOptional()
  refresh_token?: string;
}

/** A login code to be made, for tests that call the redirect URI themselves. */
export class NewCodeOrder {
  /** User id in digits; beyond 2^53 by default. */
  @ApiPropertyOptional({ example: '9007199254740993' })
  @IsOptional()
  @Matches(/^\d{1,19}$/)
  userId?: string;

  /** What the user has consented to. */
  @ApiPropertyOptional({ enum: ACCOUNT_SHAPES, example: 'full' })
  @IsOptional()
  @IsIn(ACCOUNT_SHAPES)
  shape?: AccountShape;

  /** The only redirect URI it may be exchanged with. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  redirectUri?: string;

  /** The only REST API key it may be exchanged with. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  clientId?: string;

  /** Seconds it lives. */
  @ApiPropertyOptional({ example: 600 })
  @IsOptional()
  @IsInt()
  seconds?: number;
}

/** A login code. */
export class CodeMade {
  /** What the redirect URI receives. */
  @ApiProperty()
  code: string;
}

/** An event to be signed. */
export class EventOrder {
  /** Claims of the token; `iss`, `iat` and `jti` are filled in. */
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    example: { aud: 'demo-rest-api-key', sub: '9007199254740993', events: {} },
  })
  claims: Record<string, unknown>;
}

/** A signed event. */
export class EventMade {
  /** Body of the webhook, `application/secevent+jwt`. */
  @ApiProperty()
  token: string;
}
