import { ConflictException, Inject, Injectable, NotFoundException } from '@nestjs/common';
import {
  afterCommit,
  APP_NAME,
  Clock,
  gather,
  newId,
  prepared,
  RuntimeConfig,
  throughBriefOutage,
  Vault,
} from '@biz/platform';
import type { AppName } from '@biz/platform';
import { DataSource, IsNull, Not } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { ShopEventData, ShopEventType } from '../events/shop-event';
import { RelayIds } from '../relay/relay-ids';
import { Delivery } from './delivery.entity';
import { nextTry } from './retry-after';
import type { DeliveryAttempt, DeliveryState } from './delivery.entity';

/** Seconds before each further try: quick at first, then over 24 hours. */
const RETRY_AFTER = [1, 5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800];

/** The schedule is over by then. */
const GIVEN_UP_AFTER_SECONDS = 86_400;

/** Each delay varies by this share, so that what failed together does not return together. */
const JITTER = 0.1;

export const PAYLOAD_CONTEXT = 'merchant.deliveries.payload';

export interface NewDelivery {
  /** Id of the merchant. */
  merchant: string;
  type: ShopEventType;
  /** The id of what it is about: a capture, a partner order id. */
  subject: string;
  relayId?: string;
  /** When Kakao sent the relay id; without it the shop is not told whether it was too old by then. */
  relaySentAt?: Date;
  /** Key of the plugin it came through, when there may be several. */
  plugin?: string;
  /** When it happened; now, unless said. */
  at?: Date;
  /** The facts in English camelCase; `merchant`, `relayId` and `relay` are added. */
  data: Record<string, unknown>;
}

export interface SettledDelivery {
  merchant: string;
  type: ShopEventType;
  subject: string;
  state: Exclude<DeliveryState, 'pending'>;
}

type SettledListener = (deliveries: readonly SettledDelivery[], manager: EntityManager) => Promise<void>;

/** What became of one try. */
export interface Tried extends Pick<DeliveryAttempt, 'deliveryId' | 'at' | 'durationMs' | 'status' | 'result'> {
  /** How many tries there were, this one too. */
  tries: number;
  /** No other try would end otherwise. */
  hopeless?: boolean;
  /** Seconds that the shop asks to wait. */
  retryAfter?: number | undefined;
}

type Attempt = Tried & { attemptId: string };

/** A row of `merchant.deliveries` as an event makes it; the rest has one value for all of them. */
interface NewRow {
  id: string;
  merchant: string;
  type: ShopEventType;
  subject: string;
  relay_id: string | null;
  ordering_key: string;
  payload: string;
  created_at: Date;
}

type TriedRow = Omit<SettledDelivery, 'state'> & { id: string; state: DeliveryState };
type SettledRow = SettledDelivery & { id: string };

const INSERT = `
  INSERT INTO merchant.deliveries (id, app, merchant, type, subject, relay_id, ordering_key, state, payload, created_at, due_at)
  SELECT id, $2, merchant, type, subject, relay_id, ordering_key, 'pending', payload, created_at, $3
    FROM jsonb_to_recordset($1::jsonb) AS given(id uuid, merchant text, type text, subject text, relay_id text,
         ordering_key text, payload text, created_at timestamptz)`;

/**
 * A try that was overtaken by another ends a delivery only when the shop took it; what the shop took is delivered, also
 * when it was given up or erased meanwhile.
 *
 * PostgreSQL locks the tables of a statement in the order in which its text names them. Deliveries come before their
 * tries here as in everything else that locks both (deploy/partition-by-month.sql): another order would deadlock.
 */
const SETTLE = `
  WITH given AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS given(id uuid, attempt_id uuid, at timestamptz, duration_ms integer,
           status integer, result text, tries integer, next_tries integer, state text, due_at timestamptz)
  ), changed AS (
    UPDATE merchant.deliveries
       SET state = given.state, due_at = given.due_at, claimed_until = NULL, tries = given.next_tries,
           settled_at = CASE given.state WHEN 'pending' THEN NULL ELSE $2::timestamptz END,
           payload = CASE given.state WHEN 'delivered' THEN NULL ELSE payload END
      FROM given
     WHERE deliveries.id = given.id AND deliveries.state <> 'delivered'
       AND (given.state = 'delivered' OR deliveries.state = 'pending' AND deliveries.tries = given.tries)
    RETURNING deliveries.id, merchant, type, subject, deliveries.state
  ), tried AS (
    INSERT INTO merchant.delivery_attempts (id, delivery_id, at, duration_ms, status, result)
    SELECT attempt_id, id, at, duration_ms, status, result FROM given ON CONFLICT (id) DO NOTHING
  )
  SELECT id, merchant, type, subject, state FROM changed`;

