import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Max, Min, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import { LOCATION_SHAPES, type LocationShape, PROFILE_SHAPES, type ProfileShape } from './people';
import type { OtpKind } from './otps';

/** Pictures behind a secure-image OTP (이미지 보안 전송). */
export class PicturesOrder {
  /** How many pictures the user attached. Kakao allows ten. */
  @ApiPropertyOptional({ example: 2, minimum: 1, maximum: 30 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(30)
  count?: number = 1;

  /** Bytes of an original; the resized ones are 1 and 3 MiB at most. */
  @ApiPropertyOptional({ example: 400_000, minimum: 2_000, maximum: 33_554_432 })
  @IsOptional()
  @IsInt()
  @Min(2_000)
  @Max(33_554_432)
  bytes?: number = 400_000;

  /** File format. */
  @ApiPropertyOptional({ enum: ['jpeg', 'png'], example: 'jpeg' })
  @IsOptional()
  @IsIn(['jpeg', 'png'])
  format?: 'jpeg' | 'png' = 'jpeg';

  /** Seconds until the signed URLs answer 403 (expire). */
  @ApiPropertyOptional({ example: 600 })
  @IsOptional()
  @IsInt()
  @Min(0)
  seconds?: number;
}

/** An OTP URL to be made, for tests that call the merchant themselves. */
export class NewOtpOrder {
  /** Which plugin hands it over. */
  @ApiProperty({ enum: ['profile', 'location', 'image'], example: 'profile' })
  @IsIn(['profile', 'location', 'image'])
  kind: OtpKind;

  /** Shape of the answer. */
  @ApiPropertyOptional({ enum: [...new Set([...PROFILE_SHAPES, ...LOCATION_SHAPES])], example: 'full' })
  @IsOptional()
  @IsIn([...PROFILE_SHAPES, ...LOCATION_SHAPES])
  shape?: ProfileShape | LocationShape;

  /** The answer itself as JSON text, instead of a shape. */
  @ApiPropertyOptional({ example: '{"nickname":"lukas"}' })
  @IsOptional()
  @IsString()
  answerText?: string;

  /** The pictures, for kind image. */
  @ApiPropertyOptional({ type: () => PicturesOrder })
  @IsOptional()
  @ValidateNested()
  @Type(() => PicturesOrder)
  images?: PicturesOrder;

  /** The only REST API key that may redeem it. */
  @ApiPropertyOptional({ example: 'demo-rest-api-key' })
  @IsOptional()
  @IsString()
  restApiKey?: string;

  /** Seconds it lives. Kakao's live 600. */
  @ApiPropertyOptional({ example: 600 })
  @IsOptional()
  @IsInt()
  seconds?: number;

  /** Gone after the first answer. */
  @ApiPropertyOptional({ example: false })
  @IsOptional()
  @IsBoolean()
  singleUse?: boolean;
}

/** An OTP URL. */
export class OtpMade {
  /** Token in the path. */
  @ApiProperty({ example: '5fcf3cfe00a6950dc026b000' })
  token: string;

  /** What a callback carries as `otp`. */
  @ApiProperty({ example: 'http://127.0.0.1:3000/otp/5fcf3cfe00a6950dc026b000/onetimeprofile' })
  otp: string;

  /** When it stops working (UTC). */
  @ApiProperty({ example: '2026-11-23T07:49:15.000Z' })
  expiresAt: Date;

  /** How often it was redeemed. */
  @ApiProperty({ example: 0 })
  redeemed: number;
}
