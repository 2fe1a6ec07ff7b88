import { eventually, times } from '@biz/testing';
import { Gallery, jpeg } from './gallery';

/** Ten pictures in three sizes, each of which waits until it is let go. */
class Held {
  count = 0;
  private letGo = (): void => undefined;
  private readonly end = new Promise<void>((resolve) => (this.letGo = resolve));

  constructor(private readonly gallery: Gallery) {}

  otp(): string {
    return this.gallery.offer(times(10, () => ({ original: this.url(), img_3m: this.url(), img_1m: this.url() })));
  }

  release(): void {
    this.letGo();
  }

  private url(): string {
    return this.gallery.image(async () => {
      this.count++;
      await this.end;
      return { body: jpeg(100) };
    });
  }
}

const waiting = async ({ stage }: Gallery): Promise<number> =>
  (await stage.database.query(`SELECT FROM capture.files WHERE state = 'pending' AND claimed_until IS NULL`)).length;

describe('of many customers at once', () => {
  it('as many files are fetched as are configured', async () => {
    const gallery = await Gallery.open({ IMAGE_PARALLEL_TOTAL: '20' });
    const held = new Held(gallery);
    for (const relayId of ['a', 'b', 'c', 'd']) await gallery.stage.callback(held.otp(), relayId);
    await eventually(async () => {
      expect([held.count, await waiting(gallery)]).toEqual([20, 100]);
    });
    held.release();
    for (const relayId of ['a', 'b', 'c', 'd']) await gallery.stage.reaches(relayId, 'delivered');
    await gallery.close();
  });

  it('those who may have no more at once hide nobody who may', async () => {
    const gallery = await Gallery.open({ IMAGE_PARALLEL_TOTAL: '20', IMAGE_PARALLEL_DOWNLOADS: '1' });
    const { stage } = gallery;
    const held = new Held(gallery);
    const first = times(8, (at) => `first-${at}`);
    for (const relayId of first) await stage.callback(held.otp(), relayId);
    // More than are looked at for a choice, and all more urgent than what comes now.
    await eventually(async () => {
      expect([held.count, await waiting(gallery)]).toEqual([8, 232]);
    });
    stage.clock.advance(1);
    await stage.callback(gallery.offer([{ original: gallery.image(() => ({ body: jpeg(100) })) }]), 'next');
    await stage.reaches('next', 'delivered');
    held.release();
    for (const relayId of first) await stage.reaches(relayId, 'delivered');
    await gallery.close();
  });
});
