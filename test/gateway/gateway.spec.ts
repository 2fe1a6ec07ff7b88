import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { AppsBehind, ROUTES, type Heard } from './apps-behind';
import { caddyVersion, Gateway } from './caddy';
import { HOSTILE_TARGETS, KEY, QUERIES } from './hostile-targets';

const version = caddyVersion();
if (version === undefined) {
  process.stderr.write(
    'Skipped: the gateway is tested with Caddy itself, and there is none here (.ci/install-caddy brings it).\n',
  );
}
const withCaddy = version === undefined ? describe.skip : describe;

/** Sockets open at once. */
const PARALLEL = 20;
const DRIPPING = 200;

interface Answer {
  status: number;
  head: string;
  body: string;
}

/** Sends the bytes as they are. @returns the answer; status 0 for a connection that ended without one */
function sendRaw(port: number, text: string): Promise<Answer> {
  return new Promise((resolve) => {
    let answer = '';
    // Not ended: a gateway takes a half-closed connection for a client that has gone.
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const [head = '', body = ''] = answer.split('\r\n\r\n');
      resolve({ status: Number(/^HTTP\/1\.\d (\d{3})/.exec(head)?.[1] ?? 0), head, body });
    });
  });
}

let requests = 0;

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const workers = Array.from({ length: PARALLEL }, async () => {
    for (const item of rest) await work(item);
  });
  await Promise.all(workers);
}

const filled = (path: string): string =>
  path.replace('{pathKey}', KEY).replace('{plugin}', 'receipts').replace('{key}', '-_Xk2gT5');

const KAKAO = ROUTES.filter(({ tag }) => tag === 'Kakao');
const KEYED = KAKAO.filter(({ path }) => path.startsWith('/m/'));
const KEYLESS = KAKAO.filter(({ path }) => !path.startsWith('/m/'));
const INSIDE = ROUTES.filter(({ tag }) => tag !== 'Kakao');

