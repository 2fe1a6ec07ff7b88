import { IsInt, Max, Min } from 'class-validator';
import { Variable } from '@biz/platform';

/** How Kakao is asked. */
export class RedeemConfig {
  @Variable('OTP_TIMEOUT_MS', { about: 'how long an answer to an OTP is waited for before it is asked for again' })
  @IsInt()
  @Min(100)
  @Max(60_000)
  timeoutMs: number = 10_000;
}
