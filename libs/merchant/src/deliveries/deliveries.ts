import { ConflictException, Inject, Injectable, NotFoundException } from '@nestjs/common';
import { APP_NAME, Clock, defineJob, Jobs, newId, Vault } from '@biz/platform';
import type { AppName, Job } from '@biz/platform';
import { SHOP_WORKERS } from '../calls/shop-calls';
import { DataSource, IsNull, Not } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { ShopEventData, ShopEventType } from '../events/shop-event';
import { RelayIds } from '../relay/relay-ids';
import { Delivery } from './delivery.entity';
import type { DeliveryState } from './delivery.entity';

/** Seconds before each further try: quick at first, then over 24 hours. */
const RETRY_AFTER = [1, 5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800];

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

type SettledListener = (delivery: SettledDelivery, manager: EntityManager) => Promise<void>;

/** What merchants are owed: stored with the change that caused it, delivered at least once, in order per subject. */
@Injectable()
export class Deliveries {
  /** The job of this app's own deliveries: the app that learned a thing also tells it. */
  readonly job: Job<{ deliveryId: string }>;
  private readonly listeners: SettledListener[] = [];
  private readonly completions = new Map<ShopEventType, (data: ShopEventData) => ShopEventData>();

  constructor(
    @Inject(APP_NAME) private readonly app: AppName,
    private readonly jobs: Jobs,
    private readonly relayIds: RelayIds,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
  ) {
    this.job = defineJob({ name: `deliver.${app}`, schedule: RETRY_AFTER, concurrency: SHOP_WORKERS });
  }

  /** Stores an event in the caller's transaction; it is on its way as soon as that commits. */
  async add(manager: EntityManager, event: NewDelivery): Promise<void> {
    const { merchant, type, subject, relayId, at, data } = event;
    const facts: ShopEventData = { merchant, ...this.relayFacts(event), ...data };
    const delivery: Delivery = {
      id: newId(),
      app: this.app,
      merchant,
      type,
      subject,
      relayId: relayId ?? null,
      orderingKey: relayId ?? subject,
      state: 'pending',
      payload: await this.vault.seal(JSON.stringify(facts), PAYLOAD_CONTEXT),
      createdAt: at ?? this.clock.now(),
      settledAt: null,
    };
    await manager.insert(Delivery, delivery);
    await this.jobs.add(this.job, { deliveryId: delivery.id }, manager);
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

  /** Called in the transaction that settles a delivery of this app. */
  onSettled(listener: SettledListener): void {
    this.listeners.push(listener);
  }

  /** Ends a delivery, unless it already ended, and starts the next of its subject. */
  async settle(delivery: Delivery, state: SettledDelivery['state']): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const { affected } = await manager.update(
        Delivery,
        { id: delivery.id, state: 'pending' },
        { state, settledAt: this.clock.now(), ...(state === 'delivered' && { payload: null }) },
      );
      if (affected === 0) return;
      const { merchant, type, subject } = delivery;
      for (const listener of this.listeners) await listener({ merchant, type, subject, state }, manager);
      await this.startNext(delivery, manager);
    });
  }

  /** Sends a failed delivery again, with the same id. */
  async retry(id: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const { affected } = await manager.update(
        Delivery,
        { id, app: this.app, state: 'failed', payload: Not(IsNull()) },
        { state: 'pending', settledAt: null },
      );
      if (affected === 0) {
        const found = await manager.existsBy(Delivery, { id, app: this.app });
        throw found
          ? new ConflictException('Only a failed delivery whose facts were not erased is sent again')
          : new NotFoundException('No such delivery');
      }
      await this.jobs.add(this.job, { deliveryId: id }, manager);
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

  private async startNext({ app, merchant, orderingKey }: Delivery, manager: EntityManager): Promise<void> {
    const next = await manager.findOne(Delivery, {
      select: { id: true },
      where: { app, merchant, orderingKey, state: 'pending' },
      order: { id: 'ASC' },
    });
    if (next) await this.jobs.add(this.job, { deliveryId: next.id }, manager);
  }
}
