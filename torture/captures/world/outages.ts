import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Disturbances } from '../../disturbances';
import type { Random } from '../../random';
import type { OtpKakao } from './kakao';

/** Kakao goes down for minutes, and the store takes nothing, now and then; both are well when it settles. */
export class Outages extends Disturbances {
  constructor(
    private readonly random: Random,
    private readonly kakao: OtpKakao,
    /** Folder of the image store. */
    private readonly store: string,
    private readonly paceMs: number,
  ) {
    super();
  }

  protected disturb(): Promise<unknown> {
    return Promise.all([this.ofKakao(), this.ofStore()]);
  }

  private async ofKakao(): Promise<void> {
    while (await this.pause(this.random.int(500, this.paceMs))) {
      const ms = this.random.int(500, this.paceMs);
      await this.during('kakao', async () => {
        this.kakao.down = true;
        await delay(ms);
        this.kakao.down = false;
      });
    }
  }

  private async ofStore(): Promise<void> {
    const [incoming, away] = [join(this.store, '.incoming'), join(this.store, '.away')];
    await mkdir(incoming, { recursive: true });
    while (await this.pause(this.random.int(500, this.paceMs))) {
      const ms = this.random.int(200, 2_000);
      await this.during('store', async () => {
        await rename(incoming, away);
        await delay(ms);
        // An app that was started meanwhile made another.
        for (;;) {
          const moved = await rename(away, incoming).then(
            () => true,
            () => false,
          );
          if (moved) break;
          await rename(incoming, `${away}-${this.windows.length}-${Date.now()}`);
        }
      });
    }
  }
}
