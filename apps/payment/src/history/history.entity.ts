import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Order } from '../orders/order.entity';

/** Who moved something. */
export type Actor = 'kakao' | 'buyer' | 'kakaopay' | 'shop' | 'operator' | 'platform';

/** What was moved. */
export type HistorySubject = 'order' | 'attempt' | 'refund' | 'subscription';

/** One move, as a person reads it. Rows are only ever added, and deleted with their order: a trigger refuses anything else. */
@Entity({ schema: 'payment', name: 'history' })
@Index('history_of_order', ['orderId', 'id'])
@Check('history_subject', `subject IN ('order', 'attempt', 'refund', 'subscription')`)
export class HistoryEntry {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'history_pkey' })
  id: string;

  @Column('uuid', { name: 'order_id' })
  @ForeignKey(() => Order, { name: 'history_order', onDelete: 'CASCADE' })
  orderId: string;

  @Column('text')
  subject: HistorySubject;

  @Column('uuid', { name: 'subject_id' })
  subjectId: string;

  @Column('text', { name: 'from_state', nullable: true })
  fromState: string | null;

  @Column('text', { name: 'to_state' })
  toState: string;

  @Column('text')
  actor: Actor;

  /** In English, for the operator; never personal data. */
  @Column('text')
  note: string;

  @Column('timestamptz')
  at: Date;
}
