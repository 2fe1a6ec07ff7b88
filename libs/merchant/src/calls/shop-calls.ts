import { Injectable, Logger } from '@nestjs/common';
import { Metrics, NotNow, ofOneMerchant, withTimeout } from '@biz/platform';
import { Counter } from 'prom-client';
import { ShopAnswerRefused } from '../ports/shop-answer-refused';
import { Bulkhead } from './bulkhead';
import type { Bounds } from './bulkhead';
import { withoutGiven } from './without-given';

/** What a merchant is called for; each has places of its own, so that slow order work does not stop its order sheets. */
const LANES = {
  /** A buyer waits in T1 or T2, so a rush on a merchant that answers quickly waits a moment too. */
  orders: { atOnce: 32, waiting: 512, waitMs: 500 },
  /** A customer looks at a product, or has chosen; its own lane, so that browsing does not hold up who pays. */
  products: { atOnce: 32, waiting: 512, waitMs: 500 },
  /** A customer waits to join. */
  members: { atOnce: 8, waiting: 64, waitMs: 500 },
  /** Order work (`Fulfilment`), by workers that all merchants share. */
  fulfilment: { atOnce: 4, waiting: 4, waitMs: 250 },
  /** Events; as many are claimed as there are places. */
  events: { atOnce: 16, waiting: 4, waitMs: 250 },
} as const satisfies Record<string, Bounds>;
export type Lane = keyof typeof LANES;

/** Workers of the queue of order work: more than a few merchants may hold together, so that others go on. */
export const SHOP_WORKERS = { concurrency: 16, share: ofOneMerchant(LANES.fulfilment.atOnce) };

/** A call that is not over so long after its time-out is forgotten, and its place given to another. */
const FORGOTTEN_AFTER_MS = 10_000;

/** Seconds until a job comes again that found no place; those of a merchant that hangs may be thousands. */
const AGAIN_S = 1;
const AGAIN_HANGING_S = 30;

/** The merchant has as many calls under way as it may have, or hangs: nothing was asked. */
export class ShopBusy extends Error {
  override readonly name = 'ShopBusy';

  /** @param hangs its last calls had no answer in time */
  constructor(readonly hangs: boolean) {
    super(hangs ? 'the merchant did not answer its last calls' : 'the merchant has too many calls under way');
  }
}

/** The merchant had no answer in time; whether it did the work is not known. */
export class ShopLate extends Error {
  override readonly name = 'ShopLate';
}

/**
 * Calls a merchant's own code or servers so that nobody else feels it: bounded in time and in number, for each merchant.
 *
 * Code that never gives control back (an endless loop) stops the process all the same: a shop whose code is not trusted
 * that far answers by HTTP (`endpoints`).
 */
@Injectable()
export class ShopCalls {
  private readonly logger = new Logger(ShopCalls.name);
  private readonly bulkheads = new Map<string, Bulkhead>();
  private readonly outcomes: Counter<'merchant' | 'lane' | 'outcome'>;

  constructor(metrics: Metrics) {
    this.outcomes = new Counter({
      name: 'shop_calls_total',
      help: 'Calls to merchants, by how they ended: answered, failed, late, refused (not made)',
      labelNames: ['merchant', 'lane', 'outcome'],
      registers: [metrics.registry],
    });
  }

  /**
   * What the work answers; what it throws is thrown without what it quotes of what the merchant was given.
   *
   * @throws ShopBusy without a call, at once when the merchant hangs
   * @throws ShopLate after `timeoutMs`; the work itself is not stopped
   */
  async call<T>(merchant: string, lane: Lane, timeoutMs: number, given: object, work: () => Promise<T>): Promise<T> {
    const bulkhead = this.bulkheadOf(merchant, lane);
    const place = bulkhead.enter();
    if (place === false || (place !== true && !(await place))) {
      this.count(merchant, lane, 'refused');
      throw new ShopBusy(bulkhead.hangs);
    }
    const leave = once(() => {
      bulkhead.leave();
    });
    const running = started(work);
    running.then(leave, leave);
    try {
      const answer = await withTimeout(running, timeoutMs, () => new ShopLate(`no answer within ${timeoutMs} ms`));
      bulkhead.answered();
      this.count(merchant, lane, 'answered');
      return answer;
    } catch (error) {
      if (!(error instanceof ShopLate)) {
        bulkhead.answered();
        this.count(merchant, lane, 'failed');
        throw error instanceof ShopAnswerRefused ? error : withoutGiven(error, given);
      }
      const didHang = bulkhead.hangs;
      bulkhead.late();
      this.count(merchant, lane, 'late');
      if (bulkhead.hangs && !didHang) this.logger.error({ merchant, lane }, 'a merchant hangs: one call at a time');
      setTimeout(leave, FORGOTTEN_AFTER_MS).unref();
      throw error;
    }
  }

  /** The same for a handler of durable work: when it is not the merchant's turn, the job comes again and costs no try. */
  async job<T>(merchant: string, lane: Lane, timeoutMs: number, given: object, work: () => Promise<T>): Promise<T> {
    try {
      return await this.call(merchant, lane, timeoutMs, given, work);
    } catch (error) {
      if (error instanceof ShopBusy) throw new NotNow(error.message, error.hangs ? AGAIN_HANGING_S : AGAIN_S);
      throw error;
    }
  }

  /** How many calls a merchant may have under way just now. */
  atOnce(merchant: string, lane: Lane): number {
    return this.bulkheadOf(merchant, lane).hangs ? 1 : LANES[lane].atOnce;
  }

  private bulkheadOf(merchant: string, lane: Lane): Bulkhead {
    const key = `${lane} ${merchant}`;
    let bulkhead = this.bulkheads.get(key);
    if (!bulkhead) this.bulkheads.set(key, (bulkhead = new Bulkhead(LANES[lane])));
    return bulkhead;
  }

  private count(merchant: string, lane: Lane, outcome: string): void {
    this.outcomes.inc({ merchant, lane, outcome });
  }
}

/** What throws before its first await is a rejection too. */
async function started<T>(work: () => Promise<T>): Promise<T> {
  return await work();
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
