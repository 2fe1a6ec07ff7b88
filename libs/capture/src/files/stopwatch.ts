import { Injectable } from '@nestjs/common';

/** Milliseconds that run evenly, by which downloads are measured. A test that holds it still sees none become slow. */
@Injectable()
export class Stopwatch {
  now(): number {
    return performance.now();
  }
}
