import { Injectable } from '@nestjs/common';
import { Clock, RuntimeConfig } from '@biz/platform';

/** Seconds before each further try of something that is over after ten minutes; the last repeats. */
const STEPS = [1, 2, 4, 8, 15, 30, 60];
/** Each delay varies by this share, so that what failed together does not return together. */
const JITTER = 0.2;
/** The last try comes so many seconds before the deadline: at it, Kakao would no longer answer. */
const LAST_TRY = 5;
/** With less than this left, something is tried even while the server is taken to be down. */
const URGENT = 60;

/** What Kakao handed over and the database does not take just now is held for so long. */
export const KEPT_IN_MEMORY_MS = 60_000;

/** How often somebody looks whether a capture that waits for its files still has to. */
const LOOK_AGAIN = 15;

/** When what failed is tried again, until its deadline. All delays are multiplied by RETRY_TIME_SCALE. */
@Injectable()
export class RetryTimes {
  constructor(
    private readonly clock: Clock,
    private readonly runtime: RuntimeConfig,
  ) {}

  /**
   * @param tries so far
   * @param deadlineAt absent when there is none
   * @returns the deadline itself when no try is left before it
   */
  next(tries: number, deadlineAt: Date | undefined): Date {
    const now = this.clock.now().getTime();
    const step = STEPS[Math.min(Math.max(tries, 1), STEPS.length) - 1] ?? 60;
    const due = now + this.scaled(step) * (1 + JITTER * (2 * Math.random() - 1));
    if (!deadlineAt) return new Date(due);
    const last = deadlineAt.getTime() - this.scaled(LAST_TRY);
    if (due <= last) return new Date(due);
    return now < last ? new Date(last) : deadlineAt;
  }

  /** When a capture that waits is looked at next. */
  lookAgain(deadlineAt: Date): Date {
    return new Date(Math.min(this.clock.now().getTime() + this.scaled(LOOK_AGAIN), deadlineAt.getTime()));
  }

  /** Whatever is over by then does not wait for the end of an outage. */
  urgentUntil(): Date {
    return new Date(this.clock.now().getTime() + this.scaled(URGENT));
  }

  private scaled(seconds: number): number {
    return seconds * 1000 * this.runtime.retryTimeScale;
  }
}
