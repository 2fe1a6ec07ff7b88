import { Injectable } from '@nestjs/common';
import { Clock, inKorea, Vault } from '@biz/platform';
import { Deliveries } from '@biz/merchant';
import { readImages } from '@biz/otp-client';
import { DataSource } from 'typeorm';
import { Capture } from '../records/capture.entity';
import { IMAGE_URL_CONTEXT } from '../records/captured-file.entity';
import type { CapturedFile } from '../records/captured-file.entity';
import { CapturedFiles, fetchedUntil } from '../records/captured-files';
import { Captures } from '../records/captures';
import { FileLinks } from '../links/file-links';
import { RetryTimes } from '../schedule/retry-times';
import { FileFetcher } from './file-fetcher';

/** A file in the facts of `image.received`. */
type ToldFile = Partial<CapturedFile> & { id: string };

/**
 * Collects the files of an image capture until all are held or the time is over.
 *
 * A file that fails never holds up the others; what is held when the time is over goes to the shop, and each
 * missing file is named with its reason.
 */
@Injectable()
export class ImageCollection {
  constructor(
    private readonly captures: Captures,
    private readonly files: CapturedFiles,
    private readonly fetcher: FileFetcher,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly times: RetryTimes,
    private readonly dataSource: DataSource,
    deliveries: Deliveries,
    links: FileLinks,
  ) {
    fetcher.onLast((captureId) => this.end(captureId));
    // A shop that was down for hours is sent a link that works.
    deliveries.onSending('image.received', (data) => ({
      ...data,
      files: (data.files as ToldFile[]).map((file) =>
        file.state === 'stored' ? { ...file, ...links.make(file.id) } : file,
      ),
    }));
  }

  /**
   * Lists the files that Kakao answered with, looks again at a capture that has them, or ends it when there is nothing
   * left to wait for.
   *
   * The capture is due again at its deadline, when what is missing is given up; until then it is looked at now and then,
   * for a process may end between the last file and the end of the capture.
   */
  async collect(capture: Capture, raw: string): Promise<void> {
    const waits = (await this.files.has(capture.id)) ? await this.lookAgain(capture) : await this.list(capture, raw);
    if (waits) this.fetcher.listed();
    else await this.end(capture.id);
  }

  /** @returns whether they are waited for */
  private async list(capture: Capture, raw: string): Promise<boolean> {
    const { images, expiresAt } = readImages(raw);
    const deadlineAt = fetchedUntil(capture.deadlineAt, expiresAt);
    const files = await Promise.all(
      images.map(async ({ picture, size, url }) => ({
        ...{ picture, variant: size },
        sealedUrl: await this.vault.seal(url, IMAGE_URL_CONTEXT),
      })),
    );
    return this.dataSource.transaction(async (manager) => {
      if (!(await this.captures.lock(manager, capture.id, 'pending'))) return false;
      await this.files.list(manager, capture, files, deadlineAt);
      const ends = { deadlineAt, expiresAt: expiresAt ?? null };
      const waits = deadlineAt > this.clock.now();
      const due = waits && { dueAt: this.times.lookAgain(deadlineAt), claimedUntil: null };
      await manager.update(Capture, { id: capture.id }, { ...ends, ...due });
      return waits;
    });
  }

  /** @returns whether a file is still waited for */
  private async lookAgain({ id, deadlineAt }: Capture): Promise<boolean> {
    const [, count] = await this.dataSource.query<[unknown[], number]>(
      `UPDATE capture.captures SET due_at = $2, claimed_until = NULL
        WHERE id = $1 AND state = 'pending' AND deadline_at > $3
          AND EXISTS (SELECT FROM capture.files WHERE capture_id = $1 AND files.state = 'pending')`,
      [id, this.times.lookAgain(deadlineAt), this.clock.now()],
    );
    return count === 1;
  }

  /** Ends a capture of which no file is pending any more, or whose time is over; else nothing happens. */
  private async end(captureId: string): Promise<void> {
    const capture = await this.captures.find(captureId);
    if (capture?.state !== 'pending') return;
    await this.files.giveUp(captureId);
    const files = await this.files.of(captureId);
    if (files.some(({ state }) => state === 'pending')) return;
    if (files.some(({ state }) => state === 'stored')) {
      const { expiresAt } = capture;
      return this.captures.hold(capture, 'redeemed', 'image.received', {
        ...(expiresAt && { expiresAt: expiresAt.toISOString(), expiresAtKst: inKorea(expiresAt) }),
        files: files.map(describe),
      });
    }
    const late = files.some(({ failure }) => failure === 'deadline-passed' || failure === 'store-unavailable');
    await this.captures.fail(capture, late ? 'expired' : 'failed', 'no-image-stored');
  }
}

/** A file as the shop is told of it; its link is added as the event is sent. */
function describe({ id, picture, variant, state, size, type, sha256, failure }: CapturedFile): ToldFile {
  return state === 'stored'
    ? { id, picture, variant, state, size, type, sha256 }
    : { id, picture, variant, state, failure };
}
