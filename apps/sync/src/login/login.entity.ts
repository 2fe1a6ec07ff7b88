import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { Member } from '../members/member.entity';

/** `refused`: a customer with a relay id of ours came back and does not join, most often because they did not agree. */
export type LoginState = 'pending' | 'joined' | 'failed' | 'refused';

/** One return of a customer from Kakao's consent screen, until it has made a member or failed for good. */
@Entity({ schema: 'sync', name: 'logins' })
@Unique('logins_code_once', ['merchant', 'codeKey'])
@Index('logins_by_relay', ['relayId', 'id'], { where: 'relay_id IS NOT NULL' })
@Index('logins_of_member', ['memberId', 'id'], { where: 'member_id IS NOT NULL' })
@Index('logins_by_age', ['receivedAt'])
@Index('logins_waiting', ['merchant', 'receivedAt'], { where: `state = 'pending'` })
@Check('logins_state', `state IN ('pending', 'joined', 'failed', 'refused')`)
export class Login {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  merchant: string;

  /** Fingerprint of the code, by which the same code is known again; of the relay id when the login is refused. */
  @Column('text', { name: 'code_key', nullable: true })
  codeKey: string | null;

  @Column('text', { name: 'relay_id', nullable: true })
  relayId: string | null;

  @Column('text')
  state: LoginState;

  /** Kakao called below `/m/{pathKey}`: the redirect URI of the exchange must be the same address. */
  @Column('boolean', { name: 'below_path_key' })
  belowPathKey: boolean;

  /** Sealed; gone once exchanged. */
  @Column('text', { nullable: true })
  code: string | null;

  /** PKCE verifier of a login that we started ourselves, sealed; gone with the code. */
  @Column('text', { nullable: true })
  verifier: string | null;

  /** Sealed; kept from the exchange until the member is stored, because a code works only once. */
  @Column('text', { nullable: true })
  tokens: string | null;

  /** Until then one worker has it to itself. */
  @Column('timestamptz', { name: 'claimed_until', nullable: true })
  claimedUntil: Date | null;

  @Column('uuid', { name: 'member_id', nullable: true })
  @ForeignKey(() => Member, { name: 'logins_member', onDelete: 'SET NULL' })
  memberId: string | null;

  @Column('timestamptz', { name: 'received_at' })
  receivedAt: Date;

  @Column('timestamptz', { name: 'settled_at', nullable: true })
  settledAt: Date | null;
}
