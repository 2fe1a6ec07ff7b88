import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsUUID, Matches } from 'class-validator';
import { pageDto } from '@biz/platform';
import { PeriodPageQuery } from '../export/period.dto';
import type { Access } from './access.entity';

export class AccessesQuery extends PeriodPageQuery {
  /** Only looks at this capture or member */
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  subject?: string;

  /** `nextCursor` of the page before: a line's number */
  @ApiPropertyOptional({ format: 'int64', example: '17' })
  @Matches(/^[1-9]\d{0,14}$/)
  override cursor?: string = undefined;
}

/** A line of the access log (접속기록). */
export class AccessDto {
  /** 1, 2, 3 … without a gap */
  @ApiProperty({ example: 17 })
  seq: number;

  /** When (접속일시) */
  @ApiProperty({ type: String, format: 'date-time' })
  at: Date;

  /** Who, as they call themselves (식별자) */
  @ApiPropertyOptional({ example: 'kim.cs' })
  operator?: string;

  /** From which address (접속지 정보) */
  @ApiProperty({ example: '10.0.4.17' })
  caller: string;

  /** Through which app */
  @ApiProperty({ example: 'profile' })
  app: string;

  /** Id of the merchant */
  @ApiProperty({ example: 'demo-shop' })
  merchant: string;

  /** Whose data (처리한 정보주체): id of the capture or the member */
  @ApiProperty({ format: 'uuid' })
  subject: string;

  /** Which data: `details`, `file`, `member`, `addresses` (as Kakao has them) */
  @ApiProperty({ example: 'details' })
  what: string;

  /** Id of the one file that was shown */
  @ApiPropertyOptional({ format: 'uuid' })
  part?: string;

  /** Why (수행업무) */
  @ApiProperty({ example: '배송 문의 확인' })
  reason: string;

  /** Keyed hash of this line and the code before it; `npm run check:access-log` follows them */
  @ApiPropertyOptional({ example: 'mZ0…' })
  code?: string;

  static of({ seq, at, operator, caller, app, merchant, subject, what, part, reason, code }: Access): AccessDto {
    return {
      seq,
      at,
      ...(operator !== null && { operator }),
      caller,
      app,
      merchant,
      subject,
      what,
      ...(part !== null && { part }),
      reason,
      ...(code !== null && { code }),
    };
  }
}

export class AccessPage extends pageDto(AccessDto) {}
