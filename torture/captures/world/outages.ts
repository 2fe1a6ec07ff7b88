import { setTimeout as delay } from 'node:timers/promises';
import { Disturbances } from '../../disturbances';
import type { Random } from '../../random';
import type { Shop } from '../../world/shop';
import type { OtpKakao } from './kakao';
import type { Store } from './store';

/** Kakao and the shop go down for minutes, and the store takes nothing, now and then; all are well when it settles. */
export class Outages extends Disturbances {
  timesFull = 0;
  timesGone = 0;

  constructor(
    private readonly random: { kakao: Random; store: Random; shop: Random },
    private readonly kakao: OtpKakao,
    private readonly store: Store,
    private readonly shop: Shop,
    private readonly paceMs: number,
  ) {
    super();
  }

  protected disturb(): Promise<unknown> {
    return Promise.all([
      this.ofServer('kakao', this.kakao, this.random.kakao),
      this.ofServer('shop', this.shop, this.random.shop),
      this.ofStore(this.random.store),
    ]);
  }

  private async ofServer(what: string, server: OtpKakao | Shop, random: Random): Promise<void> {
    while (await this.pause(random.int(500, this.paceMs))) {
      // One in three lasts so long that most of the time of whoever waits is gone.
      const ms = random.chance(1 / 3) ? random.int(this.paceMs, 3 * this.paceMs) : random.int(500, this.paceMs);
      const how = random.chance(0.3) ? 'silence' : 'errors';
      await this.during(what, async () => {
        server.down = how;
        await delay(ms);
        server.down = undefined;
      });
    }
  }

  private async ofStore(random: Random): Promise<void> {
    while (await this.pause(random.int(500, this.paceMs))) {
      const ms = random.int(200, 3_000);
      const full = this.store.canBeFull && random.chance(0.7);
      if (full) this.timesFull += 1;
      else this.timesGone += 1;
      await this.during('store', () => (full ? this.store.full(ms) : this.store.gone(ms)));
    }
  }
}
