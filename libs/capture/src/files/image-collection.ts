import { Injectable } from '@nestjs/common';
import { Clock, newId, Vault } from '@biz/platform';
import { Deliveries } from '@biz/merchant';
import { readImages } from '@biz/otp-client';
import { DataSource } from 'typeorm';
import { Capture } from '../records/capture.entity';
import { CapturedFile } from '../records/captured-file.entity';
import { Captures } from '../records/captures';
import { FileLinks } from '../links/file-links';
import { inKorea } from '../records/korean-time';
import { RetryTimes } from '../schedule/retry-times';
import { FileFetcher } from './file-fetcher';
import { IMAGE_URL_CONTEXT } from './image-download';

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
    private readonly fetcher: FileFetcher,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly times: RetryTimes,
    private readonly dataSource: DataSource,
    deliveries: Deliveries,
    links: FileLinks,
  ) {
    fetcher.onLast((captureId) => this.complete(captureId));
    // A shop that was down for hours is sent a link that works.
    deliveries.onSending('image.received', (data) => ({
      ...data,
      files: (data.files as ToldFile[]).map((file) =>
        file.state === 'stored' ? { ...file, ...links.make(file.id) } : file,
      ),
    }));
  }

  /**
   * Takes what Kakao answered: lists the files, or ends the capture when there is nothing left to wait for.
   *
   * The capture is due again at its deadline, when what is missing is given up; until then it is looked at now and then,
   * for a process may end between the last file and the end of the capture.
   */
  async collect(capture: Capture, raw: string): Promise<void> {
    const { images, expiresAt } = readImages(raw);
    const deadlineAt = expiresAt && expiresAt < capture.deadlineAt ? expiresAt : capture.deadlineAt;
    const files = await Promise.all(
      images.map(async ({ picture, size, url }) => ({
        id: newId(),
        captureId: capture.id,
        picture,
        variant: size,
        state: 'pending' as const,
        sealedUrl: await this.vault.seal(url, IMAGE_URL_CONTEXT),
        attempts: 0,
        dueAt: this.clock.now(),
        deadlineAt,
      })),
    );
    const waits = await this.dataSource.transaction(async (manager) => {
      if (!(await this.captures.lock(manager, capture.id, 'pending'))) return false;
      await manager.createQueryBuilder().insert().into(CapturedFile).values(files).orIgnore().execute();
      await manager.update(CapturedFile, { captureId: capture.id, state: 'pending' }, { deadlineAt });
      const left = await manager.countBy(CapturedFile, { captureId: capture.id, state: 'pending' });
      const over = left === 0 || deadlineAt <= this.clock.now();
      const ends = { deadlineAt, expiresAt: expiresAt ?? null };
      await manager.update(
        Capture,
        { id: capture.id },
        over ? ends : { ...ends, dueAt: this.times.lookAgain(deadlineAt), claimedUntil: null },
      );
      return !over;
    });
    if (waits) this.fetcher.nudge();
    else await this.complete(capture.id);
  }

  private async complete(captureId: string): Promise<void> {
    const capture = await this.captures.find(captureId);
    if (capture?.state !== 'pending') return;
    const repository = this.dataSource.getRepository(CapturedFile);
    await repository.query(
      `UPDATE capture.files SET state = 'failed',
              failure = CASE problem WHEN 'store-unavailable' THEN 'store-unavailable' ELSE 'deadline-passed' END
        WHERE capture_id = $1 AND state = 'pending'`,
      [captureId],
    );
    const files = await repository.find({ where: { captureId }, order: { picture: 'ASC', variant: 'ASC' } });
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
