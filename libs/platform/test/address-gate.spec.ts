import { createHook } from 'node:async_hooks';
import { createServer } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { constants, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { AddressGate, KakaoOrigins, NearOrigins, Outbound, placeOf, readConfig } from '@biz/platform';
import type { Environment, Resolve } from '@biz/platform';
import { HttpStub } from '@biz/testing';

/** First and last address of each range, as IANA's special-purpose registries have them. */
const NEAR = [
  ['127.0.0.0', '127.255.255.255'],
  ['10.0.0.0', '10.255.255.255'],
  ['172.16.0.0', '172.31.255.255'],
  ['192.168.0.0', '192.168.255.255'],
  ['100.64.0.0', '100.127.255.255'],
  ['::1', '::1'],
  ['fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
] as const;
const NOWHERE = [
  ['0.0.0.0', '0.255.255.255'],
  ['169.254.0.0', '169.254.255.255'],
  ['192.0.0.0', '192.0.0.255'],
  ['192.0.2.0', '192.0.2.255'],
  ['192.88.99.0', '192.88.99.255'],
  ['198.18.0.0', '198.19.255.255'],
  ['198.51.100.0', '198.51.100.255'],
  ['203.0.113.0', '203.0.113.255'],
  ['224.0.0.0', '255.255.255.255'],
  ['::', '::'],
  ['::2', '::fffe:ffff:ffff'],
  ['64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
  ['100::', '100::ffff:ffff:ffff:ffff'],
  ['2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
] as const;
const METADATA = [
  '169.254.169.254',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  'fd00:c1::a9fe:a9fe',
  'fd00:42::42',
];
const PUBLIC = [
  ...['1.0.0.0', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0'],
  ...['169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.167.255.255', '192.169.0.0'],
  ...['211.231.99.17', '223.255.255.255', '2001:200::1', '2404:4600::1', '2606:4700::1111', '64:ff9b::d3e7:6311'],
];

describe('the place of an address', () => {
  it.each(NEAR)('%s to %s is near', (first, last) => {
    expect([placeOf(first), placeOf(last)]).toEqual(['near', 'near']);
  });

  it.each([...NOWHERE, ...METADATA.map((address) => [address, address] as const)])(
    '%s to %s is nowhere, for our own networks too',
    (first, last) => {
      expect([placeOf(first), placeOf(last)]).toEqual(['nowhere', 'nowhere']);
    },
  );

  it.each(PUBLIC)('%s is public', (address) => {
    expect(placeOf(address)).toBe('public');
  });

  it.each(['', 'localhost', '127.1', '0x7f.0.0.1', '2130706433', 'fe80::1%eth0', '2606:4700::1111%1', '[::1]'])(
    '%j is no address',
    (text) => {
      expect(placeOf(text)).toBe('nowhere');
    },
  );

  it('is public in IPv6 only where addresses are given out (2000::/3), or beside a public IPv4 (NAT64)', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const written = new URL(`http://[${address}]`).hostname.slice(1, -1);
        if (!/^(?:[23][0-9a-f]{3}:|64:ff9b::)/.test(written)) expect(placeOf(address)).not.toBe('public');
      }),
      { numRuns: 5000 },
    );
  });

  it('never becomes public by being written as IPv6', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(placeOf(`::ffff:${address}`)).not.toBe('public');
        expect(placeOf(`::${address}`)).not.toBe('public');
        expect(placeOf(`64:ff9b::${address}`)).toBe(placeOf(address) === 'public' ? 'public' : 'nowhere');
      }),
      { numRuns: 1000 },
    );
  });
});

