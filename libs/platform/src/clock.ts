import { Injectable } from '@nestjs/common';

/** The time. Injected wherever time decides something, so that tests move it instead of waiting. */
export abstract class Clock {
  abstract now(): Date;
}

@Injectable()
export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }
}

const KOREA_AHEAD_MS = 9 * 3_600_000;

/** An instant as people in Korea read it: `2026-11-23T12:10:00+09:00`. Korea has had no summer time since 1988. */
export const inKorea = (instant: Date): string =>
  `${new Date(instant.getTime() + KOREA_AHEAD_MS).toISOString().slice(0, 19)}+09:00`;
