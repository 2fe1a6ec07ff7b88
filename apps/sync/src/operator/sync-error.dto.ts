import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { pageDto } from '@biz/platform';
import { SYNC_STEPS } from '../login/failure.entity';
import type { SyncStep } from '../login/failure.entity';

const SYNC_ERROR_STATES = ['retrying', 'recovered', 'final'] as const;
/** `retrying`: durable work goes on. `recovered`: a later try made the member. `final`: that was all. */
export type SyncErrorState = (typeof SYNC_ERROR_STATES)[number];

/** A step of Kakao Sync that failed. */
export class SyncErrorDto {
  @ApiProperty({ example: '019ab0c0-0000-7000-8000-000000000002' })
  id: string;

  @ApiProperty({ example: 'demo-shop' })
  merchant: string;

  /** `retrying`: durable work goes on. `recovered`: a later try made the member. `final`: that was all. */
  @ApiProperty({ enum: SYNC_ERROR_STATES, enumName: 'SyncErrorState' })
  state: SyncErrorState;

  /** Consent screen (동의 화면), code exchange (토큰 받기), user, service terms, storing, unlink webhook, security event. */
  @ApiProperty({ enum: SYNC_STEPS, enumName: 'SyncStep' })
  step: SyncStep;

  /** Kakao's code or the kind of fault */
  @ApiProperty({ example: 'HTTP 400 KOE320' })
  reason: string;

  /** The login it belongs to; several tries of one login share it. */
  @ApiPropertyOptional({ example: '019ab0c0-0000-7000-8000-000000000003' })
  loginId?: string;

  /** Relay id (용도 ID) of the login; without a login, that of the latest call. */
  @ApiPropertyOptional({ example: 'order-20201208-0001' })
  relayId?: string;

  /** How often it failed like this: what belongs to no stored login is counted by merchant, step, reason and minute. */
  @ApiProperty({ example: 1 })
  count: number;

  /** When it failed, for the first time if it was counted. */
  @ApiProperty()
  failedAt: Date;

  /** When it failed last; the same as `failedAt` if it failed once. */
  @ApiProperty()
  lastFailedAt: Date;
}

export class SyncErrorPage extends pageDto(SyncErrorDto) {}
