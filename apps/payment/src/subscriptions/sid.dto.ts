import { ApiProperty } from '@nestjs/swagger';
import { type Sid, SID_STATES, type SidState } from './sid.entity';

/** The key (SID) that KakaoPay named for the first payment of a subscription; its value is shown nowhere. */
export class SidDto {
  /** The attempt whose payment it came with */
  attemptId: string;

  /**
   * kept: its payment is not over; used: a subscription began with it; ending: no subscription uses it, KakaoPay is being told;
   * ended: inactive at KakaoPay; foreign: the answer that named it was about another payment, so it is left alone
   */
  @ApiProperty({ enum: SID_STATES, enumName: 'SidState' })
  state: SidState;

  /** Why KakaoPay could not be made to end it: `reconcile` asks again */
  failure?: string;

  /** When it last moved */
  updatedAt: Date;

  static of({ attemptId, state, failure, updatedAt }: Sid): SidDto {
    return { attemptId, state, ...(failure !== null && { failure }), updatedAt };
  }
}
