import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { AddressGate, Outbound } from '@biz/platform';
import type { Outcome } from '@biz/platform';
import { timed } from '@biz/testing';

const MIB = 1024 * 1024;
const TIMEOUT_MS = 400;
/** For an answer that is refused for what it is: it may come late on a busy machine, and is no time-out. */
const PATIENT_MS = 300_000;
/** More than any answer may hold while it is read, what is not collected yet included; one that is kept whole takes hundreds. */
const MOST_KEPT = 96 * MIB;
/** What a machine under load may add; without the time-out it would be for ever. */
const LATE_MS = 3_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are in use: what waits to be collected depends on how busy the machine is. */
const inUse = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** The most that was in use while this work went on, beyond what was in use before. */
async function kept<T>(work: () => Promise<T>): Promise<{ result: T; bytes: number }> {
  const before = inUse();
  let most = before;
  const look = (): void => {
    most = Math.max(most, inUse());
    looks.refresh();
  };
  const looks = setTimeout(look, TIMEOUT_MS / 4);
  try {
    const result = await work();
    return { result, bytes: Math.max(most, inUse()) - before };
  } finally {
    clearTimeout(looks);
  }
}

/** Writes a piece again and again until the other side has had enough. */
const forever = (socket: Socket, piece: string): void => {
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
};
const compressed = (encoding: string, body: Buffer) => (socket: Socket) => {
  socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n\r\n`);
  socket.end(body);
};
const bomb = Buffer.alloc(32 * MIB);
const says =
  (...texts: string[]) =>
  (socket: Socket): void => {
    for (const text of texts) socket.write(text);
  };
const saysAndEnds =
  (text: string) =>
  (socket: Socket): void => {
    socket.end(text);
  };

/** What a server sends once it was asked, and what may come of it. */
const HOSTILE: [string, (socket: Socket) => void, RegExp][] = [
  ['nothing, and keeps the line open', () => undefined, /^TIMEOUT$/],
  ['nothing, and hangs up', (socket) => socket.end(), /./],
  ['no HTTP', saysAndEnds('SSH-2.0-OpenSSH_9.6\r\n'), /./],
  ['the answer of another century', saysAndEnds('<html>ours</html>'), /./],
  [
    'a header of 64 MiB',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nX-Big: ');
      forever(socket, 'x'.repeat(65_536));
    },
    /^UND_ERR_HEADERS_OVERFLOW$/,
  ],
  [
    'headers without end',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      forever(socket, 'X-More: 1\r\n'.repeat(1_000));
    },
    /^UND_ERR_HEADERS_OVERFLOW$/,
  ],
  [
    'a line of status without end',
    (socket) => {
      socket.write('HTTP/1.1 200 ');
      forever(socket, 'O'.repeat(65_536));
    },
    /./,
  ],
  [
    'hints (103) without end',
    (socket) => {
      forever(socket, 'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n'.repeat(100));
    },
    /./,
  ],
  [
    '"continue" (100) without end',
    (socket) => {
      forever(socket, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100));
    },
    /./,
  ],
  [
    'another protocol (101)',
    says('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    /./,
  ],
  [
    'a header a second, for ever',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('X: 1\r\n'), 50);
      socket.on('close', () => {
        clearInterval(timer);
      });
    },
    /^TIMEOUT$/,
  ],
  [
    'a body without end',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      forever(socket, 'x'.repeat(65_536));
    },
    /^TOO_LARGE$/,
  ],
  [
    'chunks without end',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      forever(socket, `10000\r\n${'x'.repeat(65_536)}\r\n`);
    },
    /^TOO_LARGE$/,
  ],
  [
    'an extension of a chunk without end',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;');
      forever(socket, 'x'.repeat(65_536));
    },
    /./,
  ],
  [
    'trailers without end',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n');
      forever(socket, 'X-More: 1\r\n'.repeat(1_000));
    },
    /./,
  ],
  ['a length of 10^30', says(`HTTP/1.1 200 OK\r\nContent-Length: 1${'0'.repeat(30)}\r\n\r\nx`), /./],
  ['a negative length', says('HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx'), /./],
  ['two lengths', says('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy'), /./],
  [
    'a length and chunks',
    says('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
    /./,
  ],
  ['less than it announced', saysAndEnds('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nours'), /./],
  ['a gzip bomb', compressed('gzip', gzipSync(bomb)), /^COMPRESSED$/],
  ['a deflate bomb', compressed('deflate', deflateSync(bomb)), /^COMPRESSED$/],
  ['a brotli bomb', compressed('br', brotliCompressSync(bomb)), /^COMPRESSED$/],
  ['a zstd bomb', compressed('zstd', zstdCompressSync(bomb)), /^COMPRESSED$/],
  ['a bomb under a name in capitals', compressed('GZIP', gzipSync(bomb)), /^COMPRESSED$/],
  ['a bomb under two names', compressed('identity\r\nContent-Encoding: gzip', gzipSync(bomb)), /^COMPRESSED$/],
];

describe('a call to a server that means ill', () => {
  const outbound = new Outbound(new AddressGate(() => true));
  let server: Server;
  let answer: (socket: Socket) => void;
  let calls = 0;
  let cases = 0;
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('data', (request) => {
        // A call that timed out before this server saw it belongs to the case before.
        if (request.includes(`GET /${cases} `)) calls++;
        answer(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await outbound.close();
    await new Promise((resolve) => server.close(resolve));
  });

  const call = (more: { statusOnly?: boolean; timeoutMs?: number } = {}): Promise<Outcome> =>
    outbound.send({
      method: 'GET',
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${cases}`,
      timeoutMs: PATIENT_MS,
      maxBytes: MIB,
      ...more,
    });

  it.each(HOSTILE)(
    'which sends %s: is over in time, is no answer, and takes no memory',
    async (_what, send, reason) => {
      answer = send;
      calls = 0;
      cases++;
      const {
        result: { result: outcome, ms },
        bytes,
      } = await kept(() => timed(() => call({ timeoutMs: reason.test('TIMEOUT') ? TIMEOUT_MS : PATIENT_MS })));
      expect(outcome).toEqual({ kind: 'unknown', reason: expect.stringMatching(reason) as string });
      expect(ms).toBeLessThan(TIMEOUT_MS + LATE_MS);
      expect(bytes).toBeLessThan(MOST_KEPT);
      expect(calls).toBeLessThanOrEqual(1);
    },
  );

  it('ends the line of a body that nobody reads and that does not end', async () => {
    let closed = Promise.resolve();
    answer = (socket) => {
      closed = new Promise((resolve) =>
        socket.once('close', () => {
          resolve();
        }),
      );
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnot');
    };
    expect(await call({ statusOnly: true })).toMatchObject({ kind: 'answered', status: 200, body: '' });
    await closed;
  });

  it('is answered by the next server all the same', async () => {
    answer = saysAndEnds('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nours');
    expect(await call()).toMatchObject({ kind: 'answered', status: 200, body: 'ours' });
  });
});
