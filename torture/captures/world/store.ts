import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir, rename, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** More than the images of a round. */
const ROOM = '2g';

/** The folder that images are kept in: a file system of its own where this user may mount one, so that it can be full. */
export class Store {
  private constructor(
    readonly folder: string,
    /** Otherwise it can only be gone. */
    readonly canBeFull: boolean,
  ) {}

  static async open(): Promise<Store> {
    const folder = mkdtempSync(join(tmpdir(), 'biz-torture-images-'));
    const canBeFull = await run('mount', ['-t', 'tmpfs', '-o', `size=${ROOM},mode=700`, 'tmpfs', folder]).then(
      () => true,
      () => false,
    );
    return new Store(folder, canBeFull);
  }

  async close(): Promise<void> {
    if (this.canBeFull) await run('umount', ['--lazy', this.folder]);
    chmodSync(this.folder, 0o700);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Not another byte fits: whoever writes is told ENOSPC, some after half a file. */
  async full(ms: number): Promise<void> {
    // Somebody may write just now, and no file system shrinks below what it holds.
    for (let spare = 0; ; spare += 256) {
      const { blocks, bfree, bsize } = await statfs(this.folder);
      const kilobytes = Math.ceil(((blocks - bfree) * bsize) / 1024) + spare + 4;
      if (await this.resize(`${kilobytes}k`)) break;
    }
    await delay(ms);
    await this.resize(ROOM);
  }

  /** Where files are written first is not there, as when a disk is taken out. */
  async gone(ms: number): Promise<void> {
    const [incoming, away] = [join(this.folder, '.incoming'), join(this.folder, '.away')];
    await mkdir(incoming, { recursive: true });
    await rename(incoming, away);
    await delay(ms);
    for (let at = 0; ; at++) {
      const moved = await rename(away, incoming).then(
        () => true,
        () => false,
      );
      if (moved) return;
      // An app that was started meanwhile made another.
      await rename(incoming, `${away}-${at}-${Date.now()}`);
    }
  }

  private resize(size: string): Promise<boolean> {
    return run('mount', ['-o', `remount,size=${size}`, this.folder]).then(
      () => true,
      () => false,
    );
  }
}
