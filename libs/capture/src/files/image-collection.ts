import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { Addresses, Clock, Jobs, NotYet, Vault } from '@biz/platform';
import type { JobRun } from '@biz/platform';
import { DataSource } from 'typeorm';
import { IMAGE_URL_CONTEXT } from '../intake/redemption';
import { DOWNLOAD } from '../intake/work';
import type { Capture } from '../records/capture.entity';
import { CapturedFile } from '../records/captured-file.entity';
import { Captures } from '../records/captures';
import { FileStore } from './file-store';
import { FileRefused, ImageDownload } from './image-download';
import { ImageConfig } from './image-store.config';

/**
 * Collects the files of an image capture until all are held or the time is over.
 *
 * A file that fails never holds up the others; what is held when the time is over goes to the shop, and each
 * missing file is named with its reason.
 */
@Injectable()
export class ImageCollection implements OnModuleInit {
  private readonly logger = new Logger(ImageCollection.name);

  constructor(
    private readonly captures: Captures,
    private readonly download: ImageDownload,
    private readonly store: FileStore,
    private readonly jobs: Jobs,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
    private readonly addresses: Addresses,
    private readonly config: ImageConfig,
  ) {}

  onModuleInit(): void {
    this.jobs.work(
      DOWNLOAD,
      ({ captureId }, run) => this.collect(captureId, run),
      async ({ captureId }) => {
        const capture = await this.captures.find(captureId);
        if (capture?.state === 'pending') await this.finish(capture);
      },
    );
  }

  private async collect(id: string, run: JobRun): Promise<void> {
    const capture = await this.captures.find(id);
    if (capture?.state !== 'pending') return;
    if (this.clock.now() < capture.deadlineAt) {
      const pending = await this.files.find({
        where: { captureId: id, state: 'pending' },
        order: { picture: 'ASC', variant: 'ASC' },
      });
      await inParallel(this.config.parallelDownloads, pending, (file) => this.fetch(file));
    }
    const left = await this.files.countBy({ captureId: id, state: 'pending' });
    if (left > 0 && this.clock.now() < capture.deadlineAt) {
      throw new NotYet(`${left} files are missing`, this.captures.secondsToNextTry(capture, run));
    }
    await this.finish(capture);
  }

  private async fetch({ id, captureId, sealedUrl, attempts }: CapturedFile): Promise<void> {
    if (sealedUrl === null) return;
    try {
      const stored = await this.download.fetch(await this.vault.open(sealedUrl, IMAGE_URL_CONTEXT), { id, captureId });
      const { affected } = await this.files.update(
        { id, state: 'pending' },
        { ...stored, state: 'stored', sealedUrl: null, attempts: attempts + 1, storedAt: this.clock.now() },
      );
      // Erased meanwhile: the erasure may have looked into the store before this file was there.
      if (affected === 0 && (await this.files.existsBy({ id, state: 'erased' }))) {
        await this.store.removeFolder(captureId);
      }
    } catch (error) {
      const failure = error instanceof FileRefused ? error.failure : undefined;
      this.logger.warn({ captureId, fileId: id, failure, fault: faultOf(error) }, 'image not fetched');
      await this.files.update(
        { id, state: 'pending' },
        { attempts: attempts + 1, ...(failure && { state: 'failed', failure }) },
      );
    }
  }

  private async finish(capture: Capture): Promise<void> {
    const { id: captureId } = capture;
    await this.files.update({ captureId, state: 'pending' }, { state: 'failed', failure: 'deadline-passed' });
    const files = await this.files.find({ where: { captureId }, order: { picture: 'ASC', variant: 'ASC' } });
    if (files.some(({ state }) => state === 'stored')) {
      return this.captures.hold(capture, 'redeemed', 'image.received', {
        ...(capture.expiresAt && { expiresAt: capture.expiresAt.toISOString() }),
        files: files.map((file) => this.describe(file)),
      });
    }
    const late = files.some(({ failure }) => failure === 'deadline-passed');
    await this.captures.fail(capture, late ? 'expired' : 'failed', 'no-image-stored');
  }

  /** A file as the shop is told of it; `href` needs the operator token and a reason. */
  private describe({ id, captureId, picture, variant, state, size, type, sha256, failure }: CapturedFile): object {
    if (state !== 'stored') return { id, picture, variant, state, failure };
    const href = `${this.addresses.baseUrl('image')}/operator/captures/${captureId}/files/${id}`;
    return { id, picture, variant, state, size, type, sha256, href };
  }

  private get files() {
    return this.dataSource.getRepository(CapturedFile);
  }
}

/** What kind of fault it was; never its text, which could hold the address. */
function faultOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : String(name);
}

async function inParallel<T>(bound: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(bound, items.length) }, worker));
}
