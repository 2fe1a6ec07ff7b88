import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';

/** `nothing`: a known type that changed nothing, since the user is unknown, it was already so, or it is outdated. */
export type NoticeEffect = 'recorded' | 'unlinked' | 'suspended' | 'resumed' | 'tokens-forgotten' | 'nothing';

/** Something Kakao told us about an account: an unlink call, or one event of a security event token. No personal data. */
@Entity({ schema: 'sync', name: 'notices' })
@Unique('notices_token_once', ['merchant', 'jti', 'type'])
@Index('notices_by_user', ['merchant', 'userKey', 'id'])
@Index('notices_by_age', ['receivedAt'])
@Check('notices_source', `source IN ('unlink', 'event')`)
export class Notice {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  merchant: string;

  @Column('text')
  source: 'unlink' | 'event';

  /** `referrer_type`, or the URI of the event. */
  @Column('text')
  type: string;

  @Column('text', { nullable: true })
  jti: string | null;

  /** Fingerprint of the app user id, so that an unlink that overtakes a join is known to it. */
  @Column('text', { name: 'user_key', nullable: true })
  userKey: string | null;

  /** It ends a membership. */
  @Column('boolean')
  unlinks: boolean;

  @Column('text')
  effect: NoticeEffect;

  @Column('timestamptz', { name: 'happened_at' })
  happenedAt: Date;

  @Column('timestamptz', { name: 'received_at' })
  receivedAt: Date;
}
