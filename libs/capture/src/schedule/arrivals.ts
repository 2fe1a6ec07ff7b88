import { Injectable } from '@nestjs/common';

/** With more than this many under way, callbacks arrive faster than they are answered. */
const MANY = 16;
/** Callbacks that were stored together are answered together: for a moment none is under way, and all come again. */
const LASTS_MS = 250;

/** Knows how many callbacks are being received just now: whoever calls has a second, what waits has ten minutes. */
@Injectable()
export class Arrivals {
  private underWay = 0;
  private manyUntil = 0;

  get many(): boolean {
    return performance.now() < this.manyUntil;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.underWay++;
    if (this.underWay > MANY) this.manyUntil = performance.now() + LASTS_MS;
    try {
      return await work();
    } finally {
      this.underWay--;
    }
  }
}
