import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { ShopEventType } from '../events/shop-event';

export const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Something a merchant is owed, until it has it. */
@Entity({ schema: 'merchant', name: 'deliveries' })
// Each has a condition that only its own question says, in the search for work: these two are for nothing else.
@Index('deliveries_pending_in_order', ['app', 'merchant', 'orderingKey', 'place'], {
  where: `state = 'pending' AND place > 0`,
})
@Index('deliveries_due', ['app', 'merchant', 'dueAt', 'id'], {
  where: `state = 'pending' AND due_at > '-infinity'`,
})
@Index('deliveries_by_state', ['app', 'state', 'id'])
@Index('deliveries_by_subject', ['merchant', 'subject'])
@Index('deliveries_by_age', ['settledAt'], { where: 'settled_at IS NOT NULL' })
@Check('deliveries_state', `state IN ('pending', 'delivered', 'failed')`)
export class Delivery {
  /** Also the `webhook-id`. */
  @PrimaryColumn('uuid')
  id: string;

  /** The app that delivers it. */
  @Column('text')
  app: string;

  @Column('text')
  merchant: string;

  @Column('text')
  type: ShopEventType;

  /** The id of what it is about: a capture, a partner order id. */
  @Column('text')
  subject: string;

  @Column('text', { name: 'relay_id', nullable: true })
  relayId: string | null;

  /** Events with the same key are delivered in the order of `place`. */
  @Column('text', { name: 'ordering_key' })
  orderingKey: string;

  /** Drawn as the event is stored, while its cause is locked: the clocks of instances differ, and ids with them. */
  @Column('bigint', { generated: 'increment' })
  place: string;

  @Column('text')
  state: DeliveryState;

  /** The facts, sealed; gone once delivered or erased. */
  @Column('text', { nullable: true })
  payload: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'settled_at', nullable: true })
  settledAt: Date | null;

  /** When a pending delivery is tried next. */
  @Column('timestamptz', { name: 'due_at', default: () => 'now()' })
  dueAt: Date;

  /** An instance delivers it until then, or died. */
  @Column('timestamptz', { name: 'claimed_until', nullable: true })
  claimedUntil: Date | null;

  /** How often it was tried. */
  @Column('integer', { default: 0 })
  tries: number;
}

/** One try of a delivery. */
@Entity({ schema: 'merchant', name: 'delivery_attempts' })
@Index('delivery_attempts_by_delivery', ['deliveryId', 'id'])
export class DeliveryAttempt {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid', { name: 'delivery_id' })
  @ForeignKey(() => Delivery, { name: 'delivery_attempts_delivery', onDelete: 'CASCADE' })
  deliveryId: string;

  @Column('timestamptz')
  at: Date;

  @Column('integer', { name: 'duration_ms' })
  durationMs: number;

  /** HTTP status of the webhook, when it answered. */
  @Column('integer', { nullable: true })
  status: number | null;

  /** `ok`, or the kind of fault; never a text of the other side. */
  @Column('text')
  result: string;
}
