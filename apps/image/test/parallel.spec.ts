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

describe('of many customers at once', () => {
  it('as many files are fetched as are configured', async () => {
    const gallery = await Gallery.open({ IMAGE_PARALLEL_TOTAL: '20', IMAGE_PARALLEL_DOWNLOADS: '5' });
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

const OTHER_SHOP = '/m/other-shop-unguessable-key/callback';

describe('beside bad pictures', () => {
  const PLACES = 2;
  let pictures: SlowPictures;
  let gallery: Gallery;
  beforeEach(async () => {
    pictures = await SlowPictures.start();
    gallery = await Gallery.inRealTime({
      ...{ KAKAO_IMAGE_ORIGINS: pictures.url, IMAGE_PARALLEL_TOTAL: String(PLACES) },
      // A picture has ten real minutes.
      RETRY_TIME_SCALE: '1',
    });
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
  const takePlaces = (kind: Malady): Promise<void> =>
    eventually(() => {
      expect(pictures.count(kind)).toBeGreaterThanOrEqual(PLACES);
    });
  /** What is tried again, and how an outage is probed, needs time that goes by. */
  const isThere = (relayId: string): Promise<void> =>
    eventually(async () => {
      gallery.stage.clock.advance(500);
      expect((await gallery.stage.capture(relayId)).state).toBe('delivered');
    });
  const triedBeforeTheLastGood = (kind: Malady): number =>
    pictures.story.slice(0, pictures.story.lastIndexOf('good')).filter((each) => each === kind).length;

  it.each<Malady>(['hangs', 'stops', 'drips', 'fails'])(
    '27 of three customers (%s), all pictures of the next customer come first',
    async (malady) => {
      for (const relayId of ['a', 'b', 'c']) await give(relayId, malady, 9);
      await listed(27);
      await takePlaces(malady);
      await give('next', 'good', 6);
      await isThere('next');
      expect(pictures.count('good')).toBe(6);
      // Six at once of each customer on a busy machine; waiting for their end took them all.
      expect(triedBeforeTheLastGood(malady)).toBeLessThan(20);
    },
  );

  it.each<Malady>(['crawls', 'fails'])(
    '240 of one merchant (%s), the pictures of another merchant come before most are tried',
    async (malady) => {
      // More than are looked at for a choice.
      await Promise.all(times(8, (at) => give(`many-${at}`, malady, 30)));
      await listed(240);
      await takePlaces(malady);
      await give('other', 'good', 6, OTHER_SHOP);
      await isThere('other');
      expect(triedBeforeTheLastGood(malady)).toBeLessThan(120);
    },
  );
});
