import { eventually, times } from '@biz/testing';
import { Gallery, jpeg } from './gallery';
import { SlowPictures } from './slow-pictures';
import type { Malady } from './slow-pictures';

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

/** Waits while time goes by: on a slow machine a picture that is held for long is given up, and fetched again. */
const isThere = ({ stage }: Gallery, relayId: string): Promise<void> =>
  eventually(async () => {
    stage.clock.advance(10);
    expect((await stage.capture(relayId)).state).toBe('delivered');
  });

describe('of many customers at once', () => {
  it('as many files are fetched as are configured', async () => {
    const gallery = await Gallery.open({ IMAGE_PARALLEL_TOTAL: '20', IMAGE_PARALLEL_DOWNLOADS: '5' });
    const held = new Held(gallery);
    for (const relayId of ['a', 'b', 'c', 'd']) await gallery.stage.callback(held.otp(), relayId);
    await eventually(async () => {
      expect([held.count, await waiting(gallery)]).toEqual([20, 100]);
    });
    held.release();
    for (const relayId of ['a', 'b', 'c', 'd']) await isThere(gallery, relayId);
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
    for (const relayId of first) await isThere(gallery, relayId);
    await gallery.close();
  });
});

const OTHER_SHOP = '/m/other-shop-unguessable-key/callback';

describe('beside bad pictures', () => {
  let pictures: SlowPictures;
  let gallery: Gallery;
  beforeEach(async () => {
    pictures = await SlowPictures.start();
    gallery = await Gallery.open({ KAKAO_IMAGE_ORIGINS: pictures.url });
  });
  afterEach(async () => {
    await gallery.close();
    await pictures.close();
  });

  const give = (relayId: string, kind: 'good' | Malady, count: number, path?: string): Promise<unknown> =>
    gallery.stage.callback(gallery.offer(pictures.addressesOf(kind, count)), relayId, path);
  const listed = (count: number): Promise<void> =>
    eventually(async () => {
      expect(await gallery.stage.database.query('SELECT FROM capture.files')).toHaveLength(count);
    });
  const tookPlace = (count: number, kind: Malady): Promise<void> =>
    eventually(() => {
      expect(pictures.count(kind)).toBeGreaterThanOrEqual(count);
    });

  it.each<Malady>(['hangs', 'stops', 'drips', 'fails'])(
    '90 of three customers (%s), all pictures of the next customer come first',
    async (malady) => {
      for (const relayId of ['a', 'b', 'c']) await give(relayId, malady, 30);
      await listed(90);
      await tookPlace(8, malady);
      await give('next', 'good', 12);
      await isThere(gallery, 'next');
      expect(pictures.count('good')).toBe(12);
      // Six at once of each customer, and some more on a busy machine; waiting for their end took them all.
      expect(
        pictures.story.slice(0, pictures.story.lastIndexOf('good')).filter((each) => each === malady).length,
      ).toBeLessThan(60);
    },
  );

  it.each<Malady>(['crawls', 'fails'])(
    '900 of one merchant (%s), the pictures of another merchant come before most are tried',
    async (malady) => {
      await Promise.all(times(30, (at) => give(`many-${at}`, malady, 30)));
      await listed(900);
      await tookPlace(8, malady);
      await give('other', 'good', 12, OTHER_SHOP);
      await isThere(gallery, 'other');
      expect(
        pictures.story.slice(0, pictures.story.lastIndexOf('good')).filter((each) => each === malady).length,
      ).toBeLessThan(450);
    },
  );
});
