import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

export const SYNC_STEPS = ['consent', 'exchange', 'user', 'terms', 'match', 'join', 'unlink', 'event'] as const;
/** Where it went wrong: consent screen, code exchange, user, service terms, match with the shop's members, storing the member,
 * unlink call, security event. */
export type SyncStep = (typeof SYNC_STEPS)[number];

/** A step that failed, for an operator to see. Reasons are codes, never texts of the other side: those quote the code. */
@Entity({ schema: 'sync', name: 'failures' })
@Index('failures_by_login', ['loginId', 'id'])
@Index('failures_by_age', ['failedAt'])
@Check('failures_step', `step IN ('consent', 'exchange', 'user', 'terms', 'match', 'join', 'unlink', 'event')`)
export class SyncFailure {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  merchant: string;

  @Column('uuid', { name: 'login_id', nullable: true })
  loginId: string | null;

  @Column('text')
  step: SyncStep;

  @Column('text')
  reason: string;

  @Column('timestamptz', { name: 'failed_at' })
  failedAt: Date;
}
