import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsObject, IsOptional, IsString, Max, Min } from 'class-validator';
import { FAULT_KINDS, FAULT_POINTS, type FaultKind, type FaultPoint } from './fault';

/** Misbehaviour to order (장애 주입). */
export class NewFault {
  /** Which call misbehaves. */
  @ApiProperty({ enum: FAULT_POINTS, example: 'pay.approve' })
  @IsIn(FAULT_POINTS)
  point: FaultPoint;

  /** How: slow (works, answers late), late (works late, whether or not anybody still listens), status (does nothing), drop-before, drop-after (works, then drops the connection), hold (until removed), garbage (works, answers no JSON), refuse (KakaoPay's code), wrong-amount (works, and names another amount), says (works, and answers with `fields` instead of what is: a stale status, another payment), and for images cut, wrong-type, too-large. */
  @ApiProperty({ enum: FAULT_KINDS, example: 'drop-after' })
  @IsIn(FAULT_KINDS)
  kind: FaultKind;

  /** Calls it applies to. */
  @ApiPropertyOptional({ example: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  times?: number;

  /** Milliseconds of slow and late. */
  @ApiPropertyOptional({ example: 5_000 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(60_000)
  ms?: number;

  /** HTTP status of kind status. */
  @ApiPropertyOptional({ example: 503 })
  @IsOptional()
  @IsInt()
  @Min(400)
  @Max(599)
  status?: number;

  /** KakaoPay's error code of refuse; −780 ends the payment as failed. */
  @ApiPropertyOptional({ example: -780 })
  @IsOptional()
  @IsInt()
  @Max(-1)
  code?: number;

  /** extras.method_result_code of refuse. */
  @ApiPropertyOptional({ example: 'LACK_BALANCE' })
  @IsOptional()
  @IsString()
  resultCode?: string;

  /** extras.method_result_message of refuse. */
  @ApiPropertyOptional({ example: '잔액이 부족합니다.' })
  @IsOptional()
  @IsString()
  resultMessage?: string;

  /** What the answer of says names instead of what is; null leaves a field out. */
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: { status: 'AUTH_PASSWORD', canceled_amount: { total: 0 } },
  })
  @IsOptional()
  @IsObject()
  fields?: Record<string, unknown>;

  /** Only calls about this OTP token, image, tid, sid, partner_order_id or login code. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  subject?: string;
}

/** An ordered fault. */
export class FaultOrdered extends NewFault {
  /** For taking it back. */
  @ApiProperty()
  id: string;
}
