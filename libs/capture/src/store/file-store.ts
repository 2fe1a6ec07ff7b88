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

  /** @returns nothing when there is no such file */
  abstract read(name: string): Promise<Readable | undefined>;

  /** Removes one file; nothing there is no error. */
  abstract remove(name: string): Promise<void>;

  /** Removes everything below `{folder}/`; nothing there is no error. */
  abstract removeFolder(folder: string): Promise<void>;
}

const OURS = { recursive: true, mode: 0o700 } as const;

/** Makes a folder that is there after a power loss, too. */
export async function makeFolder(folder: string): Promise<void> {
  await syncAbove(folder, await mkdir(folder, OURS));
}

/**
 * Each folder that names a new one is written to the disk.
 * @param outermost of the new ones; a folder that was there may have been made by somebody who has not come to this yet
 */
async function syncAbove(folder: string, outermost = folder): Promise<void> {
  let at = resolve(folder);
  do {
    at = dirname(at);
    await sync(at);
  } while (at.length >= resolve(outermost).length);
}

/** Whatever was made, renamed or removed in a folder lasts. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
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
    const folder = dirname(target);
    const take = async (): Promise<string | undefined> => {
      const made = await mkdir(folder, OURS);
      await rename(path, target);
      return made;
    };
    // In between an erasure may remove the folder.
    const made = await take().catch(take);
    await sync(folder);
    await syncAbove(folder, made);
  }

  async read(name: string): Promise<Readable | undefined> {
    try {
      return createReadStream('', { fd: await open(join(this.root, name)) });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.root, name), { force: true });
  }

  async removeFolder(folder: string): Promise<void> {
    await rm(join(this.root, folder), { recursive: true, force: true });
  }
}
