import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';

/** Keeps encrypted files under a name such as `{capture}/{file}`. It sees no plain byte and no key. */
export abstract class FileStore {
  /** A local folder where a file is written before it is stored. */
  abstract readonly incoming: string;

  /** Takes over a finished file of `incoming`; it is durable when this returns. */
  abstract put(path: string, name: string): Promise<void>;

  abstract read(name: string): Promise<Readable>;

  /** Removes one file; nothing there is no error. */
  abstract remove(name: string): Promise<void>;

  /** Removes everything below `{folder}/`; nothing there is no error. */
  abstract removeFolder(folder: string): Promise<void>;
}

/** A folder of this machine, or one that several machines mount. */
export class FolderStore extends FileStore {
  private readonly root: string;
  readonly incoming: string;

  constructor(folder: string) {
    super();
    this.root = resolve(folder);
    // On the same file system, so that taking a file over is a rename: it is there whole or not at all.
    this.incoming = join(this.root, '.incoming');
  }

  async put(path: string, name: string): Promise<void> {
    const target = join(this.root, name);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await rename(path, target);
    const folder = await open(dirname(target));
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async read(name: string): Promise<Readable> {
    const file = await open(join(this.root, name));
    return createReadStream('', { fd: file });
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.root, name), { force: true });
  }

  async removeFolder(folder: string): Promise<void> {
    await rm(join(this.root, folder), { recursive: true, force: true });
  }
}
