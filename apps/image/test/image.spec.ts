import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, times } from '@biz/testing';
import type { StubHandler } from '@biz/testing';
import { OPERATOR, Stage } from '../../../libs/capture/test/stage';
import { imageApp } from '../src/image.module';

const JPEG = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');
const jpeg = (bytes: number): Buffer => Buffer.concat([JPEG, randomBytes(bytes - JPEG.length)]);

interface FileFacts {
  id: string;
  picture: number;
  variant: string;
  state: string;
  size?: number;
  type?: string;
  sha256?: string;
  href?: string;
  failure?: string;
}

describe('the image app', () => {
  let stage: Stage;
  let store: string;
  let pictures = 0;

  beforeAll(async () => {
    store = await mkdtemp(join(tmpdir(), 'biz-images-'));
    stage = await Stage.open(imageApp, {
      IMAGE_STORE: store,
      IMAGE_MAX_BYTES: '300000',
      IMAGE_PARALLEL_TOTAL: '16',
    });
  });
  afterAll(async () => {
    await stage.close();
    await rm(store, { recursive: true, force: true });
  });

  /** An address on Kakao's image server that answers in this way. */
  const image = (handler: StubHandler): string => {
    const path = `/dna/secret${++pictures}/img.jpg`;
    stage.kakao.on(`GET ${path}`, handler);
    return `${stage.kakao.url}${path}?credential=abc&signature=s%3D`;
  };
  const offer = (urls: Record<string, string>[], expire = '2026-11-23T03:10:00Z'): string =>
    stage.otp('secure_image', () => ({ json: { secure_urls: urls, expire } }));
  const filesOnDisk = async (id: string): Promise<string[]> => readdir(join(store, id)).catch(() => []);
  const filesOf = (relayId: string): FileFacts[] => stage.events(relayId).at(-1)?.data.files as FileFacts[];
  const open = (href: string): Promise<Response> => fetch(href);
  const looksAt = (id: string): Promise<{ what: string; part: string | null; reason: string; caller: string }[]> =>
    stage.database.query('SELECT what, part, reason, caller FROM privacy.accesses WHERE subject = $1 ORDER BY seq', [
      id,
    ]);

  it('holds thirty files, names the one that fails, and hands out what was sent', async () => {
    const content = times(30, (at) => jpeg(1_000 + at * 5_000));
    const urls = times(10, (picture) => {
      const url = (at: number): string =>
        image(() => (at === 17 ? { status: 403 } : { body: content[at]!, headers: { 'content-type': 'text/html' } }));
      return { original: url(picture * 3), img_3m: url(picture * 3 + 1), img_1m: url(picture * 3 + 2) };
    });
    await stage.callback(offer(urls), 'thirty');
    const capture = await stage.reaches('thirty', 'delivered');

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
    const files = filesOf('thirty');
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
      const response = await open(href!);
      expect(response.headers.get('content-type')).toBe('image/jpeg');
      expect(response.headers.get('content-length')).toBe(String(sent.length));
      expect(Buffer.from(await response.arrayBuffer()).equals(sent)).toBe(true);
    }
    const details = await stage.operator('GET', `/captures/${capture.id}`);
    expect((details.body.files as FileFacts[]).map(({ id }) => id)).toEqual(files.map(({ id }) => id));
  });

  it('keeps every file encrypted on disk', async () => {
    const content = jpeg(100_000);
    await stage.callback(offer([{ original: image(() => ({ body: content })) }]), 'sealed');
    const { id } = await stage.reaches('sealed', 'delivered');
    const [name] = await filesOnDisk(id);
    const stored = await readFile(join(store, id, name!));
    expect(stored.length).toBe(content.length + 2 * 16);
    for (let at = 0; at + 32 <= content.length; at += 5_000) {
      expect(stored.includes(content.subarray(at, at + 32))).toBe(false);
    }
    expect(await readdir(join(store, '.incoming'))).toEqual([]);
  });

  it('shows a file to an operator for a reason only, and logs the look', async () => {
    await stage.callback(offer([{ original: image(() => ({ body: jpeg(2_000) })) }]), 'looked-at');
    const { id } = await stage.reaches('looked-at', 'delivered');
    const file = filesOf('looked-at')[0]!.id;
    const address = `${stage.app.url}/operator/captures/${id}/files/${file}`;
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(address, { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status(OPERATOR)).toBe(400);
    expect(await looksAt(id)).toEqual([]);
    expect(await status({ ...OPERATOR, 'x-access-reason': encodeURIComponent('반품 심사') })).toBe(200);
    expect(await looksAt(id)).toMatchObject([{ what: 'file', part: file, reason: '반품 심사' }]);
  });

  describe('by the link the shop was sent', () => {
    const content = jpeg(150_000);
    let id: string;
    let href: string;
    beforeAll(async () => {
      await stage.callback(offer([{ original: image(() => ({ body: content })) }]), 'linked');
      ({ id } = await stage.reaches('linked', 'delivered'));
      href = filesOf('linked')[0]!.href!;
    });

    it('hands the image out without a token, tells nobody to keep it, and logs the look', async () => {
      const response = await open(href);
      expect(response.status).toBe(200);
      expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'image/jpeg',
        'content-length': '150000',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      const part = filesOf('linked')[0]!.id;
      expect(await looksAt(id)).toEqual([
        { what: 'file', part, reason: 'opened by a signed link', caller: '127.0.0.1' },
      ]);
    });

    it.each([
      ['another file', (url: URL) => (url.pathname = '/files/019ab0c0-0000-7000-8000-000000000001')],
      [
        'a later end',
        (url: URL) => {
          url.searchParams.set('expires', String(Number(url.searchParams.get('expires')) + 1));
        },
      ],
      [
        'another signature',
        (url: URL) => {
          url.searchParams.set('signature', 'A'.repeat(43));
        },
      ],
      [
        'no signature',
        (url: URL) => {
          url.searchParams.delete('signature');
        },
      ],
      [
        'two signatures',
        (url: URL) => {
          url.searchParams.append('signature', 'x');
        },
      ],
      [
        'no end',
        (url: URL) => {
          url.searchParams.delete('expires');
        },
      ],
      ['no id', (url: URL) => (url.pathname = '/files/..%2f..%2fetc')],
    ])('answers 404 to %s', async (_what, change) => {
      const url = new URL(href);
      change(url);
      const before = (await looksAt(id)).length;
      const response = await open(url.href);
      expect([response.status, await response.json()]).toEqual([
        404,
        { status: 404, message: '요청한 주소를 찾을 수 없습니다.' },
      ]);
      expect(await looksAt(id)).toHaveLength(before);
    });

    it('answers 410 when its time is over; an operator hands out new ones', async () => {
      stage.clock.advance(901_000);
      const old = await open(href);
      expect([old.status, await old.json()]).toEqual([410, { status: 410, message: '링크의 유효 기간이 지났습니다.' }]);
      expect((await stage.operator('POST', `/captures/${id}/links`)).status).toBe(400);
      const { body } = await stage.operator('POST', `/captures/${id}/links`, { 'x-access-reason': 'shop asked' });
      const [link] = body.items as { id: string; href: string; hrefExpiresAt: string }[];
      expect(link).toMatchObject({ id: filesOf('linked')[0]!.id, picture: 1, variant: 'original' });
      expect(new Date(link!.hrefExpiresAt).getTime() - stage.clock.now().getTime()).toBeLessThanOrEqual(900_000);
      expect((await open(link!.href)).status).toBe(200);
      stage.clock.advance(-901_000);
      expect((await looksAt(id)).slice(-2)).toMatchObject([
        { reason: 'shop asked' },
        { reason: 'opened by a signed link' },
      ]);
    });

    it('is made anew at each try, so that a shop that was down is sent one that works', async () => {
      stage.shop.on('POST /hook', { status: 503 });
      try {
        await stage.callback(offer([{ original: image(() => ({ body: jpeg(900) })) }]), 'down');
        await eventually(() => {
          expect(stage.events('down')).not.toEqual([]);
        });
        stage.clock.advance(901_000);
      } finally {
        stage.shop.on('POST /hook', { status: 204 });
      }
      await stage.reaches('down', 'delivered');
      const [first, last] = [stage.events('down')[0]!, stage.events('down').at(-1)!];
      const hrefOf = ({ data }: typeof first): string => (data.files as FileFacts[])[0]!.href!;
      expect([(await open(hrefOf(first))).status, (await open(hrefOf(last))).status]).toEqual([410, 200]);
      expect(last.id).toBe(first.id);
      stage.clock.advance(-901_000);
    });

    it('is nowhere kept or logged', async () => {
      expect(await stage.inTheClear()).not.toContain(new URL(href).searchParams.get('signature'));
    });
  });

  it('fetches again after 500, 429, a dropped connection and half a file', async () => {
    const content = jpeg(20_000);
    const answers = [{ status: 500 }, { status: 429 }, { dropBefore: true }, { body: content, dropAfter: true }];
    const url = image(() => answers.shift() ?? { body: content });
    await stage.callback(offer([{ original: url, img_1m: image(() => ({ body: jpeg(500) })) }]), 'shaky');
    await stage.asTimeGoesBy(() => {
      expect(answers).toEqual([]);
    });
    await stage.asTimeGoesBy(async () => {
      expect(await stage.capture('shaky')).toMatchObject({ state: 'delivered' });
    });
    expect(filesOf('shaky').map(({ state, size }) => [state, size])).toEqual([
      ['stored', 500],
      ['stored', 20_000],
    ]);
    expect(stage.events('shaky')).toHaveLength(1);
  });

  it('takes images only, of Kakao only, and not too large', async () => {
    const elsewhere = 'http://127.0.0.1:9/dna/img.jpg';
    const { host } = new URL(stage.kakao.url);
    await stage.callback(
      offer([
        {
          original: image(() => ({ body: jpeg(300_001) })),
          img_1m: image(() => ({ body: Buffer.from('<html>'), headers: { 'content-type': 'image/jpeg' } })),
        },
        { original: elsewhere, img_1m: `http://u@${host}/dna/x.jpg`, img_3m: image(() => ({ body: Buffer.alloc(0) })) },
        { original: `${stage.kakao.url}.evil.example/dna/x.jpg`, img_1m: image(() => ({ body: jpeg(300_000) })) },
      ]),
      'picky',
    );
    await stage.reaches('picky', 'delivered');
    expect(filesOf('picky').map(({ picture, variant, failure }) => [picture, variant, failure])).toEqual([
      [1, '1m', 'not-an-image'],
      [1, 'original', 'too-large'],
      [2, '1m', 'origin-refused'],
      [2, '3m', 'not-an-image'],
      [2, 'original', 'origin-refused'],
      [3, '1m', undefined],
      [3, 'original', 'origin-refused'],
    ]);
  });

  it('does not follow a redirect, and stops when the addresses expire', async () => {
    let asked = 0;
    const url = image(() => ({
      status: 302,
      headers: { location: `${stage.kakao.url}/dna/elsewhere.jpg` },
      text: `${++asked}`,
    }));
    await stage.callback(offer([{ original: url }], '2026-11-23T03:05:00Z'), 'late');
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
    const slow = image(() => (up ? { body: jpeg(700) } : { status: 503 }));
    await stage.callback(offer([{ original: image(() => ({ body: jpeg(600) })), img_1m: slow }]), 'partial');
    await eventually(async () => {
      const { id } = await stage.capture('partial');
      const { body } = await stage.operator('GET', `/captures/${id}`);
      expect((body.files as FileFacts[]).map(({ state }) => state)).toEqual(['pending', 'stored']);
    });
    stage.clock.advance(600_000);
    const { id } = await stage.reaches('partial', 'delivered');
    stage.clock.advance(-600_000);
    expect(filesOf('partial').map(({ state, failure }) => failure ?? state)).toEqual(['deadline-passed', 'stored']);

    up = true;
    expect((await stage.operator('POST', `/captures/${id}/retry`)).body.state).toBe('pending');
    await stage.reaches('partial', 'delivered');
    expect(filesOf('partial').map(({ state }) => state)).toEqual(['stored', 'stored']);
  });

  describe('when the store takes nothing', () => {
    const incoming = (): string => join(store, '.incoming');
    const away = (): string => join(store, '.away');
    const states = async (relayId: string): Promise<string[]> => {
      const { id } = await stage.capture(relayId);
      const { body } = await stage.operator('GET', `/captures/${id}`);
      return (body.files as (FileFacts & { problem?: string })[]).map(
        ({ state, problem }) => `${state} ${problem ?? ''}`,
      );
    };
    beforeEach(() => rename(incoming(), away()));

    it('shows it, and stores the image as soon as it can', async () => {
      await stage.callback(offer([{ original: image(() => ({ body: jpeg(800) })) }]), 'full');
      await eventually(async () => {
        expect(await states('full')).toEqual(['pending store-unavailable']);
      });
      await rename(away(), incoming());
      await stage.asTimeGoesBy(async () => {
        expect(await stage.capture('full')).toMatchObject({ state: 'delivered' });
      });
    });

    it('says so when the time is over', async () => {
      await stage.callback(offer([{ original: image(() => ({ body: jpeg(800) })) }]), 'stays-full');
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

  it('fetches sixteen files at once of all customers, six of one, the most urgent first', async () => {
    const releases: (() => void)[] = [];
    const asked: string[] = [];
    const held = (name: string): string =>
      image(async () => {
        asked.push(name);
        await new Promise<void>((resolve) => releases.push(resolve));
        return { body: jpeg(600) };
      });
    const names = ['calm', 'hurry', 'third', 'fourth'];
    // Within the ten minutes, which are six seconds here.
    const seconds = [5, 2, 3, 4];
    const expire = (at: number): string => new Date(stage.clock.now().getTime() + seconds[at]! * 1000).toISOString();
    // Nothing is free while they arrive.
    await stage.callback(offer(times(10, () => ({ original: held('before') }))), 'before-1');
    await stage.callback(offer(times(10, () => ({ original: held('before') }))), 'before-2');
    await stage.callback(offer(times(10, () => ({ original: held('before') }))), 'before-3');
    await eventually(() => {
      expect(asked).toHaveLength(16);
    });
    for (const [at, name] of names.entries()) {
      await stage.callback(
        offer(
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
    expect(Object.fromEntries(names.map((name) => [name, next.filter((each) => each === name).length]))).toMatchObject({
      hurry: 6,
      third: 6,
      fourth: 4,
      calm: 0,
    });
    const letGo = setInterval(() => {
      releases.splice(0).forEach((release) => {
        release();
      });
    }, 20);
    for (const name of ['before-1', 'before-2', 'before-3', ...names]) await stage.reaches(name, 'delivered');
    clearInterval(letGo);
  });

  it('takes over the files of an instance that died', async () => {
    let first = true;
    const url = image(async () => {
      if (!first) return { body: jpeg(1_000) };
      first = false;
      await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
      return { body: jpeg(1_000) };
    });
    await stage.callback(offer([{ original: url }]), 'orphaned');
    await eventually(() => {
      expect(first).toBe(false);
    });
    await stage.database.query(`UPDATE capture.files SET claimed_until = '-infinity' WHERE state = 'pending'`);
    await stage.reaches('orphaned', 'delivered');
  });

  it('erases rows, keys and files', async () => {
    await stage.callback(offer([{ original: image(() => ({ body: jpeg(5_000) })) }]), 'erased');
    const { id } = await stage.reaches('erased', 'delivered');
    const { href } = filesOf('erased')[0]!;
    expect(await filesOnDisk(id)).toHaveLength(1);
    expect((await stage.operator('DELETE', `/captures/${id}`)).body.state).toBe('erased');
    const gone = await open(href!);
    expect([gone.status, await gone.json()]).toEqual([410, { status: 410, message: '파기된 파일입니다.' }]);
    await eventually(async () => {
      expect(await filesOnDisk(id)).toEqual([]);
    });
    expect(
      await stage.database.query('SELECT state, sealed_url, sealed_key FROM capture.files WHERE capture_id = $1', [id]),
    ).toEqual([{ state: 'erased', sealed_url: null, sealed_key: null }]);
  });

  it('refuses an answer without pictures', async () => {
    await stage.callback(
      stage.otp('secure_image', () => ({ json: { secure_urls: [] } })),
      'empty',
    );
    expect(await stage.reaches('empty', 'failed')).toMatchObject({ failure: 'unreadable-answer' });
  });

  it('leaves no image address in the clear', async () => {
    const clear = await stage.inTheClear();
    expect(clear).not.toMatch(/secret\d|credential=abc|signature=s|rest-key/);
  });
});
