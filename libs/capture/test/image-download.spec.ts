import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { AddressGate, EncryptionConfig, KakaoOrigins, readConfig, Vault } from '@biz/platform';
import type { Resolve } from '@biz/platform';
import { eventually, HttpStub } from '@biz/testing';
import { FolderStore } from '../src/files/file-store';
import { ImageDownload } from '../src/files/image-download';
import { ImageConfig } from '../src/files/image-store.config';

/** Every name is this machine. */
const here: Resolve = (_hostname, _options, answer) => {
  answer(null, [{ address: '127.0.0.1', family: 4 }]);
};
const LONG_MS = 60_000;
const FILE = { id: '019ab0c0-0000-7000-8000-000000000001', captureId: '019ab0c0-0000-7000-8000-000000000002' };

describe('an image download', () => {
  let cdn: HttpStub;
  let folder: string;
  let origin: string;
  const opened: ImageDownload[] = [];

  beforeAll(async () => {
    cdn = await HttpStub.start();
    folder = await mkdtemp(join(tmpdir(), 'biz-images-'));
    origin = `http://cdn.example:${new URL(cdn.url).port}`;
  });
  beforeEach(() => {
    cdn.requests.length = 0;
  });
  afterAll(async () => {
    await Promise.all(opened.map((download) => download.onApplicationShutdown()));
    await cdn.close();
    await rm(folder, { recursive: true });
  });

  const through = async (gate: AddressGate): Promise<ImageDownload> => {
    const store = new FolderStore(folder);
    const origins = readConfig(KakaoOrigins, { KAKAO_IMAGE_ORIGINS: origin });
    const vault = new Vault(readConfig(EncryptionConfig, {}));
    const download = new ImageDownload(readConfig(ImageConfig, {}), origins, store, vault, gate);
    opened.push(download);
    await download.onModuleInit();
    return download;
  };

  it('does not reach into our network when the name of the picture server leads there', async () => {
    cdn.on('GET /a.png', { text: 'secret' });
    const download = await through(new AddressGate(() => false, here));
    await expect(download.fetch(`${origin}/a.png`, FILE, LONG_MS)).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
    expect(cdn.requests).toEqual([]);
  });

  it('follows no redirect, unpacks nothing, and leaves nothing behind', async () => {
    cdn.on('GET /moved', { status: 302, headers: { location: `${origin}/a.png` } });
    cdn.on('GET /packed.png', {
      body: gzipSync(Buffer.alloc(16 * 1024 * 1024)),
      headers: { 'content-encoding': 'gzip', 'content-type': 'image/png' },
    });
    const download = await through(new AddressGate((asked) => asked === origin, here));
    await expect(download.fetch(`${origin}/moved`, FILE, LONG_MS)).rejects.toThrow('HTTP 302');
    await expect(download.fetch(`${origin}/packed.png`, FILE, LONG_MS)).rejects.toMatchObject({
      failure: 'not-an-image',
    });
    expect(cdn.requests.map(({ path, headers }) => [path, headers['accept-encoding']])).toEqual([
      ['/moved', 'identity'],
      ['/packed.png', 'identity'],
    ]);
    expect(await readdir(join(folder, '.incoming'))).toEqual([]);
  });

  it('ends what runs when the app stops, and begins nothing more', async () => {
    let release = (): void => undefined;
    const held = new Promise<{ text: string }>((resolve) => {
      release = () => {
        resolve({ text: 'late' });
      };
    });
    cdn.on('GET /slow.png', () => held);
    const download = await through(new AddressGate((asked) => asked === origin, here));
    const running = download.fetch(`${origin}/slow.png`, FILE, LONG_MS);
    const ended = expect(running).rejects.toThrow();
    await eventually(() => {
      expect(cdn.requests).toHaveLength(1);
    });
    download.stop();
    await ended;
    release();
    await expect(download.fetch(`${origin}/a.png`, FILE, LONG_MS)).rejects.toThrow('stopping');
    expect(cdn.requests).toHaveLength(1);
    expect(await readdir(join(folder, '.incoming'))).toEqual([]);
  });
});
