import { createHash } from 'node:crypto';
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, times } from '@biz/testing';
import type { StubAnswer } from '@biz/testing';
import { OPERATOR } from '../../../libs/capture/test/stage';
import type { Stage } from '../../../libs/capture/test/stage';
import { Gallery, jpeg } from './gallery';
import type { FileFacts } from './gallery';

describe('the image app', () => {
  let gallery: Gallery;
  let stage: Stage;

  beforeAll(async () => {
    gallery = await Gallery.open({ IMAGE_MAX_BYTES: '300000', IMAGE_PARALLEL_TOTAL: '16' });
    ({ stage } = gallery);
  });
  afterAll(() => gallery.close());

  it('holds thirty files, names the one that fails, and hands out what was sent', async () => {
    const content = times(30, (at) => jpeg(1_000 + at * 5_000));
    const urls = times(10, (picture) => {
      const url = (at: number): string =>
        gallery.image(() =>
          at === 17 ? { status: 403 } : { body: content[at]!, headers: { 'content-type': 'text/html' } },
        );
      return { original: url(picture * 3), img_3m: url(picture * 3 + 1), img_1m: url(picture * 3 + 2) };
    });
    await stage.callback(gallery.offer(urls), 'thirty');
    const capture = await stage.reaches('thirty', 'delivered');
    expect(capture.consent).toEqual({
      ...{ scopes: ['image'], name: '영수증', purpose: '영수증 확인' },
      ...{ items: '영수증 사진', notice: '심사필 1호', retainDays: 7 },
    });

    expect(stage.events('thirty')).toMatchObject([
      {
        type: 'image.received',
        data: {
          id: capture.id,
          merchant: 'test-shop',
          expiresAt: '2026-11-23T03:10:00.000Z',
          expiresAtKst: '2026-11-23T12:10:00+09:00',
        },
      },
    ]);
    const files = gallery.filesOf('thirty');
    expect(files).toHaveLength(30);
    expect(files.filter(({ state }) => state !== 'stored')).toEqual([
      { id: expect.any(String) as string, picture: 6, variant: '1m', state: 'failed', failure: 'refused-by-kakao' },
    ]);
    const sizes = ['original', '3m', '1m'];
    for (const { picture, variant, state, size, type, sha256, href } of files) {
      if (state !== 'stored') continue;
      const sent = content[(picture - 1) * 3 + sizes.indexOf(variant)]!;
      expect([size, type, sha256]).toEqual([
        sent.length,
        'image/jpeg',
        createHash('sha256').update(sent).digest('hex'),
      ]);
      const response = await fetch(href!);
      expect(response.headers.get('content-type')).toBe('image/jpeg');
      expect(response.headers.get('content-length')).toBe(String(sent.length));
      expect(Buffer.from(await response.arrayBuffer()).equals(sent)).toBe(true);
    }
    const details = await stage.operator('GET', `/captures/${capture.id}`);
    expect(details.body).toMatchObject({
      expiresAt: '2026-11-23T03:10:00.000Z',
      expiresAtKst: '2026-11-23T12:10:00+09:00',
    });
    expect((details.body.files as FileFacts[]).map(({ id }) => id)).toEqual(files.map(({ id }) => id));
  });

  it('keeps every file encrypted on disk', async () => {
    const content = jpeg(100_000);
    await stage.callback(gallery.offer([{ original: gallery.image(() => ({ body: content })) }]), 'sealed');
    const { id } = await stage.reaches('sealed', 'delivered');
    const [name] = await gallery.filesOnDisk(id);
    const stored = await readFile(join(gallery.store, id, name!));
    expect(stored.length).toBe(content.length + 2 * 16);
    for (let at = 0; at + 32 <= content.length; at += 5_000) {
      expect(stored.includes(content.subarray(at, at + 32))).toBe(false);
    }
    expect(await readdir(join(gallery.store, '.incoming'))).toEqual([]);
  });

  it('shows a file to an operator for a reason only, and logs the look', async () => {
    await stage.callback(gallery.offer([{ original: gallery.image(() => ({ body: jpeg(2_000) })) }]), 'looked-at');
    const { id } = await stage.reaches('looked-at', 'delivered');
    const file = gallery.filesOf('looked-at')[0]!.id;
    const address = `${stage.app.url}/operator/captures/${id}/files/${file}`;
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(address, { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status(OPERATOR)).toBe(400);
    expect(await gallery.looksAt(id)).toEqual([]);
    expect(await status({ ...OPERATOR, 'x-access-reason': encodeURIComponent('반품 심사') })).toBe(200);
    expect(await gallery.looksAt(id)).toMatchObject([{ what: 'file', part: file, reason: '반품 심사' }]);
  });

  it('fetches again after 500, 429, a dropped connection and half a file', async () => {
    const content = jpeg(20_000);
    const answers = [{ status: 500 }, { status: 429 }, { dropBefore: true }, { body: content, dropAfter: true }];
    const url = gallery.image(() => answers.shift() ?? { body: content });
    await stage.callback(
      gallery.offer([{ original: url, img_1m: gallery.image(() => ({ body: jpeg(500) })) }]),
      'shaky',
    );
    await stage.asTimeGoesBy(() => {
      expect(answers).toEqual([]);
    });
    await stage.asTimeGoesBy(async () => {
      expect(await stage.capture('shaky')).toMatchObject({ state: 'delivered' });
    });
    expect(gallery.filesOf('shaky').map(({ state, size }) => [state, size])).toEqual([
      ['stored', 500],
      ['stored', 20_000],
    ]);
    expect(stage.events('shaky')).toHaveLength(1);
  });

  it('takes images only, of Kakao only, and not too large', async () => {
    const elsewhere = 'http://127.0.0.1:9/dna/img.jpg';
    const { host } = new URL(stage.kakao.url);
    await stage.callback(
      gallery.offer([
        {
          original: gallery.image(() => ({ body: jpeg(300_001) })),
          img_1m: gallery.image(() => ({ body: Buffer.from('<html>'), headers: { 'content-type': 'image/jpeg' } })),
        },
        {
          original: elsewhere,
          img_1m: `http://u@${host}/dna/x.jpg`,
          img_3m: gallery.image(() => ({ body: Buffer.alloc(0) })),
        },
        {
          original: `${stage.kakao.url}.evil.example/dna/x.jpg`,
          img_1m: gallery.image(() => ({ body: jpeg(300_000) })),
        },
      ]),
      'picky',
    );
    // A page, or nothing, may be a server under repair: it is asked for again until no try is left.
    await stage.clock.advanceUntil(600, async () => {
      expect(await stage.capture('picky')).toMatchObject({ state: 'delivered' });
    });
    // The last try, or the deadline: the test's clock may outrun a machine that is busy.
    const noImage: unknown = expect.toBeOneOf(['not-an-image', 'deadline-passed']);
    expect(gallery.filesOf('picky').map(({ picture, variant, failure }) => [picture, variant, failure])).toEqual([
      [1, '1m', noImage],
      [1, 'original', 'too-large'],
      [2, '1m', 'origin-refused'],
      [2, '3m', noImage],
      [2, 'original', 'origin-refused'],
      [3, '1m', undefined],
      [3, 'original', 'origin-refused'],
    ]);
  });

  it('does not follow a redirect, and stops when the addresses expire', async () => {
    let asked = 0;
    const url = gallery.image(() => ({
      status: 302,
      headers: { location: `${stage.kakao.url}/dna/elsewhere.jpg` },
      text: `${++asked}`,
    }));
    await stage.callback(gallery.offer([{ original: url }], '2026-11-23T03:05:00Z'), 'late');
    await stage.asTimeGoesBy(() => {
      expect(asked).toBeGreaterThan(1);
    });
    stage.clock.advance(300_000);
    const capture = await stage.reaches('late', 'expired');
    stage.clock.advance(-300_000);
    expect(capture).toMatchObject({ failure: 'no-image-stored', expiresAt: '2026-11-23T03:05:00.000Z' });
    await eventually(() => {
      expect(stage.events('late')).toMatchObject([{ type: 'capture.failed', data: { reason: 'no-image-stored' } }]);
    });
    expect(stage.kakao.requests.filter(({ path }) => path === '/dna/elsewhere.jpg')).toEqual([]);
  });

  it('delivers what it holds when the rest is late, and fetches the rest on request', async () => {
    let up = false;
    const slow = gallery.image(() => (up ? { body: jpeg(700) } : { status: 503 }));
    await stage.callback(
      gallery.offer([{ original: gallery.image(() => ({ body: jpeg(600) })), img_1m: slow }]),
      'partial',
    );
    await eventually(async () => {
      const { id } = await stage.capture('partial');
      const { body } = await stage.operator('GET', `/captures/${id}`);
      expect((body.files as FileFacts[]).map(({ state }) => state)).toEqual(['pending', 'stored']);
    });
    stage.clock.advance(600_000);
    const { id } = await stage.reaches('partial', 'delivered');
    stage.clock.advance(-600_000);
    expect(gallery.filesOf('partial').map(({ state, failure }) => failure ?? state)).toEqual([
      'deadline-passed',
      'stored',
    ]);

    up = true;
    expect((await stage.operator('POST', `/captures/${id}/retry`)).body.state).toBe('pending');
    await stage.reaches('partial', 'delivered');
    expect(gallery.filesOf('partial').map(({ state }) => state)).toEqual(['stored', 'stored']);
  });

  describe('when the store takes nothing', () => {
    const incoming = (): string => join(gallery.store, '.incoming');
    const away = (): string => join(gallery.store, '.away');
    const states = async (relayId: string): Promise<string[]> => {
      const { id } = await stage.capture(relayId);
      const { body } = await stage.operator('GET', `/captures/${id}`);
      return (body.files as (FileFacts & { problem?: string })[]).map(
        ({ state, problem }) => `${state} ${problem ?? ''}`,
      );
    };
    beforeEach(() => rename(incoming(), away()));

    it('shows it, and stores the image as soon as it can', async () => {
      await stage.callback(gallery.offer([{ original: gallery.image(() => ({ body: jpeg(800) })) }]), 'full');
      await eventually(async () => {
        expect(await states('full')).toEqual(['pending store-unavailable']);
      });
      await rename(away(), incoming());
      await stage.asTimeGoesBy(async () => {
        expect(await stage.capture('full')).toMatchObject({ state: 'delivered' });
      });
    });

    it('says so when the time is over', async () => {
      await stage.callback(gallery.offer([{ original: gallery.image(() => ({ body: jpeg(800) })) }]), 'stays-full');
      await eventually(async () => {
        expect(await states('stays-full')).toEqual(['pending store-unavailable']);
      });
      stage.clock.advance(600_000);
      const { id } = await stage.reaches('stays-full', 'expired');
      stage.clock.advance(-600_000);
      const { body } = await stage.operator('GET', `/captures/${id}`);
      expect(body).toMatchObject({ failure: 'no-image-stored', files: [{ failure: 'store-unavailable' }] });
      await rename(away(), incoming());
    });
  });

  it('fetches sixteen files at once of all customers, six of one, in turn of customers, the most urgent first', async () => {
    const releases: (() => void)[] = [];
    const asked: string[] = [];
    const held = (name: string): string =>
      gallery.image(async () => {
        asked.push(name);
        await new Promise<void>((resolve) => releases.push(resolve));
        return { body: jpeg(600) };
      });
    const names = ['calm', 'hurry', 'third', 'fourth'];
    // Within the ten minutes, which are six seconds here.
    const seconds = [5, 2, 3, 4];
    const expire = (at: number): string => new Date(stage.clock.now().getTime() + seconds[at]! * 1000).toISOString();
    // Nothing is free while they arrive.
    await stage.callback(gallery.offer(times(10, () => ({ original: held('before') }))), 'before-1');
    await stage.callback(gallery.offer(times(10, () => ({ original: held('before') }))), 'before-2');
    await stage.callback(gallery.offer(times(10, () => ({ original: held('before') }))), 'before-3');
    await eventually(() => {
      expect(asked).toHaveLength(16);
    });
    for (const [at, name] of names.entries()) {
      await stage.callback(
        gallery.offer(
          times(10, () => ({ original: held(name) })),
          expire(at),
        ),
        name,
      );
    }
    await eventually(async () => {
      const [row] = await stage.database.query<{ n: string }>(
        `SELECT count(*) AS n FROM capture.files WHERE state = 'pending'`,
      );
      expect(Number(row!.n)).toBe(70);
    });
    const before = releases.splice(0);
    for (const release of before) release();
    await eventually(() => {
      expect(asked).toHaveLength(32);
    });
    const next = asked.slice(16);
    const [calm = 0, hurry = 0, third = 0, fourth = 0] = names.map(
      (name) => next.filter((each) => each === name).length,
    );
    // Seven customers have files to fetch: two places each, and two more for those with the least time.
    for (const count of [calm, hurry, third, fourth]) expect(count).toBeGreaterThanOrEqual(2);
    expect(hurry).toBeGreaterThanOrEqual(third);
    expect(third).toBeGreaterThanOrEqual(fourth);
    expect(fourth).toBeGreaterThanOrEqual(calm);
    const letGo = setInterval(() => {
      releases.splice(0).forEach((release) => {
        release();
      });
    }, 20);
    for (const name of ['before-1', 'before-2', 'before-3', ...names]) await stage.reaches(name, 'delivered');
    clearInterval(letGo);
  });

  it('takes over the files of an instance that died', async () => {
    let asked = 0;
    const url = gallery.image(() => (++asked === 1 ? new Promise(() => undefined) : { body: jpeg(1_000) }));
    await stage.callback(gallery.offer([{ original: url }]), 'orphaned');
    await eventually(() => {
      expect(asked).toBe(1);
    });
    const { app: dead } = stage;
    await gallery.startInstance();
    await eventually(async () => {
      // No sign of life came through.
      await stage.database.query(`UPDATE capture.files SET claimed_until = '-infinity' WHERE state = 'pending'`);
      expect(asked).toBe(2);
    });
    await stage.reaches('orphaned', 'delivered');
    await dead.close();
  });

  it('is fetched once, also when its claim ran out while this very process fetches it', async () => {
    let release: (answer: StubAnswer) => void = () => undefined;
    let asked = 0;
    const slow = gallery.image(() => {
      asked++;
      return new Promise<StubAnswer>((resolve) => (release = resolve));
    });
    await stage.callback(gallery.offer([{ original: slow }]), 'slow');
    await eventually(() => {
      expect(asked).toBe(1);
    });
    await stage.database.query(`UPDATE capture.files SET claimed_until = '-infinity'`);
    await stage.callback(gallery.offer([{ original: gallery.image(() => ({ body: jpeg(500) })) }]), 'next');
    await stage.reaches('next', 'delivered');
    release({ body: jpeg(500) });
    await stage.reaches('slow', 'delivered');
    expect(asked).toBe(1);
  });

  it('does not take a file back that it put back just now: whoever is free may fetch it', async () => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let asked = 0;
    const slow = (): string =>
      gallery.image(async () => {
        asked++;
        await held;
        return { body: jpeg(1_000) };
      });
    await stage.callback(gallery.offer([{ original: slow(), img_1m: slow() }]), 'put-back');
    await eventually(() => {
      expect(asked).toBe(2);
    });
    // What a process does that gives up a try, a moment before it forgets the file.
    await stage.database.query(
      `UPDATE capture.files SET claimed_until = NULL, due_at = 'infinity' WHERE variant = 'original' AND state = 'pending'`,
    );
    const claims = (): Promise<{ variant: string; claimed_until: Date | null }[]> =>
      stage.database.query(`SELECT variant, claimed_until FROM capture.files WHERE state = 'pending' ORDER BY variant`);
    const [before] = await claims();
    stage.clock.advance(1);
    await eventually(async () => {
      const [kept, putBack] = await claims();
      // A sign of life was given, for the other file.
      expect(kept!.claimed_until!.getTime()).toBeGreaterThan(before!.claimed_until!.getTime());
      expect(putBack).toEqual({ variant: 'original', claimed_until: null });
    });
    letGo();
    await stage.reaches('put-back', 'delivered');
  });

  it('erases rows, keys and files', async () => {
    await stage.callback(gallery.offer([{ original: gallery.image(() => ({ body: jpeg(5_000) })) }]), 'erased');
    const { id } = await stage.reaches('erased', 'delivered');
    const { href } = gallery.filesOf('erased')[0]!;
    expect(await gallery.filesOnDisk(id)).toHaveLength(1);
    expect((await stage.operator('DELETE', `/captures/${id}`)).body.state).toBe('erased');
    const gone = await fetch(href!);
    expect([gone.status, await gone.json()]).toEqual([410, { status: 410, message: '파기된 파일입니다.' }]);
    await eventually(async () => {
      expect(await gallery.filesOnDisk(id)).toEqual([]);
    });
    expect(
      await stage.database.query('SELECT state, sealed_url, sealed_key FROM capture.files WHERE capture_id = $1', [id]),
    ).toEqual([{ state: 'erased', sealed_url: null, sealed_key: null }]);
  });

  it('fetches a picture again for which a page came, or nothing', async () => {
    const answers = [{ text: '<!DOCTYPE html><title>점검중</title>' }, { text: '' }, { json: { code: -1 } }];
    await stage.callback(
      gallery.offer([{ original: gallery.image(() => answers.shift() ?? { body: jpeg(4_000) }) }]),
      'repaired',
    );
    await stage.asTimeGoesBy(async () => {
      expect(await stage.capture('repaired')).toMatchObject({ state: 'delivered' });
    });
    expect(gallery.filesOf('repaired').map(({ state, size }) => [state, size])).toEqual([['stored', 4_000]]);
  });

  it('refuses an answer without pictures', async () => {
    await stage.callback(
      stage.otp('secure_image', () => ({ json: { secure_urls: [] } })),
      'empty',
    );
    await stage.clock.advanceUntil(600, async () => {
      expect(await stage.capture('empty')).toMatchObject({ state: 'failed', failure: 'unreadable-answer' });
    });
  });

  it('leaves no image address in the clear', async () => {
    const clear = await stage.inTheClear();
    expect(clear).not.toMatch(/secret\d|credential=abc|signature=s|rest-key/);
  });
});