/** A resolver that knows one name and counts how often it is asked; the last answer stays. */
function names(...answers: string[][]): Resolve & { asked: string[] } {
  const asked: string[] = [];
  const resolve: Resolve = (hostname, _options, answer) => {
    asked.push(hostname);
    const addresses = (answers.length > 1 ? answers.shift() : answers[0]) ?? [];
    answer(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return Object.assign(resolve, { asked });
}

describe('a call to somebody else', () => {
  let server: HttpStub;
  let port: string;
  const opened: Outbound[] = [];
  const through = (near: (origin: string) => boolean, resolve?: Resolve): Outbound => {
    const outbound = new Outbound(new AddressGate(near, resolve));
    opened.push(outbound);
    return outbound;
  };
  const far = (): boolean => false;
  const near = (): boolean => true;

  beforeAll(async () => {
    server = await HttpStub.start();
    ({ port } = new URL(server.url));
    server.on('* *', { text: 'ours' });
  });
  beforeEach(() => {
    server.requests.length = 0;
  });
  afterAll(async () => {
    await Promise.all(opened.map((outbound) => outbound.close()));
    await server.close();
  });

  it.each([
    ['127.0.0.1'],
    ['10.0.0.5', '192.168.0.1'],
    ['169.254.169.254'],
    ['::1', '127.0.0.1'],
    ['fd00::1'],
    ['::ffff:127.0.0.1'],
    ['100.64.0.1'],
    ['224.0.0.1'],
  ])('is not made when the name leads to %s', async (...addresses) => {
    const resolve = names(addresses);
    const outcome = await through(far, resolve).send({ method: 'GET', url: `http://rebind.example:${port}/` });
    expect(outcome).toEqual({ kind: 'not-sent', reason: 'ADDRESS_REFUSED' });
    expect([resolve.asked, server.requests]).toEqual([['rebind.example'], []]);
  });

  it.each(['http://127.0.0.1', 'http://[::1]', 'https://127.0.0.1', 'http://0.0.0.0', 'http://[::ffff:7f00:1]'])(
    'is not made to %s, which is never looked up',
    async (origin) => {
      const outcome = await through(far).send({ method: 'POST', url: `${origin}:${port}/`, body: 'x' });
      expect(outcome).toEqual({ kind: 'not-sent', reason: 'ADDRESS_REFUSED' });
      expect(server.requests).toEqual([]);
    },
  );

  it('goes to a near address for an origin that may be near, by one lookup', async () => {
    const resolve = names(['127.0.0.1'], ['169.254.169.254']);
    const url = `http://simulator:${port}/`;
    const outcome = await through((origin) => origin === `http://simulator:${port}`, resolve).send({
      method: 'GET',
      url,
    });
    expect(outcome).toMatchObject({ kind: 'answered', body: 'ours' });
    expect(resolve.asked).toEqual(['simulator']);
  });

  it('never goes to link-local and metadata addresses, not even for an origin that may be near', async () => {
    for (const address of METADATA) {
      const outcome = await through(near, names([address])).send({ method: 'GET', url: `http://simulator:${port}/` });
      expect([address, outcome]).toEqual([address, { kind: 'not-sent', reason: 'ADDRESS_REFUSED' }]);
    }
  });

  it('dials what was judged and nothing else: the socket is given the addresses that passed', () => {
    const gate = new AddressGate(far, names(['10.0.0.1', '211.231.99.17', '::1', '2404:4600::1', '127.0.0.1']));
    const lookup = (gate as unknown as { lookup(isNear: boolean): LookupFunction }).lookup(false);
    const all = vi.fn();
    lookup('mixed.example', { all: true }, all);
    expect(all).toHaveBeenCalledWith(null, [
      { address: '211.231.99.17', family: 4 },
      { address: '2404:4600::1', family: 6 },
    ]);
    const one = vi.fn();
    lookup('mixed.example', {}, one);
    expect(one).toHaveBeenCalledWith(null, '211.231.99.17', 4);
  });

  it('asks again for each new connection, so a name that turns to our network later is refused then', async () => {
    const resolve = names(['127.0.0.1'], ['0.0.0.0']);
    const outbound = through(near, resolve);
    server.on('GET /last', { text: 'bye', headers: { connection: 'close' } });
    const url = `http://turns.example:${port}/last`;
    expect(await outbound.send({ method: 'GET', url })).toMatchObject({ kind: 'answered' });
    expect(await outbound.send({ method: 'GET', url })).toEqual({ kind: 'not-sent', reason: 'ADDRESS_REFUSED' });
    expect(resolve.asked).toHaveLength(2);
  });

  it('says not-sent for a name nobody knows', async () => {
    const nobody: Resolve = (_hostname, _options, answer) => {
      answer(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), []);
    };
    const outcome = await through(far, nobody).send({ method: 'GET', url: 'http://nobody.example/' });
    expect(outcome).toEqual({ kind: 'not-sent', reason: 'ENOTFOUND' });
  });

  it('offers HTTP/1.1 only to a server that would take HTTP/2, so that what is bounded is what is spoken', async () => {
    const offered: string[][] = [];
    // Without a certificate the handshake ends as soon as the server has heard what is offered.
    const secure = createTlsServer({
      ALPNCallback: ({ protocols }) => {
        offered.push(protocols);
        return 'h2';
      },
    });
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}/`;
    expect(await through(near).send({ method: 'GET', url })).not.toMatchObject({ kind: 'answered' });
    expect(offered).toEqual([['http/1.1']]);
    await new Promise((resolve) => secure.close(resolve));
  });

  it('follows no redirect', async () => {
    server.on('GET /moved', { status: 302, headers: { location: `${server.url}/secret` } });
    expect(await through(near).send({ method: 'GET', url: `${server.url}/moved` })).toMatchObject({ status: 302 });
    expect(server.requests.map(({ path }) => path)).toEqual(['/moved']);
  });

  it('asks for no compression, and unpacks no bomb that is sent all the same', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024), { level: constants.Z_BEST_COMPRESSION });
    for (const encoding of ['gzip', 'br', 'deflate', 'gzip, gzip', 'zstd']) {
      server.on('GET /bomb', { body: bomb, headers: { 'content-encoding': encoding } });
      let unpackers = 0;
      const hook = createHook({
        init: (_id, type) => {
          if (type === 'ZLIB') unpackers++;
        },
      }).enable();
      const outcome = await through(near).send({ method: 'GET', url: `${server.url}/bomb` });
      hook.disable();
      expect([encoding, outcome]).toEqual([encoding, { kind: 'unknown', reason: 'COMPRESSED' }]);
      expect([encoding, unpackers]).toEqual([encoding, 0]);
    }
    expect(server.requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('bounds an answer that never ends, by size and by time', async () => {
    const endless = createServer((request, response) => {
      response.writeHead(200);
      const slow = request.url === '/slow';
      const timer = setInterval(() => response.write(slow ? '.' : 'x'.repeat(65_536)), 5);
      response.on('close', () => {
        clearInterval(timer);
      });
    });
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`;
    const outbound = through(near);
    expect(await outbound.send({ method: 'GET', url: `${url}/big`, maxBytes: 500_000 })).toEqual({
      kind: 'unknown',
      reason: 'TOO_LARGE',
    });
    expect(await outbound.send({ method: 'GET', url: `${url}/slow`, timeoutMs: 200 })).toEqual({
      kind: 'unknown',
      reason: 'TIMEOUT',
    });
    endless.closeAllConnections();
    endless.close();
  });
});

