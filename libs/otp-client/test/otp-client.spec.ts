import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AddressGate, KakaoOrigins, Outbound, readConfig } from '@biz/platform';
import { OtpClient } from '@biz/otp-client';

describe('redeeming an OTP address', () => {
  let server: Server;
  let origin: string;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let seen: string[];
  let client: OtpClient;
  const outbound = new Outbound(new AddressGate(() => true));

  beforeEach(async () => {
    seen = [];
    server = createServer((request, response) => {
      seen.push(request.url ?? '');
      answer(request, response);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = new OtpClient(outbound, readConfig(KakaoOrigins, { KAKAO_TALK_PLUGIN_ORIGIN: origin }));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  afterAll(() => outbound.close());

  const replies =
    (status: number, body = '', headers = {}) =>
    (_request: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(status, headers).end(body);
    };

  it('appends the key, and for a location the version', async () => {
    answer = replies(200, '{}');
    await client.redeem(`${origin}/otp/abc/onetimeprofile`, 'profile', 'key & more');
    await client.redeem(`${origin}/otp/abc/current_location`, 'location', 'key');
    await client.redeem(`${origin}/otp/abc/secure_image`, 'image', 'key');
    expect(seen).toEqual([
      '/otp/abc/onetimeprofile?rest_api_key=key+%26+more',
      '/otp/abc/current_location?rest_api_key=key&version=v2',
      '/otp/abc/secure_image?rest_api_key=key',
    ]);
  });

  it('hands back the text of the answer untouched', async () => {
    answer = replies(200, '{"nickname": "홍길동"');
    await expect(client.redeem(`${origin}/otp/abc/profile`, 'profile', 'k')).resolves.toEqual({
      kind: 'answered',
      status: 200,
      raw: '{"nickname": "홍길동"',
    });
  });

  it.each([400, 401, 403, 404, 410])('takes %d as final and keeps its text', async (status) => {
    for (const raw of ['{"code":-401}', '{"code":-404}', '<html>', '']) {
      answer = replies(status, raw);
      await expect(client.redeem(`${origin}/otp/abc/profile`, 'profile', 'k')).resolves.toEqual({
        kind: 'gone',
        status,
        raw,
      });
    }
  });

  it.each([-1, -7, '-10', -603, -9798])(
    'takes the code %s as worth another try, whatever the HTTP status',
    async (code) => {
      for (const status of [400, 401, 403, 404]) {
        for (const said of [{ code, msg: 'later' }, { error_code: code }, { error: { code, message: 'later' } }]) {
          answer = replies(status, JSON.stringify(said));
          await expect(client.redeem(`${origin}/otp/abc/profile`, 'profile', 'k')).resolves.toEqual({
            kind: 'retryable',
            status,
            reason: `HTTP ${status} ${code}`,
            isLimit: code === '-10',
          });
        }
      }
    },
  );

  it.each([408, 425, 429, 500, 502, 503])('takes %d as worth another try', async (status) => {
    answer = replies(status);
    await expect(client.redeem(`${origin}/otp/abc/profile`, 'profile', 'k')).resolves.toMatchObject({
      kind: 'retryable',
      status,
    });
  });

  it('does not follow a redirect', async () => {
    answer = replies(302, '', { location: `${origin}/elsewhere` });
    await expect(client.redeem(`${origin}/otp/abc/profile`, 'profile', 'k')).resolves.toMatchObject({
      kind: 'retryable',
      status: 302,
    });
    expect(seen).toHaveLength(1);
  });

  it('takes a dropped connection and an endless answer as worth another try, and names no address', async () => {
    answer = (request) => request.socket.destroy();
    const dropped = await client.redeem(`${origin}/otp/abc/profile`, 'profile', 'k');
    answer = (_request, response) => response.writeHead(200).end('x'.repeat(600 * 1024));
    const endless = await client.redeem(`${origin}/otp/abc/profile`, 'profile', 'k');
    expect([dropped.kind, endless.kind]).toEqual(['retryable', 'retryable']);
    expect(JSON.stringify([dropped, endless])).not.toMatch(/otp|127\.0\.0\.1/);
  });

  it('does not call an address that would not pass the gate', async () => {
    answer = replies(200, '{}');
    await expect(client.redeem(`${origin}/otp/abc/secure_image`, 'profile', 'k')).resolves.toMatchObject({
      kind: 'gone',
      status: 0,
    });
    expect(seen).toEqual([]);
  });
});
