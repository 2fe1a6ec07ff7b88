import { Clock } from '@biz/platform';

/** Stands still until a test moves it. */
export class ManualClock extends Clock {
  private time: number;

  constructor(start: Date | string = '2026-11-23T03:00:00Z') {
    super();
    this.time = new Date(start).getTime();
  }

  now(): Date {
    return new Date(this.time);
  }

  set(time: Date | string): void {
    this.time = new Date(time).getTime();
  }

  advance(ms: number): void {
    this.time += ms;
  }
}
