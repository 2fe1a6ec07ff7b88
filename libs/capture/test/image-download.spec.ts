import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { AddressGate, EncryptionConfig, KakaoOrigins, readConfig, Vault } from '@biz/platform';
import type { Environment, Resolve } from '@biz/platform';
import { eventually, HttpStub } from '@biz/testing';
import { FolderStore } from '../src/store/file-store';
import { ImageDownload } from '../src/files/image-download';
import { Stopwatch } from '../src/files/stopwatch';
import { ImageConfig } from '../src/store/image-store.config';

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

  const through = async (gate: AddressGate, from = origin, env: Environment = {}): Promise<ImageDownload> => {
    const store = new FolderStore(folder);
    const origins = readConfig(KakaoOrigins, { KAKAO_IMAGE_ORIGINS: from });
    const vault = new Vault(readConfig(EncryptionConfig, {}));
    const download = new ImageDownload(readConfig(ImageConfig, env), origins, store, vault, new Stopwatch(), gate);
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

  const padded = (...head: (string | Buffer)[]): Buffer =>
    Buffer.concat([...head.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)), Buffer.alloc(200)]);
  const JPEG = padded(Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'));

  it.each([
    ['image/jpeg', JPEG],
    ['image/png', padded(Buffer.from('89504e470d0a1a0a0000000d4948445200000001000000010806000000', 'hex'))],
    ['image/gif', padded('GIF89a')],
    ['image/webp', padded('RIFF', Buffer.from([36, 0, 0, 0]), 'WEBPVP8 ')],
    ['image/heic', padded(Buffer.from([0, 0, 0, 24]), 'ftypheic', Buffer.alloc(4), 'mif1heic')],
    ['', padded('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
    ['', padded('<svg xmlns="http://www.w3.org/2000/svg">')],
    ['', padded('<!doctype html><img src=x onerror=alert(1)>')],
    ['', padded('%PDF-1.7')],
    ['', padded('MZ')],
    ['', Buffer.alloc(0)],
  ])('knows an image by its content, whatever the server calls it: %s', async (type, body) => {
    cdn.on('GET /x', { body, headers: { 'content-type': type === '' ? 'image/jpeg' : 'text/html' } });
    const download = await through(new AddressGate((asked) => asked === origin, here));
    const fetched = download.fetch(`${origin}/x`, FILE, LONG_MS);
    if (type === '') await expect(fetched).rejects.toMatchObject({ failure: 'not-an-image' });
    else await expect(fetched).resolves.toMatchObject({ type, size: body.length });
    expect(await readdir(join(folder, '.incoming'))).toEqual([]);
  });

  it('ends what still runs when its address works no more', async () => {
    cdn.on('GET /held.png', () => new Promise(() => undefined));
    const download = await through(new AddressGate((asked) => asked === origin, here));
    await expect(download.fetch(`${origin}/held.png`, FILE, 100)).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('takes a file that ends before its length for one to be fetched again', async () => {
    const lies: [string, string][] = [
      ['less than it says', 'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n'],
      ['half a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n'],
      ['no length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
      ['a part', 'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-219/5000\r\nContent-Length: 220\r\n\r\n'],
      ['nothing yet', 'HTTP/1.1 204 No Content\r\n\r\n'],
      ['no HTTP', 'garbage\r\n\r\n'],
    ];
    const queue = [...lies];
    const server = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .once('data', () => {
          socket.write(queue.shift()?.[1] ?? '');
          socket.end(JPEG);
        });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const from = `http://cdn.example:${(server.address() as AddressInfo).port}`;
    const download = await through(new AddressGate(() => true, here), from);
    for (const [lie] of lies) {
      const outcome: unknown = await download.fetch(`${from}/x`, FILE, LONG_MS).catch((error: unknown) => error);
      const judged = Object.keys(outcome as object).filter((key) => ['failure', 'storeKey'].includes(key));
      expect([lie, judged]).toEqual([lie, []]);
    }
    expect(await readdir(join(folder, '.incoming'))).toEqual([]);
    server.close();
  });

  describe('of a file whose size nobody says', () => {
    const MEGABYTE = Buffer.alloc(1024 * 1024);
    const incoming = (): Promise<string[]> => readdir(join(folder, '.incoming'));
    let server: Server;
    let from: string;
    let send: (response: ServerResponse) => void;

    beforeAll(async () => {
      server = createHttpServer((_request, response) => {
        response.write(JPEG);
        send(response);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      from = `http://cdn.example:${(server.address() as AddressInfo).port}`;
    });
    afterAll(() => {
      server.closeAllConnections();
      server.close();
    });

    it('takes no more than IMAGE_MAX_BYTES', async () => {
      send = (response) => {
        for (let sent = 0; sent < 8; sent++) response.write(MEGABYTE);
        response.end();
      };
      const download = await through(new AddressGate(() => true, here), from, { IMAGE_MAX_BYTES: '3000000' });
      await expect(download.fetch(`${from}/x`, FILE, LONG_MS)).rejects.toMatchObject({ failure: 'too-large' });
      expect(await incoming()).toEqual([]);
    });

    it('writes what came before the rest comes, so that no file is ever whole in memory', async () => {
      let rest = (): void => undefined;
      send = (response) => {
        for (let sent = 0; sent < 8; sent++) response.write(MEGABYTE);
        rest = () => response.end(MEGABYTE);
      };
      const download = await through(new AddressGate(() => true, here), from);
      const fetched = download.fetch(`${from}/x`, FILE, LONG_MS);
      await eventually(async () => {
        const [name] = await incoming();
        const { size } = await stat(join(folder, '.incoming', name!));
        expect(size).toBeGreaterThan(4 * MEGABYTE.length);
      });
      rest();
      expect(await fetched).toMatchObject({ size: JPEG.length + 9 * MEGABYTE.length });
      expect(await incoming()).toEqual([]);
    });
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
