import { eventually } from '@biz/testing';
import type { StubAnswer } from '@biz/testing';
import type { Stage } from '../../../libs/capture/test/stage';
import { Gallery, jpeg } from './gallery';

/** Ten minutes, as RETRY_TIME_SCALE shortens them. */
const TEN_MINUTES = 6_000;
const DOWN: StubAnswer = { status: 503 };

describe('the time in which images are fetched', () => {
  let gallery: Gallery;
  let stage: Stage;
  beforeAll(async () => {
    gallery = await Gallery.open();
    ({ stage } = gallery);
  });
  afterAll(() => gallery.close());

  /** A picture that Kakao holds back, once it was asked for and answered 503; no time passes but what a test lets pass. */
  async function heldBack(relayId: string, expiresAfterMs: number): Promise<() => number> {
    let asked = 0;
    const url = gallery.image(() => ({ ...DOWN, text: `${++asked}` }));
    const expire = new Date(stage.clock.now().getTime() + expiresAfterMs).toISOString();
    await stage.callback(gallery.offer([{ original: url }], expire), relayId);
    const { id } = await stage.capture(relayId);
    await eventually(async () => {
      expect(
        await stage.database.query('SELECT problem, claimed_until FROM capture.files WHERE capture_id = $1', [id]),
      ).toEqual([{ problem: 'kakao-unavailable', claimed_until: null }]);
    });
    return () => asked;
  }

  it.each([
    ['ten minutes, though their addresses work for an hour', 3_600_000, TEN_MINUTES],
    ['as long as their addresses work, though ten minutes are longer', 2_000, 2_000],
  ])('is %s', async (relayId, expiresAfterMs, endsAfterMs) => {
    const asked = await heldBack(relayId, expiresAfterMs);
    stage.clock.advance(endsAfterMs - 1_000);
    await eventually(() => {
      expect(asked()).toBe(2);
    });
    expect((await stage.capture(relayId)).state).toBe('pending');
    stage.clock.advance(1_000);
    expect(await stage.reaches(relayId, 'expired')).toMatchObject({ failure: 'no-image-stored' });
    expect(asked()).toBe(2);
  });

  it('is not waited for when a process ended between the last file and the end: the next look ends the capture', async () => {
    await stage.database.query(`
      CREATE FUNCTION capture.crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'crash'; END $$;
      CREATE TRIGGER crash BEFORE INSERT ON merchant.deliveries EXECUTE FUNCTION capture.crash()`);
    await stage.callback(gallery.offer([{ original: gallery.image(() => ({ body: jpeg(700) })) }]), 'crashed');
    await eventually(() => {
      expect(stage.logs.join('')).toContain('capture.image.fetch failed');
    });
    await stage.app.close();
    await stage.database.query('DROP TRIGGER crash ON merchant.deliveries');
    await gallery.startInstance();
    const { id, state } = await stage.capture('crashed');
    const files = await stage.database.query('SELECT state FROM capture.files WHERE capture_id = $1', [id]);
    expect([state, files]).toEqual(['pending', [{ state: 'stored' }]]);
    // Fifteen seconds of ten minutes.
    stage.clock.advance(TEN_MINUTES / 40);
    await stage.reaches('crashed', 'delivered');
  });
});
