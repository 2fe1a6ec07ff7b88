import { OperatorBody, pageDto, PageQuery } from '@biz/platform';
import { FreeText } from '@biz/privacy';
import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, IsNotEmpty, IsOptional, IsString, MaxLength, Min } from 'class-validator';
import { DIFFERENCE_KIND_NAMES, DIFFERENCE_KINDS, type DifferenceAct, type DifferenceKind } from './difference-kinds';
import { DIFFERENCE_STATES, type Difference, type DifferenceState } from './difference.entity';

const ACTS: readonly DifferenceAct[] = ['reconcile', 'accept-or-refund', 'give-up'];

export class DifferencesQuery extends PageQuery {
  /** Only differences in this state */
  @ApiProperty({ enum: DIFFERENCE_STATES, enumName: 'DifferenceState', required: false })
  @IsOptional()
  @IsIn(DIFFERENCE_STATES)
  state?: DifferenceState;

  /** Only of this merchant */
  @IsOptional()
  @IsString()
  merchant?: string;
}

@OperatorBody()
export class GiveUpRequest {
  /**
   * Won at stake, as the difference names them
   * @example 13500
   */
  @ApiProperty({ type: 'integer', minimum: 0 })
  @IsInt()
  @Min(0)
  amount: number;

  /**
   * Why it stays so
   * @example 카카오페이 확인 결과 당사 기록이 맞음
   */
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  @FreeText()
  reason: string;
}

/** What KakaoPay says about a payment, and our records do not. */
export class DifferenceDto {
  /** Id of the difference */
  id: string;

  /** 가맹점 주문번호 */
  partnerOrderId: string;

  /** Id of the attempt */
  attemptId: string;

  /** Id of the merchant */
  merchant: string;

  /** open: a person acts; resolved: both say the same now; given-up: a person decided to leave it so */
  @ApiProperty({ enum: DIFFERENCE_STATES, enumName: 'DifferenceState' })
  state: DifferenceState;

  /** What differs; docs/operations.md tells each */
  @ApiProperty({ enum: DIFFERENCE_KIND_NAMES, enumName: 'DifferenceKind', isArray: true })
  kinds: DifferenceKind[];

  /**
   * What mends it: reconcile: `POST …/orders/{partnerOrderId}/reconcile`; accept-or-refund: the order is in review; give-up: ask KakaoPay,
   * then `POST …/differences/{id}/give-up`
   */
  @ApiProperty({ enum: ACTS, enumName: 'DifferenceAct', isArray: true })
  acts: DifferenceAct[];

  /** Won at stake */
  @ApiProperty({ type: 'integer' })
  amount: number;

  /** Both sides, for people */
  line: string;

  /** When it was found */
  foundAt: Date;

  /** When it was last found */
  lastSeenAt: Date;

  /** When both said the same */
  resolvedAt?: Date;

  /** Why it was given up */
  reason?: string;

  /** Who gave it up */
  givenUpBy?: string;

  /** When it was given up */
  givenUpAt?: Date;

  static of(row: Difference): DifferenceDto {
    return {
      id: row.id,
      partnerOrderId: row.orderId,
      attemptId: row.attemptId,
      merchant: row.merchant,
      state: row.state,
      kinds: row.kinds,
      acts: row.state === 'open' ? [...new Set(row.kinds.map((kind) => DIFFERENCE_KINDS[kind].act))] : [],
      amount: row.amount,
      line: row.line,
      foundAt: row.foundAt,
      lastSeenAt: row.lastSeenAt,
      ...(row.resolvedAt && { resolvedAt: row.resolvedAt }),
      ...(row.reason !== null && { reason: row.reason }),
      ...(row.givenUpBy !== null && { givenUpBy: row.givenUpBy }),
      ...(row.givenUpAt && { givenUpAt: row.givenUpAt }),
    };
  }
}

export class DifferencePage extends pageDto(DifferenceDto) {}
