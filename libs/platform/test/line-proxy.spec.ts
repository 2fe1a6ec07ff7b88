import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { AddressGate, KakaoLine, KakaoOrigins, Outbound, readConfig } from '@biz/platform';
import type { Environment } from '@biz/platform';
import { HttpStub } from '@biz/testing';

const OTP = 'https://talk-plugin.kakao.example';
const CDN = 'http://cdn.kakao.example';

/** Answers a CONNECT, and may let it through to a port of this machine. */
type Answer = (socket: Socket) => void;

describe('a dedicated line to Kakao (KAKAO_LINE_PROXY)', () => {
  const asked: string[] = [];
  const sockets: Socket[] = [];
  let proxy: Server;
  let server: HttpStub;
  let answer: Answer;
  let outbound: Outbound;

  const through =
    (port: number): Answer =>
    (socket) => {
      const onwards = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        onwards.pipe(socket).pipe(onwards);
      });
      for (const each of [onwards, socket]) each.on('error', () => undefined);
      sockets.push(onwards);
    };
  const portOf = (listening: { address(): unknown }): number => (listening.address() as AddressInfo).port;
  const lineOf = (env: Environment) =>
    readConfig(KakaoLine, env).to(
      readConfig(KakaoOrigins, { KAKAO_TALK_PLUGIN_ORIGIN: OTP, KAKAO_IMAGE_ORIGINS: CDN, ...env }),
    );

  beforeAll(async () => {
    server = await HttpStub.start();
    server.on('GET /image.jpg', { text: 'a picture' });
    proxy = createServer().on('connect', ({ url = '' }, socket: Socket) => {
      asked.push(url);
      sockets.push(socket);
      answer(socket);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  });
  beforeEach(() => {
    asked.length = 0;
    // No name is looked up here: what is called through the line is the proxy's to find, all else leads nowhere.
    const resolve = (_name: string, _options: object, found: (error: null, addresses: []) => void): void => {
      found(null, []);
    };
    const line = lineOf({ KAKAO_LINE_PROXY: `http://127.0.0.1:${portOf(proxy)}` });
    outbound = new Outbound(new AddressGate(() => false, resolve, line));
    answer = through(Number(new URL(server.url).port));
  });
  afterEach(() => outbound.close());
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
    await server.close();
  });

  it('carries calls to the servers of images and OTP URLs, by their names', async () => {
    const outcome = await outbound.send({ method: 'GET', url: `${CDN}/image.jpg` });
    expect(outcome).toMatchObject({ kind: 'answered', status: 200, body: 'a picture' });
    expect(asked).toEqual(['cdn.kakao.example:80']);
    expect(server.requests.at(-1)?.headers.host).toBe('cdn.kakao.example');
  });

  it('keeps TLS between us and Kakao: the proxy sees the name, the certificate is judged here', async () => {
    const names: string[] = [];
    const secure = createTlsServer({
      SNICallback: (name, done) => {
        names.push(name);
        done(new Error('no certificate'));
      },
    });
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    answer = through(portOf(secure));
    expect((await outbound.send({ method: 'GET', url: `${OTP}/otp/x/secure_image` })).kind).not.toBe('answered');
    expect([asked, names]).toEqual([['talk-plugin.kakao.example:443'], ['talk-plugin.kakao.example']]);
    await new Promise((resolve) => secure.close(resolve));
  });

  it.each([
    'http://shop.example/',
    'http://cdn.kakao.example:8080/',
    'https://cdn.kakao.example/',
    'http://127.0.0.1/',
  ])('carries nothing else: %s', async (url) => {
    expect(await outbound.send({ method: 'GET', url })).toEqual({ kind: 'not-sent', reason: 'ADDRESS_REFUSED' });
    expect(asked).toEqual([]);
  });

  it.each<[string, Answer]>([
    ['refuses', (socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')],
    ['wants a password', (socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')],
    ['speaks something else', (socket) => socket.end('SSH-2.0-OpenSSH\r\n')],
    ['hangs up', (socket) => socket.destroy()],
    ['says more than it should', (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\nforged')],
  ])('sends nothing when the proxy %s', async (_what, given) => {
    answer = given;
    expect(await outbound.send({ method: 'GET', url: `${CDN}/image.jpg` })).toEqual({
      kind: 'not-sent',
      reason: 'LINE_REFUSED',
    });
  });

  it.each(['10.0.0.5:3128', 'https://10.0.0.5:3128', 'http://user:secret@10.0.0.5:3128', 'http://10.0.0.5:3128/x'])(
    'is not %s, and no password is told',
    (given) => {
      expect(() => lineOf({ KAKAO_LINE_PROXY: given })).toThrow(/^KAKAO_LINE_PROXY: found (?!.*secret)/);
    },
  );

  it('is none unless it is set', () => {
    expect(lineOf({})).toBeUndefined();
  });
});
