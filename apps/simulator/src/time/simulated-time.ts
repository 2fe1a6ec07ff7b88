import { Clock } from '@biz/platform';
import { Injectable } from '@nestjs/common';

const KST_OFFSET_MS = 9 * 3_600_000;

/** The clock of everything the simulator plays; it can be moved forward to see things expire. */
@Injectable()
export class SimulatedTime {
  private aheadMs = 0;

  constructor(private readonly clock: Clock) {}

  now(): Date {
    return new Date(this.clock.now().getTime() + this.aheadMs);
  }

  advance(seconds: number): void {
    this.aheadMs += seconds * 1_000;
  }

  reset(): void {
    this.aheadMs = 0;
  }
}

/** KakaoPay's dates: Asia/Seoul, to the second, without an offset. */
export function seoulDateTime(at: Date): string {
  return new Date(at.getTime() + KST_OFFSET_MS).toISOString().slice(0, 19);
}
