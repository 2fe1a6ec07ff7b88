import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, times } from '@biz/testing';
import type { StubAnswer } from '@biz/testing';
import type { Stage } from '../../../libs/capture/test/stage';
import { Gallery, jpeg } from './gallery';

const DOWN: StubAnswer = { status: 503 };

describe('the image app while Kakao is down', () => {
  let gallery: Gallery;
  let stage: Stage;
  let kakao: 'up' | 'down';

  beforeEach(async () => {
    gallery = await Gallery.open();
    ({ stage } = gallery);
    kakao = 'up';
  });
  afterEach(() => gallery.close());

  const countOf = async (condition: string): Promise<number> => {
    const [row] = await stage.database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM capture.captures WHERE ${condition}`,
    );
    return row!.n;
  };

  it('asks for an OTP with each probe, not for what it holds the answer of', async () => {
    // Whoever is asked about waits for this picture, with its answer held.
    stage.kakao.on('GET /dna/a.jpg', DOWN);
    const answer = { secure_urls: [{ original: `${stage.kakao.url}/dna/a.jpg` }], expire: '2026-11-23T03:10:00Z' };
    const otp = (): string => stage.otp('secure_image', () => (kakao === 'up' ? { json: answer } : DOWN));
    await Promise.all(times(12, () => stage.callback(otp())));
    await eventually(async () => {
      expect(await countOf('sealed_answer IS NOT NULL')).toBe(12);
    });
    kakao = 'down';
    await Promise.all(times(6, () => stage.callback(otp())));
    await eventually(() => {
      expect(stage.logs.join('')).toContain('Kakao does not answer');
    });
    await stage.asTimeGoesBy(async () => {
      expect(await countOf('sealed_answer IS NULL AND tries >= 2')).toBe(6);
    });

    kakao = 'up';
    // The longest pause between two probes, which are 8 s.
    stage.clock.advance(80);
    await eventually(async () => {
      expect(await countOf('sealed_answer IS NULL')).toBe(0);
    });
  });
});

describe('the image app while OTPs are answered', () => {
  let gallery: Gallery;
  let stage: Stage;
  let pictures: StubAnswer;

  beforeEach(async () => {
    gallery = await Gallery.open();
    ({ stage } = gallery);
    pictures = { body: jpeg(900) };
  });
  afterEach(() => gallery.close());

  const incoming = (): string => join(gallery.store, '.incoming');
  const away = (): string => join(gallery.store, '.away');
  const said = (words: string): number => stage.logs.filter((line) => line.includes(words)).length;

  it.each<[string, () => void | Promise<void>, () => void | Promise<void>]>([
    ['no picture is to be had', () => void (pictures = DOWN), () => void (pictures = { body: jpeg(900) })],
    ['the store takes nothing', () => rename(incoming(), away()), () => rename(away(), incoming())],
  ])('and %s: asks now and then, and for all as soon as it can', async (_what, begin, end) => {
    await begin();
    let asked = 0;
    const picture = (): string =>
      gallery.image(() => {
        asked++;
        return pictures;
      });
    const relayIds = times(12, (at) => `waits-${at}`);
    await Promise.all(relayIds.map((relayId) => stage.callback(gallery.offer([{ original: picture() }]), relayId)));
    await eventually(async () => {
      const rows = await stage.database.query('SELECT FROM capture.files WHERE claimed_until IS NULL');
      expect([rows.length, said('images cannot be fetched')]).toEqual([12, 1]);
    });
    const before = asked;
    let steps = 0;
    await eventually(() => {
      stage.clock.advance(60);
      steps++;
      expect(asked - before).toBeGreaterThanOrEqual(4);
    });
    // One of the twelve, each time.
    expect(asked - before).toBeLessThanOrEqual(steps);

    await end();
    // The longest pause between two probes, which are 8 s.
    stage.clock.advance(80);
    for (const relayId of relayIds) await stage.reaches(relayId, 'delivered');
    expect([said('images cannot be fetched'), said('images can be fetched again')]).toEqual([1, 1]);
  });
});

it('starts without its store: callbacks are taken, and the images stored once it is there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'biz-images-'));
  const inItsPlace = join(folder, 'disk');
  await writeFile(inItsPlace, 'no folder');
  const gallery = await Gallery.open({ IMAGE_STORE: join(inItsPlace, 'images') });
  const { stage } = gallery;
  expect(stage.logs.join('')).toContain('the store of images cannot be used');
  const otp = gallery.offer([{ original: gallery.image(() => ({ body: jpeg(900) })) }]);
  expect((await stage.callback(otp, 'early')).status).toBe(200);
  await eventually(async () => {
    expect(await stage.database.query('SELECT state, problem FROM capture.files')).toEqual([
      { state: 'pending', problem: 'store-unavailable' },
    ]);
  });
  await rm(inItsPlace);
  await stage.asTimeGoesBy(async () => {
    expect((await stage.capture('early')).state).toBe('delivered');
  });
  expect((await fetch(gallery.filesOf('early')[0]!.href!)).status).toBe(200);
  await gallery.close();
  await rm(folder, { recursive: true });
});

it('fetches an image once, though the database is away for a while just when it is stored', async () => {
  const gallery = await Gallery.open();
  const { stage } = gallery;
  await stage.database.query(`
    CREATE SEQUENCE capture.refused;
    CREATE FUNCTION capture.stop() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM nextval('capture.refused'); RAISE EXCEPTION 'the database system is shutting down' USING ERRCODE = '57P01'; END $$;
    CREATE TRIGGER stop BEFORE UPDATE OF store_key ON capture.files FOR EACH ROW EXECUTE FUNCTION capture.stop()`);
  let asked = 0;
  await stage.callback(
    gallery.offer([{ original: gallery.image(() => ({ body: jpeg(900), text: `${++asked}` })) }]),
    'once',
  );
  // Longer than a callback could wait for it, at 150 ms each.
  await eventually(async () => {
    const [row] = await stage.database.query<{ n: string }>('SELECT last_value AS n FROM capture.refused');
    expect(Number(row!.n)).toBeGreaterThan(20);
  });
  await stage.database.query('DROP TRIGGER stop ON capture.files');
  await stage.reaches('once', 'delivered');
  expect(asked).toBe(1);
  await gallery.close();
});
