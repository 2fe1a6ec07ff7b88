import { Check, Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import type { StockLine } from './stock-line';

/** `held` → `committed` when paid → `returned` when the goods came back; or `held` → `released`. */
export type ReservationState = 'held' | 'committed' | 'released' | 'returned';

/** What one order holds of the stock; at most one row to an order, whatever happens to it. */
@Entity({ schema: 'commerce', name: 'reservations' })
@Index('reservations_held', ['createdAt'], { where: `state = 'held'` })
@Index('reservations_freed_by_age', ['settledAt'], { where: `state IN ('released', 'returned')` })
@Index('reservations_sold_by_age', ['settledAt'], { where: `state = 'committed'` })
@Check('reservations_state', `"state" IN ('held', 'committed', 'released', 'returned')`)
export class ReservationRow {
  @PrimaryColumn('text', { name: 'merchant_id', primaryKeyConstraintName: 'reservations_pkey' })
  merchantId: string;

  @PrimaryColumn('text', { name: 'order_ref', primaryKeyConstraintName: 'reservations_pkey' })
  orderRef: string;

  @Column('text')
  state: ReservationState;

  @Column('jsonb')
  lines: StockLine[];

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'settled_at', nullable: true })
  settledAt: Date | null;
}
