import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { Login } from './login.entity';

export const SYNC_STEPS = ['consent', 'exchange', 'user', 'terms', 'match', 'join', 'unlink', 'event'] as const;
/** Where it went wrong: consent screen, code exchange, user, service terms, match with the shop's members, storing the member,
 * unlink call, security event. */
export type SyncStep = (typeof SYNC_STEPS)[number];

/**
 * A step that failed, for an operator to see. Reasons are codes, never texts of the other side: those quote the code.
 *
 * Failures without a login are one row for each merchant, step, reason and minute: any caller can cause them.
 */
@Entity({ schema: 'sync', name: 'failures' })
@Unique('failures_minute_once', ['merchant', 'step', 'reason', 'minute'])
@Index('failures_by_login', ['loginId', 'id'])
@Index('failures_by_age', ['failedAt'])
@Check('failures_step', `step IN ('consent', 'exchange', 'user', 'terms', 'match', 'join', 'unlink', 'event')`)
export class SyncFailure {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  merchant: string;

  @Column('uuid', { name: 'login_id', nullable: true })
  @ForeignKey(() => Login, { name: 'failures_login', onDelete: 'CASCADE' })
  loginId: string | null;

  @Column('text')
  step: SyncStep;

  @Column('text')
  reason: string;

  /** Relay id of the latest one without a login, as it was sent. */
  @Column('text', { name: 'relay_id', nullable: true })
  relayId: string | null;

  /** The minute for which a row without a login counts. */
  @Column('timestamptz', { nullable: true })
  minute: Date | null;

  /** How often it failed like this. */
  @Column('integer', { default: 1 })
  count: number;

  /** When it failed first. */
  @Column('timestamptz', { name: 'failed_at' })
  failedAt: Date;

  /** When it failed last; NULL for a row that counts one. */
  @Column('timestamptz', { name: 'last_failed_at', nullable: true })
  lastFailedAt: Date | null;
}
