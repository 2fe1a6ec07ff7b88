import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock, RuntimeConfig } from '@biz/platform';
import { Deliveries } from '@biz/merchant';
import type { ShopEventType } from '@biz/merchant';
import type { OtpKind } from '@biz/otp-client';
import { DataSource, In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { LocationRecord } from '../intake/location-record';
import { CAPTURE_KIND } from '../intake/work';
import { Capture } from './capture.entity';
import { REACHED_FROM } from './capture-state';
import type { CaptureFailure, CaptureState } from './capture-state';

/** An OTP and the image addresses behind it live ten minutes (guide 4.1). */
export const REDEEM_WITHIN_SECONDS = 600;

const DAY_SECONDS = 86_400;

/** Moves captures from state to state: one guarded UPDATE each, together with what follows from it. */
@Injectable()
export class Captures {
  private readonly logger = new Logger(Captures.name);

  constructor(
    @Inject(CAPTURE_KIND) private readonly kind: OtpKind,
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly deliveries: Deliveries,
    private readonly locations: LocationRecord,
    private readonly runtime: RuntimeConfig,
  ) {}

  /** A capture of this app's kind. */
  find(id: string): Promise<Capture | null> {
    return this.dataSource.getRepository(Capture).findOneBy({ id, kind: this.kind });
  }

  /** The capture when it is in that state; it stays there until the transaction ends. */
  lock(manager: EntityManager, id: string, state: CaptureState): Promise<Capture | null> {
    return manager.findOne(Capture, { where: { id, kind: this.kind, state }, lock: { mode: 'pessimistic_write' } });
  }

  /** The capture in whatever state; it stays there until the transaction ends. */
  lockAny(manager: EntityManager, id: string): Promise<Capture | null> {
    return manager.findOne(Capture, { where: { id, kind: this.kind }, lock: { mode: 'pessimistic_write' } });
  }

  /**
   * The only way a state changes.
   * @returns whether it changed; not when somebody else was faster
   */
  async moveTo(
    manager: EntityManager,
    id: string,
    state: CaptureState,
    change: Partial<Omit<Capture, 'consent'>> = {},
  ): Promise<boolean> {
    const { affected } = await manager.update(
      Capture,
      { id, kind: this.kind, state: In(REACHED_FROM[state]) },
      { ...change, state, changedAt: this.clock.now() },
    );
    return affected === 1;
  }

  /** Ends the redeeming of a capture with what was learnt, and puts it on its way to the shop. */
  async hold(
    capture: Capture,
    state: 'redeemed' | 'unavailable',
    type: ShopEventType,
    facts: Record<string, unknown>,
  ): Promise<void> {
    const done = await this.dataSource.transaction(async (manager) => {
      if (!(await this.moveTo(manager, capture.id, state, { redeemedAt: this.clock.now() }))) return false;
      if (state === 'redeemed') await this.locations.collected(manager, capture);
      await this.tell(manager, capture, type, facts);
      return true;
    });
    if (done) this.logger.log({ captureId: capture.id }, state);
  }

  /** Ends a capture without data and tells the shop why. */
  async fail(capture: Capture, state: 'failed' | 'expired', failure: CaptureFailure): Promise<void> {
    const done = await this.dataSource.transaction(async (manager) => {
      if (!(await this.moveTo(manager, capture.id, state, { failure }))) return false;
      if (failure === 'unreadable-answer') await this.locations.collected(manager, capture);
      await this.tell(manager, capture, 'capture.failed', { reason: failure });
      return true;
    });
    if (done) this.logger.warn({ captureId: capture.id, failure }, state);
  }

  /** An event about a capture whose redeeming ended. */
  private async tell(
    manager: EntityManager,
    { id, kind, merchant, plugin, relayId, receivedAt }: Capture,
    type: ShopEventType,
    facts: Record<string, unknown>,
  ): Promise<void> {
    await this.deliveries.add(manager, {
      merchant,
      type,
      subject: id,
      plugin,
      ...(relayId !== null && { relayId, relaySentAt: receivedAt }),
      data: { id, kind, plugin, receivedAt: receivedAt.toISOString(), ...facts },
    });
  }

  /** When redeeming ends and when retention does; shortened in tests and demos like every delay. */
  deadlines(receivedAt: Date, retainDays: number): { deadlineAt: Date; eraseAt: Date } {
    const after = (seconds: number): Date =>
      new Date(receivedAt.getTime() + seconds * 1000 * this.runtime.retryTimeScale);
    // A plugin that keeps nothing is erased on delivery; the day is for a delivery that fails.
    return { deadlineAt: after(REDEEM_WITHIN_SECONDS), eraseAt: after(Math.max(retainDays, 1) * DAY_SECONDS) };
  }
}
