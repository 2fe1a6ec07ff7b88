import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { Clock, Jobs } from '@biz/platform';
import { Deliveries } from '@biz/merchant';
import type { ShopEventType } from '@biz/merchant';
import type { OtpKind } from '@biz/otp-client';
import { DataSource, In, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { FileStore } from '../files/file-store';
import { ImageConfig } from '../files/image-store.config';
import { Capture } from '../records/capture.entity';
import { CapturedFiles } from '../records/captured-files';
import { Captures } from '../records/captures';
import { LocationRecord } from './location-record';
import { CAPTURE_KIND, ERASE_FILES } from './work';

/** How often captures whose retention is over are looked for. */
const SWEEP_SECONDS = 60;
const BATCH = 200;

const RECEIVED = new Set<ShopEventType>(['profile.received', 'location.received', 'image.received']);

/**
 * Erases personal data in time or on request; that something was captured, when and with what consent, stays known.
 *
 * What is due is found by its row, not by a job of its own: nothing that happens to the queue keeps it longer.
 */
@Injectable()
export class Erasure implements OnModuleInit {
  private readonly logger = new Logger(Erasure.name);

  constructor(
    @Inject(CAPTURE_KIND) private readonly kind: OtpKind,
    private readonly captures: Captures,
    private readonly files: CapturedFiles,
    private readonly deliveries: Deliveries,
    private readonly locations: LocationRecord,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
    @Optional() private readonly store?: FileStore,
    @Optional() private readonly images?: ImageConfig,
  ) {}

  onModuleInit(): void {
    this.jobs.every(`capture.${this.kind}.sweep`, SWEEP_SECONDS, () => this.eraseDue());
    if (this.store) this.jobs.work(ERASE_FILES, ({ captureId }) => this.removeFiles(captureId));
    this.deliveries.onSettled(async (settled, manager) => {
      const received = settled.filter(({ state, type }) => state === 'delivered' && RECEIVED.has(type));
      if (received.length > 0)
        await this.delivered(
          received.map(({ subject }) => subject),
          manager,
        );
    });
  }

  /** Forgets at once what is in the database, the keys of the files with it; the files themselves follow. */
  async erase({ id, merchant }: Pick<Capture, 'id' | 'merchant'>, manager: EntityManager): Promise<void> {
    // Before the capture, as whoever notes a delivery does; and once more after it, for what was added until then.
    await this.deliveries.erase(manager, merchant, id);
    const capture = await this.captures.lockAny(manager, id);
    if (!capture || capture.state === 'erased') return;
    const { state, sealedAnswer } = capture;
    await this.captures.moveTo(manager, id, 'erased', {
      sealedOtp: null,
      sealedAnswer: null,
      erasedAt: this.clock.now(),
    });
    // Kept, and not yet read: whether there is a location in it will never be known.
    if (state === 'pending' && sealedAnswer !== null) await this.locations.collected(manager, capture);
    await this.files.erase(manager, id);
    await this.deliveries.erase(manager, merchant, id);
    if (this.store) await this.jobs.add(ERASE_FILES, { captureId: id }, manager);
    this.logger.log({ captureId: id }, 'erased');
  }

  private async delivered(ids: string[], manager: EntityManager): Promise<void> {
    const captures = await this.captures.moveAllTo(manager, ids, 'delivered', { deliveredAt: this.clock.now() });
    for (const capture of captures) {
      await this.locations.provided(manager, capture);
      if (capture.consent.retainDays === 0) await this.endOneTime(capture, manager);
    }
    const moved = new Set(captures.map(({ id }) => id));
    const others = ids.filter((id) => !moved.has(id));
    if (others.length === 0) return;
    // Erased while the shop was being told: it has it all the same.
    for (const capture of await manager.findBy(Capture, { id: In(others), kind: this.kind, state: 'erased' }))
      await this.locations.provided(manager, capture);
  }

  /** Images were handed over as links: they are kept for as long as those work. */
  private async endOneTime(capture: Capture, manager: EntityManager): Promise<void> {
    if (!this.images) return this.erase(capture, manager);
    const eraseAt = new Date(this.clock.now().getTime() + this.images.linkSeconds * 1000);
    await manager.update(Capture, { id: capture.id, eraseAt: MoreThan(eraseAt) }, { eraseAt });
  }

  private async eraseDue(): Promise<void> {
    for (let left = true; left;) {
      const due = await this.dataSource
        .createQueryBuilder(Capture, 'capture')
        // Written out, so that the partial index serves.
        .where(`capture.kind = :kind AND capture.state <> 'erased' AND capture.eraseAt <= :now`)
        .setParameters({ kind: this.kind, now: this.clock.now() })
        .orderBy('capture.eraseAt')
        .limit(BATCH)
        .getMany();
      left = due.length === BATCH;
      for (const capture of due) if (!(await this.eraseOne(capture))) left = false;
    }
  }

  /** One that cannot be erased holds up no other; it is tried again with the next sweep. */
  private async eraseOne(capture: Capture): Promise<boolean> {
    try {
      await this.dataSource.transaction((manager) => this.erase(capture, manager));
      return true;
    } catch (error) {
      this.logger.error({ captureId: capture.id, error }, 'not erased');
      return false;
    }
  }

  private async removeFiles(id: string): Promise<void> {
    if ((await this.captures.find(id))?.state === 'erased') await this.store?.removeFolder(id);
  }
}