/** Tries that end together share a commit. */
const GATHERED = { size: 64, inFlight: 2 };
/** What a shop took is not sent again because the database restarts just now. */
const RIDE_OUT_MS = 10_000;

/** What merchants are owed: stored with the change that caused it, delivered at least once, in order per subject. */
@Injectable()
export class Deliveries {
  private readonly listeners: SettledListener[] = [];
  private readonly completions = new Map<ShopEventType, (data: ShopEventData) => ShopEventData>();
  private readonly settleOne: (attempt: Attempt) => Promise<boolean>;
  private due: () => void = () => undefined;

  constructor(
    @Inject(APP_NAME) private readonly app: AppName,
    private readonly relayIds: RelayIds,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly runtime: RuntimeConfig,
    private readonly dataSource: DataSource,
  ) {
    this.settleOne = gather((attempts) => this.settleAll(attempts), GATHERED);
  }

  /** Called whenever something became due. */
  onDue(due: () => void): void {
    this.due = due;
  }

  /** Stores an event in the caller's transaction; it is on its way as soon as that commits. */
  add(manager: EntityManager, event: NewDelivery): Promise<void> {
    return this.addAll(manager, [event]);
  }

  /** Stores events by one statement; those of one subject are delivered in the order given. */
  async addAll(manager: EntityManager, events: readonly NewDelivery[]): Promise<void> {
    if (events.length === 0) return;
    const rows: NewRow[] = [];
    for (const event of events) rows.push(await this.rowOf(event));
    await prepared(manager, INSERT, [JSON.stringify(rows), this.app, this.clock.now()]);
    afterCommit(manager, this.due);
  }

  private async rowOf(event: NewDelivery): Promise<NewRow> {
    const { merchant, type, subject, relayId, at, data } = event;
    const facts: ShopEventData = { merchant, ...this.relayFacts(event), ...data };
    return {
      id: newId(),
      merchant,
      type,
      subject,
      relay_id: relayId ?? null,
      // Not the relay id: it may stand in a message to many, who must not wait for each other.
      ordering_key: subject,
      payload: await this.vault.seal(JSON.stringify(facts), PAYLOAD_CONTEXT),
      created_at: at ?? this.clock.now(),
    };
  }

  private relayFacts({
    merchant,
    relayId,
    relaySentAt,
    plugin,
  }: NewDelivery): Pick<ShopEventData, 'relayId' | 'relay'> {
    if (relayId === undefined) return {};
    const { state, reference } = this.relayIds.read(merchant, relayId, { plugin, at: relaySentAt });
    return { relayId, relay: { state, ...(reference !== undefined && { reference }) } };
  }

  /** Adds facts that hold only for a while, such as a link, to every event of a type, anew at each try. */
  onSending(type: ShopEventType, complete: (data: ShopEventData) => ShopEventData): void {
    this.completions.set(type, complete);
  }

  /** The facts as they are sent now. */
  completed(type: ShopEventType, data: ShopEventData): ShopEventData {
    return this.completions.get(type)?.(data) ?? data;
  }

  /** Called in the transaction that settles deliveries of this app. */
  onSettled(listener: SettledListener): void {
    this.listeners.push(listener);
  }

  /**
   * Writes down a try, and ends the delivery or plans its next one.
   * @returns whether it ended
   */
  settle(tried: Tried): Promise<boolean> {
    // One id however often it is settled: a commit may have succeeded unheard.
    const attempt = { ...tried, attemptId: newId() };
    return throughBriefOutage(() => this.settleOne(attempt), RIDE_OUT_MS);
  }

  private async settleAll(all: readonly Attempt[]): Promise<boolean[]> {
    const rows = all.map((attempt) => this.endOf(attempt));
    const values = [JSON.stringify(rows), this.clock.now()];
    const settle = async (on: DataSource | EntityManager): Promise<SettledRow[]> =>
      (await prepared<TriedRow>(on, SETTLE, values)).filter((row): row is SettledRow => row.state !== 'pending');
    const settled =
      this.listeners.length === 0
        ? await settle(this.dataSource)
        : await this.dataSource.transaction(async (manager) => {
            const ended = await settle(manager);
            if (ended.length > 0) for (const listener of this.listeners) await listener(ended, manager);
            return ended;
          });
    const ids = new Set(settled.map(({ id }) => id));
    return all.map(({ deliveryId }) => ids.has(deliveryId));
  }

