import { Clock } from '@biz/platform';
import { eventually } from './eventually';

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

  /**
   * Repeats an expectation until it holds, while time goes on by a step each time.
   *
   * For what an app plans by this clock after a sign that the test has seen: a single `advance` may come before the plan,
   * which then never becomes due.
   */
  advanceUntil<T>(stepMs: number, expectation: () => T | Promise<T>): Promise<T> {
    return eventually(() => {
      this.advance(stepMs);
      return expectation();
    });
  }
}
