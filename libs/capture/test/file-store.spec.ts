import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { AddressGate } from '@biz/platform';
import { BucketStore } from '../src/files/bucket-store';
import type { FileStore } from '../src/files/file-store';
import { FolderStore } from '../src/files/file-store';

/** A gate for which nothing is near, but what a store's own endpoint names; every name is this machine, or at the metadata address. */
const nowhere = (address = '127.0.0.1'): AddressGate =>
  new AddressGate(
    () => false,
    (_hostname, _options, answer) => {
      answer(null, [{ address, family: 4 }]);
    },
  );

const NOTHING = 'there is no such file';

/** The beginning or the end of a call, of which only beginnings say what was meant. */
interface Traced {
  cat: string;
  ph: string;
  name: string;
  args: { path?: string };
}

/** As much of S3 as a store needs: put, get, list by prefix, delete many; signed requests only. */
function bucketServer(objects: Map<string, Buffer>): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://s3');
      const name = decodeURIComponent(url.pathname);
      const body = Buffer.concat(chunks);
      if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256')) return response.writeHead(403).end();
      if (request.method === 'PUT') {
        objects.set(name, body);
        return response.writeHead(200).end();
      }
      if (request.method === 'POST') {
        for (const [, key] of body.toString().matchAll(/<Key>([^<]+)<\/Key>/g))
          objects.delete(`${name.replace(/\/$/, '')}/${key}`);
        return response.writeHead(200).end('<DeleteResult/>');
      }
      if (url.searchParams.has('list-type')) {
        const prefix = `${name.replace(/\/$/, '')}/${url.searchParams.get('prefix') ?? ''}`;
        const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).slice(0, 2);
        const contents = keys.map((key) => `<Contents><Key>${key.replace(/^\/[^/]+\//, '')}</Key></Contents>`).join('');
        return response
          .writeHead(200, { 'content-type': 'application/xml' })
          .end(`<ListBucketResult>${contents}</ListBucketResult>`);
      }
      const found = objects.get(name);
      return found
        ? response.writeHead(200).end(found)
        : response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
    });
  });
}

describe.each(['folder', 'bucket'])('a store in a %s', (kind) => {
  const objects = new Map<string, Buffer>();
  const environment = { ...process.env };
  let folder: string;
  let server: Server;
  let store: FileStore;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'biz-store-'));
    server = bucketServer(objects);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_REGION: 'ap-northeast-2',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });
    store = kind === 'folder' ? new FolderStore(folder) : new BucketStore('s3://pictures/shop/one', folder, nowhere());
    await mkdir(store.incoming, { recursive: true });
  });
  afterAll(async () => {
    process.env = environment;
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const put = async (name: string, content: string): Promise<void> => {
    const path = join(store.incoming, 'draft');
    await writeFile(path, content);
    await store.put(path, name);
  };
  const read = async (name: string): Promise<string> => {
    let text = '';
    for await (const piece of (await store.read(name)) ?? [NOTHING]) text += String(piece);
    return text;
  };

  it('takes a finished file over and hands it back', async () => {
    await put('a/1', 'first');
    await put('a/2', 'second');
    expect([await read('a/1'), await read('a/2')]).toEqual(['first', 'second']);
    expect(await readdir(store.incoming)).toEqual([]);
    if (kind === 'bucket') expect([...objects.keys()]).toEqual(['/pictures/shop/one/a/1', '/pictures/shop/one/a/2']);
  });

  it('removes a folder and nothing beside it', async () => {
    await put('a/3', 'third');
    await put('ab/1', 'neighbour');
    await store.removeFolder('a');
    await store.removeFolder('a');
    expect([await read('a/1'), await read('a/3'), await read('ab/1')]).toEqual([NOTHING, NOTHING, 'neighbour']);
  });
});

describe('a folder', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'biz-store-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Which folders a process wrote to the disk, as Node's own trace tells it, and when it took a file over. */
  async function syncedBy(...lines: string[]): Promise<string[]> {
    const module = JSON.stringify(join(__dirname, '../src/files/file-store.ts'));
    const trace = join(folder, 'trace.json');
    await promisify(execFile)(process.execPath, [
      ...['--no-warnings', '--trace-event-categories', 'node.fs.async', '--trace-event-file-pattern', trace],
      ...['--input-type=module', '--eval', [`import { FolderStore, makeFolder } from ${module};`, ...lines].join('\n')],
    ]);
    const { traceEvents } = JSON.parse(await readFile(trace, 'utf8')) as { traceEvents: Traced[] };
    const began = traceEvents.filter(({ cat, ph }) => cat.includes('node.fs.async') && ph === 'b');
    return began.flatMap(({ name }, at) => {
      if (name === 'rename') return 'taken over';
      return name === 'fsync' ? relative(folder, began[at - 1]?.args.path ?? '') || '.' : [];
    });
  }

  it('holds what it took over after a power loss too: each folder that names a new one is written to the disk', async () => {
    const store = JSON.stringify(join(folder, 'a/b'));
    expect(await syncedBy(`await makeFolder(${store} + '/.incoming');`)).toEqual(['a/b', 'a', '.']);
    await writeFile(join(folder, 'draft-1'), '');
    await writeFile(join(folder, 'draft-2'), '');
    const drafts = JSON.stringify(join(folder, 'draft-'));
    expect(await syncedBy(`await new FolderStore(${store}).put(${drafts} + 1, 'capture/1');`)).toEqual([
      'taken over',
      'a/b/capture',
      'a/b',
    ]);
    // Whoever made the folder a moment ago may not have come to it yet.
    expect(await syncedBy(`await new FolderStore(${store}).put(${drafts} + 2, 'capture/2');`)).toEqual([
      'taken over',
      'a/b/capture',
      'a/b',
    ]);
  });
});

describe('a bucket', () => {
  const environment = { ...process.env };
  let folder: string;
  let server: Server;
  let port: number;
  let asked = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'biz-store-'));
    server = createServer(() => asked++);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    ({ port } = server.address() as AddressInfo);
  });
  beforeEach(() => {
    asked = 0;
    Object.assign(process.env, {
      AWS_REGION: 'ap-northeast-2',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_MAX_ATTEMPTS: '1',
    });
  });
  afterEach(() => {
    process.env = { ...environment };
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });
  const read = (gate: AddressGate, endpoint?: string): Promise<unknown> => {
    if (endpoint !== undefined) process.env.AWS_ENDPOINT_URL_S3 = endpoint;
    return new BucketStore('s3://pictures', folder, gate, 200).read('a/1');
  };

  it("is not looked for in our network when nobody configured it there, whatever Amazon's name leads to", async () => {
    await expect(read(nowhere())).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  });

  it.each(['http://store.internal', 'http://169.254.169.254', 'http://[fd00:ec2::254]'])(
    'is never looked for where clouds hand out credentials: %s',
    async (endpoint) => {
      await expect(read(nowhere('169.254.169.254'), endpoint)).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
    },
  );

  it('that hangs holds nobody up for ever, and may stand in our network when the operator says so', async () => {
    await expect(read(nowhere(), `http://store.internal:${port}`)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(asked).toBe(1);
  });
});