describe('an origin is near', () => {
  const gate = (env: Environment): ((origin: string) => boolean) =>
    readConfig(NearOrigins, env).gate(readConfig(KakaoOrigins, env), env.NODE_ENV === 'production');

  it('in development: this machine, and whoever plays Kakao, in containers too', () => {
    const containers = gate({ PUBLIC_BASE_URL_SIMULATOR: 'http://simulator:3000' });
    expect(
      ['http://simulator:3000', 'http://127.0.0.1:8080', 'http://localhost', 'http://[::1]:1'].map(containers),
    ).toEqual([true, true, true, true]);
    expect(['http://simulator:3001', 'https://simulator:3000', 'http://gateway:8080'].map(containers)).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('in development: no other server that was configured as one of Kakao’s, unless it is named', () => {
    const env = { KAKAO_API_ORIGIN: 'https://kapi.kakao.com', KAKAO_IMAGE_ORIGINS: 'http://cdn.internal' };
    expect(Object.values(env).map(gate(env))).toEqual([false, false]);
    expect(Object.values(env).map(gate({ ...env, NEAR_ORIGINS: 'http://cdn.internal' }))).toEqual([false, true]);
  });

  it('in production: only what the operator names', () => {
    const env = { NODE_ENV: 'production', KAKAO_API_ORIGIN: 'https://kakao-proxy.internal' };
    const strict = gate(env);
    expect(['https://kakao-proxy.internal', 'https://kapi.kakao.com', 'http://127.0.0.1:3000'].map(strict)).toEqual([
      false,
      false,
      false,
    ]);
    const named = gate({ ...env, NEAR_ORIGINS: 'https://kakao-proxy.internal, https://Shop.internal:8443' });
    expect(['https://kakao-proxy.internal', 'https://shop.internal:8443', 'https://shop.internal'].map(named)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('in production: a server of Kakao that was configured as this very machine, and nothing else on it', () => {
    const loopback = gate({ NODE_ENV: 'production', KAKAO_IMAGE_ORIGINS: 'http://127.0.0.1:8081,http://cdn.internal' });
    expect(
      ['http://127.0.0.1:8081', 'http://127.0.0.1:8082', 'http://localhost:8081', 'http://cdn.internal'].map(loopback),
    ).toEqual([true, false, false, false]);
  });

  it.each([
    'shop.internal',
    'ftp://shop.internal',
    'https://shop.internal/hook',
    'https://a@shop.internal',
    'https://[',
  ])('refuses to start with %s among them', (origin) => {
    expect(() => gate({ NEAR_ORIGINS: origin })).toThrow(/^NEAR_ORIGINS: found /);
  });
});
