import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { Clock, Jobs } from '@biz/platform';
import { Deliveries } from '@biz/merchant';
import type { SettledDelivery, ShopEventType } from '@biz/merchant';
import type { OtpKind } from '@biz/otp-client';
import { DataSource, In, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { FileStore } from '../store/file-store';
import { ImageConfig } from '../store/image-store.config';
import { Capture, isAnswered } from '../records/capture.entity';
import { CapturedFiles } from '../records/captured-files';
import { Captures } from '../records/captures';
import { LocationRecord } from '../records/location-record';
import { CAPTURE_KIND } from '../records/capture-kind';
import { ERASE_FILES } from './erase-files';

/** How often captures whose retention is over are looked for. */
const SWEEP_SECONDS = 60;
const BATCH = 200;
/** For a capture, or a delivery of it, that somebody else holds. */
const LONGEST_WAIT = '5s';

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
    if (this.store)
      this.jobs.work(
        ERASE_FILES,
        ({ captureId }) => this.removeFiles(captureId),
        ({ captureId }, error) => {
          this.logger.error({ captureId, error }, 'files that were erased stay in the store: remove them by hand');
          return Promise.resolve();
        },
      );
    this.deliveries.onSettled(async (settled, manager) => {
      const received = settled.filter(({ state, type }) => state === 'delivered' && RECEIVED.has(type));
      if (received.length > 0) await this.delivered(received, manager);
    });
  }

  /** Forgets at once what is in the database, the keys of the files with it; the files themselves follow. */
  async erase({ id, merchant }: Pick<Capture, 'id' | 'merchant'>, manager: EntityManager): Promise<void> {
    // Before the capture, as whoever notes a delivery does; and once more after it, for what was added until then.
    await this.deliveries.erase(manager, merchant, id);
    const capture = await this.captures.lockAny(manager, id);
    if (!capture || capture.state === 'erased') return;
    await this.captures.moveTo(manager, id, 'erased', {
      sealedOtp: null,
      sealedAnswer: null,
      sealedUnread: null,
      sealedUser: null,
      erasedAt: this.clock.now(),
    });
    // An answer that was not read yet: whether there is a location in it will never be known. In a refusal there is none.
    const isUnread = isAnswered(capture) || capture.sealedUnread !== null;
    if (capture.state === 'pending' && isUnread) await this.locations.collected(manager, capture);
    await this.files.erase(manager, id);
    await this.deliveries.erase(manager, merchant, id);
    if (this.store) await this.jobs.add(ERASE_FILES, { captureId: id }, manager);
    this.logger.log({ captureId: id }, 'erased');
  }

  private async delivered(all: SettledDelivery[], manager: EntityManager): Promise<void> {
    const ids = all.map(({ subject }) => subject);
    const done = this.images ? await this.withNothingMore(all, manager) : ids;
    const captures = await this.captures.moveAllTo(manager, done, 'delivered', { deliveredAt: this.clock.now() });
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

  /** Of images that were asked for again another event follows, which ends their capture. */
  private async withNothingMore(settled: SettledDelivery[], manager: EntityManager): Promise<string[]> {
    const ids = settled.map(({ subject }) => subject);
    await this.captures.lockAll(manager, ids);
    const owed = await this.deliveries.owed(manager, settled);
    return ids.filter((id) => !owed.has(id));
  }

  /** Images were handed over as links: they are kept for as long as those work. */
  private async endOneTime(capture: Capture, manager: EntityManager): Promise<void> {
    if (!this.images) return this.erase(capture, manager);
    const eraseAt = new Date(this.clock.now().getTime() + this.images.linkSeconds * 1000);
    await manager.update(Capture, { id: capture.id, eraseAt: MoreThan(eraseAt) }, { eraseAt });
  }

  private async eraseDue(): Promise<void> {
    let last: Capture | undefined;
    do {
      const due = await this.dueAfter(last);
      for (const capture of due) await this.eraseOne(capture);
      last = due[BATCH - 1];
    } while (last);
  }

  /** In the order in which they became due, so that those that cannot be erased are passed by. */
  private dueAfter(last: Capture | undefined): Promise<Capture[]> {
    const due = this.dataSource
      .createQueryBuilder(Capture, 'capture')
      // Written out, so that the partial index serves.
      .where(`capture.kind = :kind AND capture.state <> 'erased' AND capture.eraseAt <= :now`)
      .setParameters({ kind: this.kind, now: this.clock.now() })
      .orderBy({ 'capture.eraseAt': 'ASC', 'capture.id': 'ASC' })
      .limit(BATCH);
    if (last) due.andWhere('(capture.eraseAt, capture.id) > (:eraseAt, :id)', { eraseAt: last.eraseAt, id: last.id });
    return due.getMany();
  }

  /** One that cannot be erased holds up no other; it is tried again with the next sweep. */
  private async eraseOne(capture: Capture): Promise<void> {
    try {
      await this.dataSource.transaction(async (manager) => {
        await manager.query(`SET LOCAL lock_timeout = '${LONGEST_WAIT}'`);
        await this.erase(capture, manager);
      });
    } catch (error) {
      this.logger.error({ captureId: capture.id, error }, 'not erased');
    }
  }

  private async removeFiles(id: string): Promise<void> {
    if ((await this.captures.find(id))?.state === 'erased') await this.store?.removeFolder(id);
  }
}
