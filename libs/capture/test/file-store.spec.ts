import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { AddressGate } from '@biz/platform';
import { eventually } from '@biz/testing';
import { BucketStore } from '../src/store/bucket-store';
import type { FileStore } from '../src/store/file-store';
import { FolderStore } from '../src/store/file-store';
import { Bucket, refuse } from './bucket';

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

describe.each(['folder', 'bucket'])('a store in a %s', (kind) => {
  const environment = { ...process.env };
  let folder: string;
  let bucket: Bucket;
  let store: FileStore;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'biz-store-'));
    bucket = await Bucket.start();
    Object.assign(process.env, bucket.environment);
    store = kind === 'folder' ? new FolderStore(folder) : new BucketStore('s3://pictures/shop/one', folder, nowhere());
    await mkdir(store.incoming, { recursive: true });
  });
  afterAll(async () => {
    process.env = environment;
    bucket.close();
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
    if (kind === 'bucket')
      expect([...bucket.objects.keys()]).toEqual(['/pictures/shop/one/a/1', '/pictures/shop/one/a/2']);
  });

  it('removes a folder and nothing beside it', async () => {
    await put('a/3', 'third');
    await put('ab/1', 'neighbour');
    await store.removeFolder('a');
    await store.removeFolder('a');
    expect([await read('a/1'), await read('a/3'), await read('ab/1')]).toEqual([NOTHING, NOTHING, 'neighbour']);
  });

  it('removes one file, which may be gone already', async () => {
    await put('b/1', 'first');
    await put('b/2', 'second');
    await store.remove('b/1');
    await store.remove('b/1');
    expect([await read('b/1'), await read('b/2')]).toEqual([NOTHING, 'second']);
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
    const module = JSON.stringify(join(__dirname, '../src/store/file-store.ts'));
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

describe('a bucket that does not do as it is told', () => {
  const environment = { ...process.env };
  let folder: string;
  let bucket: Bucket;
  let store: FileStore;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'biz-store-'));
    bucket = await Bucket.start();
    Object.assign(process.env, bucket.environment);
    store = new BucketStore('s3://pictures', folder, nowhere());
    path = join(folder, 'draft');
    // More than a socket takes at once.
    await writeFile(path, Buffer.alloc(8 * 1024 * 1024));
  });
  afterEach(async () => {
    process.env = { ...environment };
    bucket.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Which files of the folder this process has open; where the system does not tell, this asks nothing of anybody. */
  const open = async (): Promise<string[]> => {
    const descriptors = await readdir('/proc/self/fd').catch(() => []);
    const targets = await Promise.all(descriptors.map((each) => readlink(`/proc/self/fd/${each}`).catch(() => '')));
    return targets.filter((target) => target.startsWith(folder));
  };

  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void, object]>([
    [
      'is refused',
      (_request, response) => {
        refuse(response, 403, 'AccessDenied');
      },
      { name: 'AccessDenied' },
    ],
    ['is dropped', (request) => request.socket.destroy(), {}],
    ['is dropped half way', (request) => request.once('data', () => request.socket.destroy()), {}],
  ])('leaves nothing open of a file that %s, and leaves it where it was', async (_how, fault, error) => {
    bucket.faults.set('PUT', fault);
    await expect(store.put(path, 'a/1')).rejects.toMatchObject(error);
    await eventually(async () => {
      expect(await open()).toEqual([]);
    });
    expect(await readdir(folder)).toEqual(['draft']);
  });

  it('is told no more of a file that cannot be read: that it cannot is the answer', async () => {
    await mkdir(join(folder, 'no file'));
    await expect(store.put(join(folder, 'no file'), 'a/1')).rejects.toMatchObject({ code: 'EISDIR' });
    expect([...bucket.objects]).toEqual([]);
  });

  it('keeps a file that it may not delete, and says so', async () => {
    await store.put(path, 'a/1');
    bucket.faults.set('DELETE', (_request, response) => {
      refuse(response, 403, 'AccessDenied');
    });
    await expect(store.remove('a/1')).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(store.removeFolder('a')).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('is asked again later when it goes on listing what it has deleted', async () => {
    await store.put(path, 'a/1');
    bucket.faults.set('DELETE', (_request, response) => {
      response.writeHead(204).end();
    });
    await expect(store.removeFolder('a')).rejects.toThrow('lists what it has deleted');
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
