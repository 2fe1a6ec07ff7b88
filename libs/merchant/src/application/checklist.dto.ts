import { ApiProperty } from '@nestjs/swagger';

const CHECK_STATES = ['done', 'missing', 'by-hand'] as const;
export type CheckState = (typeof CHECK_STATES)[number];

export class Check {
  /**
   * Section of the guide
   * @example "0.3"
   */
  guide: string;

  /** What must be so, in Korean */
  what: string;

  /** `done` and `missing` were looked at; `by-hand` only a person sees at Kakao */
  @ApiProperty({ enum: CHECK_STATES })
  state: CheckState;

  /** What was found */
  found?: string;
}

export class Checklist {
  @ApiProperty({ type: [Check] })
  items: Check[];
}
