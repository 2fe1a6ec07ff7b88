import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Member } from './member.entity';

export const CONSENT_ACTIONS = ['agreed', 'withdrawn'] as const;
export type ConsentAction = (typeof CONSENT_ACTIONS)[number];

export const CONSENT_ACTORS = ['member', 'shop', 'kakao'] as const;
/** `shop`: entered through Kakao's API by the shop (`agreed_by: KAPI`). */
export type ConsentActor = (typeof CONSENT_ACTORS)[number];

/** One turn in the history of a service term (서비스 약관). The database refuses to change rows, and to delete any before its membership ended five years ago. */
@Entity({ schema: 'sync', name: 'consents' })
@Index('consents_of_member', ['memberId', 'id'])
@Check('consents_action', `action IN ('agreed', 'withdrawn')`)
@Check('consents_actor', `actor IN ('member', 'shop', 'kakao')`)
export class Consent {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid', { name: 'member_id' })
  @ForeignKey(() => Member, { name: 'consents_member' })
  memberId: string;

  /** Kakao's name of the term (태그). */
  @Column('text')
  tag: string;

  @Column('text', { nullable: true })
  version: string | null;

  @Column('boolean', { nullable: true })
  required: boolean | null;

  @Column('text')
  action: ConsentAction;

  @Column('text')
  actor: ConsentActor;

  /** When the customer did it; for a withdrawal: when we learned of it. */
  @Column('timestamptz')
  at: Date;

  @Column('timestamptz', { name: 'recorded_at' })
  recordedAt: Date;
}
