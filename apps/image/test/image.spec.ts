import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
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
    stage = await Stage.open(imageApp, { IMAGE_STORE: store, IMAGE_MAX_BYTES: '300000' });
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
  const open = (href: string, reason = 'check'): Promise<Response> =>
    fetch(stage.app.url + new URL(href).pathname, { headers: { ...OPERATOR, 'x-access-reason': reason } });

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
        data: { id: capture.id, merchant: 'test-shop', expiresAt: '2026-11-23T03:10:00.000Z' },
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

  it('shows a file for a reason only, and logs the look', async () => {
    await stage.callback(offer([{ original: image(() => ({ body: jpeg(2_000) })) }]), 'looked-at');
    const { id } = await stage.reaches('looked-at', 'delivered');
    const { pathname } = new URL(filesOf('looked-at')[0]!.href!);
    expect((await fetch(stage.app.url + pathname)).status).toBe(401);
    expect((await fetch(stage.app.url + pathname, { headers: OPERATOR })).status).toBe(400);
    expect(await stage.database.query('SELECT 1 FROM privacy.accesses WHERE subject = $1', [id])).toEqual([]);
    expect(
      (
        await open(
          pathname.replace('', stage.app.url),
          '반품 심사'.replace(/./g, (c) => encodeURIComponent(c)),
        )
      ).status,
    ).toBe(200);
    expect(await stage.database.query('SELECT what, reason FROM privacy.accesses WHERE subject = $1', [id])).toEqual([
      { what: 'file', reason: '반품 심사' },
    ]);
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

  it('erases rows, keys and files', async () => {
    await stage.callback(offer([{ original: image(() => ({ body: jpeg(5_000) })) }]), 'erased');
    const { id } = await stage.reaches('erased', 'delivered');
    const { href } = filesOf('erased')[0]!;
    expect(await filesOnDisk(id)).toHaveLength(1);
    expect((await stage.operator('DELETE', `/captures/${id}`)).body.state).toBe('erased');
    expect((await open(href!)).status).toBe(404);
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