  private endOf({ attemptId, deliveryId, at, durationMs, status, result, ...tried }: Attempt): object {
    const { tries, hopeless = false, retryAfter = 0 } = tried;
    const next = hopeless ? undefined : nextTry(RETRY_AFTER, tries, retryAfter);
    // A shop that names a time is not called before it.
    const earliest = next?.seconds === RETRY_AFTER[tries - 1] ? -JITTER : 0;
    const jitter = 1 + earliest + (JITTER - earliest) * Math.random();
    const wait = 1000 * (next?.seconds ?? 0) * this.runtime.retryTimeScale * jitter;
    return {
      ...{ id: deliveryId, attempt_id: attemptId, at, duration_ms: durationMs, status, result, tries },
      next_tries: next?.tries ?? tries,
      state: result === 'ok' ? 'delivered' : next ? 'pending' : 'failed',
      due_at: new Date(this.clock.now().getTime() + wait),
    };
  }

  /** Which of these subjects a merchant is still owed an event about. */
  async owed(
    manager: EntityManager,
    of: readonly Pick<SettledDelivery, 'merchant' | 'subject'>[],
  ): Promise<Set<string>> {
    const rows = await manager.query<{ subject: string }[]>(
      `SELECT subject FROM merchant.deliveries WHERE merchant = ANY($1) AND subject = ANY($2) AND state = 'pending'`,
      [of.map(({ merchant }) => merchant), of.map(({ subject }) => subject)],
    );
    return new Set(rows.map(({ subject }) => subject));
  }

  /** Nothing was tried: it comes again after so many seconds, and no try is spent. */
  async putBack(id: string, tries: number, afterSeconds: number): Promise<void> {
    const dueAt = new Date(this.clock.now().getTime() + 1000 * afterSeconds * this.runtime.retryTimeScale);
    await this.dataSource.query(
      `UPDATE merchant.deliveries SET due_at = $3, claimed_until = NULL, tries = tries - 1
        WHERE id = $1 AND tries = $2 AND state = 'pending'`,
      [id, tries, dueAt],
    );
  }

  /**
   * Keeps as failed what nobody tries, because its merchant is no longer listed; after a day, for an instance of a newer
   * version may know the merchant.
   * @returns how many of each merchant
   */
  async failStrays(merchants: readonly string[]): Promise<{ merchant: string; count: number }[]> {
    const now = this.clock.now();
    const before = new Date(now.getTime() - 1000 * GIVEN_UP_AFTER_SECONDS * this.runtime.retryTimeScale);
    return this.dataSource.query(
      `WITH failed AS (
         UPDATE merchant.deliveries SET state = 'failed', settled_at = $3
          WHERE app = $1 AND state = 'pending' AND due_at > '-infinity' AND merchant <> ALL($2) AND due_at <= $4
         RETURNING merchant)
       SELECT merchant, count(*)::integer AS count FROM failed GROUP BY merchant`,
      [this.app, merchants, now, before],
    );
  }

  /** Sends a failed delivery again, with the same id. */
  async retry(id: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const { affected } = await manager.update(
        Delivery,
        { id, app: this.app, state: 'failed', payload: Not(IsNull()) },
        { state: 'pending', settledAt: null, dueAt: this.clock.now(), claimedUntil: null, tries: 0 },
      );
      if (affected === 0) {
        const found = await manager.existsBy(Delivery, { id, app: this.app });
        throw found
          ? new ConflictException('Only a failed delivery whose facts were not erased is sent again')
          : new NotFoundException('No such delivery');
      }
      afterCommit(manager, this.due);
    });
  }

  /** Forgets the facts about a subject that were not delivered; nothing of it is sent any more. */
  async erase(manager: EntityManager, merchant: string, subject: string): Promise<void> {
    await manager.query(
      `UPDATE merchant.deliveries SET payload = NULL, state = CASE state WHEN 'pending' THEN 'failed' ELSE state END,
              settled_at = coalesce(settled_at, $3)
        WHERE merchant = $1 AND subject = $2 AND payload IS NOT NULL`,
      [merchant, subject, this.clock.now()],
    );
  }
}
