import { Injectable } from '@nestjs/common';

/** With more than this many under way, callbacks arrive faster than they are answered. */
const MANY = 16;

/** Knows how many callbacks are being received just now: whoever calls has a second, what waits has ten minutes. */
@Injectable()
export class Arrivals {
  private underWay = 0;

  get many(): boolean {
    return this.underWay > MANY;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.underWay++;
    try {
      return await work();
    } finally {
      this.underWay--;
    }
  }
}
