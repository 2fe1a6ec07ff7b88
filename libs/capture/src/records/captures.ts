import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock, gather, prepared, RuntimeConfig, Vault } from '@biz/platform';
import { Deliveries } from '@biz/merchant';
import type { NewDelivery, ShopEventType } from '@biz/merchant';
import type { OtpKind } from '@biz/otp-client';
import { DataSource, In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { LocationRecord } from './location-record';
import { readBotUser, USER_CONTEXT } from './bot-user.dto';
import { CAPTURE_KIND } from './capture-kind';
import { Capture } from './capture.entity';
import { REACHED_FROM } from './capture-state';
import type { CaptureFailure, CaptureState } from './capture-state';

/** An OTP and the image addresses behind it live ten minutes (guide 4.1). */
const REDEEM_WITHIN_SECONDS = 600;

const DAY_SECONDS = 86_400;

/** How the redeeming of a capture ends, and what the shop is told of it. */
interface Ending {
  capture: Capture;
  state: 'redeemed' | 'unavailable' | 'failed' | 'expired';
  failure: CaptureFailure | null;
  redeemedAt: Date | null;
  /** Kakao's answer holds what it was asked for. */
  isCollected: boolean;
  type: ShopEventType;
  facts: Record<string, unknown>;
}

/**
 * The ids are said twice: joined alone, the planner would rather read through everything that is pending.
 *
 * Only who has seen the last change ends a capture: an answer that came late, or an operator's retry, is not undone by
 * whoever stood still meanwhile.
 */
const END = `
  UPDATE capture.captures
     SET state = given.state, failure = given.failure, redeemed_at = coalesce(given.redeemed_at, captures.redeemed_at),
         changed_at = $2
    FROM jsonb_to_recordset($1::jsonb) AS given(id uuid, state text, failure text, redeemed_at timestamptz,
         seen_at timestamptz, seen_status integer)
   WHERE captures.id = given.id AND captures.id = ANY($4) AND captures.kind = $3 AND captures.state = 'pending'
     AND date_trunc('milliseconds', captures.changed_at) = given.seen_at
     AND captures.answer_status IS NOT DISTINCT FROM given.seen_status
  RETURNING captures.id, captures.sealed_user`;

/** Captures that end together share a commit. */
const GATHERED = { size: 64, inFlight: 2 };

/** Moves captures from state to state: one guarded UPDATE each, together with what follows from it. */
@Injectable()
export class Captures {
  private readonly logger = new Logger(Captures.name);
  private readonly end: (ending: Ending) => Promise<boolean>;

  constructor(
    @Inject(CAPTURE_KIND) private readonly kind: OtpKind,
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly deliveries: Deliveries,
    private readonly locations: LocationRecord,
    private readonly vault: Vault,
    private readonly runtime: RuntimeConfig,
  ) {
    this.end = gather((endings) => this.endAll(endings), GATHERED);
  }

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

  /** None of them changes until the transaction ends. */
  async lockAll(manager: EntityManager, ids: readonly string[]): Promise<void> {
    await manager.find(Capture, {
      select: { id: true },
      where: { id: In(ids), kind: this.kind },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /**
   * A state changes here, in `moveAllTo` or in `endAll`, always guarded by where it may be reached from.
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

  /** @returns those that changed */
  async moveAllTo(
    manager: EntityManager,
    ids: readonly string[],
    state: CaptureState,
    change: Partial<Omit<Capture, 'consent'>> = {},
  ): Promise<Capture[]> {
    const result = await manager
      .createQueryBuilder()
      .update(Capture)
      .set({ ...change, state, changedAt: this.clock.now() })
      .where({ id: In(ids), kind: this.kind, state: In(REACHED_FROM[state]) })
      .returning('*')
      .execute();
    return (result.raw as Record<string, unknown>[]).map((row) => this.read(row));
  }

  /** A row as raw SQL returns it. */
  read(row: Record<string, unknown>): Capture {
    const { columns } = this.dataSource.getMetadata(Capture);
    return Object.fromEntries(
      columns.map(({ propertyName, databaseName }) => [propertyName, row[databaseName]]),
    ) as unknown as Capture;
  }

  /** Ends the redeeming of a capture with what was learnt, and puts it on its way to the shop. */
  async hold(
    capture: Capture,
    state: 'redeemed' | 'unavailable',
    type: ShopEventType,
    facts: Record<string, unknown>,
  ): Promise<void> {
    const isCollected = state === 'redeemed';
    const redeemedAt = this.clock.now();
    if (await this.end({ capture, state, failure: null, redeemedAt, isCollected, type, facts }))
      this.logger.log({ captureId: capture.id }, state);
  }

  /** Ends a capture without data and tells the shop why. */
  async fail(capture: Capture, state: 'failed' | 'expired', failure: CaptureFailure): Promise<void> {
    if (await this.end(failed(capture, state, failure))) this.logger.warn({ captureId: capture.id, failure }, state);
  }

  /** Each capture is moved and told of once, also when two ends of it meet here. */
  private async endAll(endings: readonly Ending[]): Promise<boolean[]> {
    const first = new Map([...endings].reverse().map((ending) => [ending.capture.id, ending]));
    return this.dataSource.transaction(async (manager) => {
      const rows = [...first].map(([id, { state, failure, redeemedAt, capture }]) => ({
        id,
        state,
        failure,
        redeemed_at: redeemedAt,
        seen_at: capture.changedAt,
        seen_status: capture.answerStatus,
      }));
      const moved = await prepared<{ id: string; sealed_user: string | null }>(manager, END, [
        JSON.stringify(rows),
        this.clock.now(),
        this.kind,
        [...first.keys()],
      ]);
      // As it stands now: a skill may have said after a callback whose it is.
      const users = new Map(moved.map(({ id, sealed_user }) => [id, sealed_user]));
      const done = endings.map((ending) => users.has(ending.capture.id) && first.get(ending.capture.id) === ending);
      const ended = endings.filter((_, at) => done[at]);
      for (const { capture, isCollected } of ended) if (isCollected) await this.locations.collected(manager, capture);
      await this.tell(manager, ended, users);
      return done;
    });
  }

  /** A capture was stored as failed, by this transaction: what follows is as when it fails later. */
  async began(manager: EntityManager, capture: Capture, failure: CaptureFailure): Promise<void> {
    const ending = failed(capture, 'failed', failure);
    if (ending.isCollected) await this.locations.collected(manager, capture);
    await this.tell(manager, [ending], new Map([[capture.id, capture.sealedUser]]));
  }

  private async tell(
    manager: EntityManager,
    ended: readonly Ending[],
    sealedUsers: ReadonlyMap<string, string | null>,
  ): Promise<void> {
    const events: NewDelivery[] = [];
    for (const ending of ended)
      events.push(eventOf(ending, await this.userFacts(ending.capture.id, sealedUsers.get(ending.capture.id))));
    await this.deliveries.addAll(manager, events);
  }

  /** Whose it is, when a chat bot said so; the event goes out all the same when that cannot be opened. */
  private async userFacts(captureId: string, sealed: string | null | undefined): Promise<Record<string, unknown>> {
    if (sealed === null || sealed === undefined) return {};
    try {
      const user = readBotUser(await this.vault.open(sealed, USER_CONTEXT));
      return Object.keys(user).length > 0 ? { user } : {};
    } catch (error) {
      this.logger.error({ captureId, error }, 'the shop is told without the user that the chat bot named');
      return {};
    }
  }

  /** When redeeming ends and when retention does; shortened in tests and demos like every delay. */
  deadlines(receivedAt: Date, retainDays: number): { deadlineAt: Date; eraseAt: Date } {
    const after = (seconds: number): Date =>
      new Date(receivedAt.getTime() + seconds * 1000 * this.runtime.retryTimeScale);
    // A plugin that keeps nothing is erased on delivery; the day is for a delivery that fails.
    return { deadlineAt: after(REDEEM_WITHIN_SECONDS), eraseAt: after(Math.max(retainDays, 1) * DAY_SECONDS) };
  }
}

const failed = (capture: Capture, state: 'failed' | 'expired', failure: CaptureFailure): Ending => ({
  ...{ capture, state, failure, redeemedAt: null, isCollected: failure === 'unreadable-answer' },
  ...{ type: 'capture.failed', facts: { reason: failure } },
});

function eventOf({ capture, type, facts }: Ending, user: Record<string, unknown>): NewDelivery {
  const { id, kind, merchant, plugin, relayId, receivedAt } = capture;
  return {
    merchant,
    type,
    subject: id,
    plugin,
    ...(relayId !== null && { relayId, relaySentAt: receivedAt }),
    data: { id, kind, plugin, receivedAt: receivedAt.toISOString(), ...user, ...facts },
  };
}
