import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsString, Length, Matches, IsBoolean, IsOptional, Max, Min } from 'class-validator';

/** A step forward in time. */
export class TimeStep {
  /** Seconds; OTP URLs expire after 600, tids after 900. */
  @ApiProperty({ example: 600 })
  @IsInt()
  @Min(1)
  @Max(31_622_400)
  seconds: number;
}

/** The simulator's time. */
export class TimeNow {
  /** UTC. */
  @ApiProperty()
  now: Date;
}

/** A shop code KakaoPay shall know besides its test codes. */
export class NewCid {
  /** Ten characters. */
  @ApiProperty({ example: 'CT12345678' })
  @IsString()
  @Length(10, 10)
  cid: string;

  /** Whether it issues SIDs (정기결제). */
  @ApiProperty({ example: false })
  @IsBoolean()
  subscription: boolean;

  /** Its key, required in every call when set. */
  @ApiPropertyOptional({ example: 'abcdefghijklmnopqrstuvwx' })
  @IsOptional()
  @Matches(/^[0-9a-z]{24}$/)
  secret?: string;
}
