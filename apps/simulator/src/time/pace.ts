import { RuntimeConfig } from '@biz/platform';
import { Injectable } from '@nestjs/common';

/** How fast the people and machines of a scenario act: as in life, or faster where RETRY_TIME_SCALE says so. */
@Injectable()
export class Pace {
  private readonly scale: number;

  constructor({ retryTimeScale }: RuntimeConfig) {
    this.scale = Math.min(1, Math.max(retryTimeScale, 0.05));
  }

  ms(inLife: number): number {
    return inLife * this.scale;
  }
}
