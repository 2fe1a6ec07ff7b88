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