withCaddy('the shipped gateway', () => {
  let apps: AppsBehind;
  let gateway: Gateway;
  /** With SERVE_WITHOUT_PATH_KEY=true. */
  let keyless: Gateway;
  /** In development. */
  let trial: Gateway;

  beforeAll(async () => {
    const started = await AppsBehind.start();
    apps = started.apps;
    [gateway, keyless, trial] = await Promise.all([
      Gateway.start({ ...started.env, GATEWAY_REQUEST_TIMEOUT: '1s' }),
      Gateway.start({ ...started.env, NODE_ENV: 'production', SERVE_WITHOUT_PATH_KEY: 'true' }),
      Gateway.start({ ...started.env, NODE_ENV: 'development', SERVE_WITHOUT_PATH_KEY: '' }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([gateway.stop(), keyless.stop(), trial.stop()]);
    await apps.stop();
  });

  interface Sent {
    target: string;
    method?: string;
    through?: Gateway;
    version?: string;
    headers?: string[];
  }

  /** @returns the answer, and what an app made of the request; undefined when none heard of it */
  async function send(sent: Sent): Promise<Answer & { heard?: Heard }> {
    const { target, method = 'GET', through = gateway, version: http = '1.1', headers = ['Host: gateway'] } = sent;
    const id = String((requests += 1));
    const lines = [...headers, `X-Key: ${KEY}`, `X-Id: ${id}`, 'Connection: close', 'Content-Length: 0'];
    const answer = await sendRaw(
      through.plainPort,
      `${method} ${target} HTTP/${http}\r\n${lines.join('\r\n')}\r\n\r\n`,
    );
    return { ...answer, heard: apps.heardOf(id) };
  }

  /** The gateway refused it, or the app heard exactly what was sent: below a path key, at a route of Kakao's or none. */
  function expectRefusedOrAsSent(target: string, status: number, heard: Heard | undefined): void {
    if (!heard) {
      expect([`400 ${target}`, `404 ${target}`]).toContain(`${status} ${target}`);
      return;
    }
    expect({ target, heard: `/${heard.app}${heard.url}` }).toEqual({ target, heard: target });
    expect(heard.url).toMatch(/^(\/[\w-][\w.~-]*)+(\?|$)/);
    const { route, pathKey } = heard;
    if (route)
      expect({ target, pathKey, tag: route.tag }).toEqual({ target, pathKey: target.split('/')[3], tag: 'Kakao' });
  }

  it('lets every route through that Kakao calls below a path key', async () => {
    expect(KEYED.length).toBeGreaterThan(20);
    for (const through of [gateway, keyless, trial]) {
      await inParallel(KEYED, async (route) => {
        const { app, method } = route;
        const url = filled(route.path);
        const { status, heard } = await send({ target: `/${app}${url}`, method, through });
        expect({ status, heard }).toEqual({ status: 200, heard: { app, method, url, route, pathKey: KEY } });
      });
    }
  });

  it('lets nothing through without a path key, unless SERVE_WITHOUT_PATH_KEY is true or it is no production', async () => {
    expect(KEYLESS.length).toBeGreaterThan(20);
    await inParallel(KEYLESS, async (route) => {
      const { app, method } = route;
      const url = filled(route.path);
      const target = `/${app}${url}`;
      expect(await send({ target, method })).toMatchObject({ status: 404, heard: undefined });
      for (const through of [keyless, trial]) {
        const { status, heard } = await send({ target, method, through });
        expect({ status, heard }).toEqual({ status: 200, heard: { app, method, url, route, pathKey: undefined } });
      }
    });
  });

  it('keeps documents, operator API, metrics and health inside, with a path key or without', async () => {
    expect(INSIDE.length).toBeGreaterThan(40);
    await inParallel(INSIDE, async ({ app, path, method }) => {
      for (const through of [gateway, keyless, trial]) {
        for (const target of [`/${app}${filled(path)}`, `/${app}/m/${KEY}${filled(path)}`]) {
          const { status, heard } = await send({ target, method, through });
          expect({ target, status, heard }).toEqual({ target, status: 404, heard: undefined });
        }
      }
    });
  });

  it(`lets an app hear exactly what it matched: ${HOSTILE_TARGETS.length} spellings of addresses`, async () => {
    expect(HOSTILE_TARGETS.length).toBeGreaterThan(500);
    let refused = 0;
    await inParallel(HOSTILE_TARGETS, async (target) => {
      const { status, heard } = await send({ target });
      if (!heard) refused += 1;
      expectRefusedOrAsSent(target, status, heard);
    });
    // The few that pass have another key or plugin than ours, made of letters that a key may have.
    expect(refused).toBeGreaterThan(HOSTILE_TARGETS.length - 30);
  });

  it('lets an app hear exactly what it matched over HTTP/2 too', async () => {
    const session = connectHttp2(`https://127.0.0.1:${gateway.tlsPort}`, {
      servername: 'localhost',
      rejectUnauthorized: false,
    });
    let answered = 0;
    // Node sends the low byte of each character, so that these are the bytes of UTF-8, as on the plain connection.
    const targets = HOSTILE_TARGETS.map((target) => Buffer.from(target).toString('latin1'));
    await inParallel([...targets, `/payment/m/${KEY}/ordersheet`], async (target) => {
      const id = String((requests += 1));
      const status = await new Promise<number>((resolve) => {
        const stream = session.request({ ':path': target, ':authority': 'localhost', 'x-id': id });
        stream.on('response', (headers) => {
          resolve(headers[':status'] ?? 0);
        });
        // The gateway takes back a stream whose path is none.
        stream.on('error', () => {
          resolve(400);
        });
        stream.resume();
      });
      const heard = apps.heardOf(id);
      if (heard?.url === `/m/${KEY}/ordersheet`) answered = status;
      expectRefusedOrAsSent(target, status, heard);
    });
    expect(answered).toBe(200);
    session.destroy();
  });

  it('hands a query on as it was sent', async () => {
    await inParallel(QUERIES, async (query) => {
      const target = `/payment/m/${KEY}/ordersheet${query}`;
      const { status, heard } = await send({ target });
      expect({ target, status, url: heard?.url }).toEqual({
        target,
        status: 200,
        url: target.slice('/payment'.length),
      });
    });
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'get', 'GETX'])(
    'lets no %s through',
    async (method) => {
      const { status, heard } = await send({ target: `/payment/m/${KEY}/ordersheet`, method });
      expect([400, 404]).toContain(status);
      expect(heard).toBeUndefined();
    },
  );

  it.each([
    ['of another name', ['Host: evil.example']],
    ['that is empty', ['Host:']],
    ['that comes twice', ['Host: gateway', 'Host: evil.example']],
    ['with a path', ['Host: gateway/payment']],
    ['with user info', ['Host: x@gateway']],
    ['of this machine', ['Host: 127.0.0.1']],
    ['that is missing', []],
  ])('lets no request through with a Host %s', async (_what, headers) => {
    const { status, heard } = await send({ target: `/payment/m/${KEY}/ordersheet`, headers });
    expect([400, 404]).toContain(status);
    expect(heard).toBeUndefined();
  });

  it('answers HTTP/1.0, and no other version than those it knows', async () => {
    const target = `/payment/m/${KEY}/ordersheet`;
    expect((await send({ target, version: '1.0' })).heard).toMatchObject({ pathKey: KEY });
    expect((await send({ target: '/payment/ordersheet', version: '1.0' })).status).toBe(404);
    for (const unknown of ['0.9', '2.0', '3.0', '1.1 x', '']) {
      const { status, heard } = await send({ target, version: unknown });
      expect({ unknown, status, heard }).toEqual({ unknown, status: expect.any(Number) as number, heard: undefined });
    }
  });

  it('lets a shop fetch a picture by its link, and nothing beside it', async () => {
    const link = '/image/files/3f1e-9?expires=1760000000&signature=Ab-_9';
    expect((await send({ target: link })).heard).toMatchObject({ route: { path: '/files/{fileId}' } });
    const download = '/image/operator/captures/3f1e-9/files/77-1';
    expect((await send({ target: download })).heard?.route?.path).toBe('/operator/captures/{id}/files/{fileId}');
    const beside = [
      ...['/image/files/..', '/image/files/../operator/captures', '/image/files/3f1e-9', '/image/operator/captures'],
      ...[`${link}&x=1`, `${link}#`, link.replace('3f1e-9', '..'), link.replace('/files', '/files/'), `${link}/..`],
      ...[
        `${download}?x=1`,
        `${download}/`,
        `${download}/..`,
        download.replace('3f1e-9', '..'),
        '/image/files/?expires=1&signature=a',
      ],
    ];
    for (const target of beside) {
      const { status, heard } = await send({ target });
      expect({ target, status, heard }).toEqual({ target, status: 404, heard: undefined });
    }
    expect((await send({ target: link, method: 'POST' })).heard).toBeUndefined();
  });

  it('says in its own answers that they are no page', async () => {
    for (const headers of [['Host: gateway'], ['Host: evil.example']]) {
      const { head } = await send({ target: '/', headers });
      expect(head).toMatch(/^x-content-type-options: nosniff$/im);
      expect(head).toMatch(/^x-frame-options: DENY$/im);
      expect(head).toMatch(/^content-type: application\/json/im);
      expect(head).not.toMatch(/^server:/im);
    }
  });

  /** Sends a beginning, and then one byte at a time for as long as the gateway listens. @returns once it hung up */
  const drip = (port: number, beginning: string): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(beginning, 'latin1'));
      const timer = setInterval(() => socket.write('a'), 100);
      socket.on('error', () => undefined);
      socket.resume();
      socket.on('close', () => {
        clearInterval(timer);
        resolve();
      });
    });

  it(`hangs up on ${DRIPPING} clients that send their requests byte by byte`, async () => {
    const address = `/payment/m/${KEY}/order/approve`;
    const post = `POST ${address} HTTP/1.1\r\nHost: gateway\r\nContent-Length: 100000\r\n\r\n`;
    const ways: [port: number, beginning: string][] = [
      [gateway.plainPort, `GET ${address} HTTP/1.1\r\nHost: gateway\r\nX-Filler: `],
      [gateway.tlsPort, '\x16\x03\x01\x02\x00\x01'],
      [gateway.plainPort, post],
    ];
    const clients = Array.from({ length: DRIPPING }, (_, at) => ways[at % ways.length] ?? ([0, ''] as const));
    await Promise.all(clients.map(([port, beginning]) => drip(port, beginning)));
  });
});
