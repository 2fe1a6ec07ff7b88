import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { Clock, Jobs, NotYet } from '@biz/platform';
import { Deliveries } from '@biz/merchant';
import type { ShopEventType } from '@biz/merchant';
import type { OtpKind } from '@biz/otp-client';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { FileStore } from '../files/file-store';
import { Capture } from '../records/capture.entity';
import { CapturedFile } from '../records/captured-file.entity';
import { Captures } from '../records/captures';
import { CAPTURE_KIND, ERASE } from './work';

const RECEIVED = new Set<ShopEventType>(['profile.received', 'location.received', 'image.received']);

/** Erases personal data in time or on request; that something was captured, when and with what consent, stays known. */
@Injectable()
export class Erasure implements OnModuleInit {
  private readonly logger = new Logger(Erasure.name);

  constructor(
    @Inject(CAPTURE_KIND) private readonly kind: OtpKind,
    private readonly captures: Captures,
    private readonly deliveries: Deliveries,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
    @Optional() private readonly store?: FileStore,
  ) {}

  onModuleInit(): void {
    this.jobs.work(ERASE[this.kind], ({ captureId }) => this.eraseWhenDue(captureId));
    this.deliveries.onSettled(async ({ subject, type, state }, manager) => {
      if (state === 'delivered' && RECEIVED.has(type)) await this.delivered(subject, manager);
    });
  }

  /** Forgets at once what is in the database, the keys of the files with it; the files themselves follow. */
  async erase({ id, merchant }: Capture, manager: EntityManager): Promise<void> {
    const now = this.clock.now();
    const erased = await this.captures.moveTo(manager, id, 'erased', {
      sealedOtp: null,
      sealedAnswer: null,
      erasedAt: now,
    });
    if (!erased) return;
    await manager.update(CapturedFile, { captureId: id }, { state: 'erased', sealedUrl: null, sealedKey: null });
    await this.deliveries.erase(manager, merchant, id);
    if (this.kind === 'image') await this.jobs.add(ERASE.image, { captureId: id }, manager);
    this.logger.log({ captureId: id }, 'erased');
  }

  private async delivered(id: string, manager: EntityManager): Promise<void> {
    if (!(await this.captures.moveTo(manager, id, 'delivered', { deliveredAt: this.clock.now() }))) return;
    const capture = await this.captures.lock(manager, id, 'delivered');
    if (capture?.consent.retainDays === 0) await this.erase(capture, manager);
  }

  private async eraseWhenDue(id: string): Promise<void> {
    const capture = await this.captures.find(id);
    if (!capture) return;
    if (capture.state !== 'erased') {
      if (this.clock.now() < capture.eraseAt)
        throw new NotYet('kept longer', this.captures.secondsUntil(capture.eraseAt));
      await this.dataSource.transaction((manager) => this.erase(capture, manager));
    }
    await this.store?.removeFolder(id);
  }
}
