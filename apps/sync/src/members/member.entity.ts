import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';

export const MEMBER_STATES = ['joined', 'suspended', 'unlinked', 'erased'] as const;
/** `suspended`: Kakao disabled the account. `unlinked`: the customer or Kakao ended it. `erased`: an operator did. */
export type MemberState = (typeof MEMBER_STATES)[number];

/** A customer who joined the shop through Kakao Sync. Without personal data once unlinked or erased; the fact stays. */
@Entity({ schema: 'sync', name: 'members' })
@Unique('members_user_once', ['merchant', 'appUserId'])
@Index('members_by_state', ['state', 'id'])
@Check('members_state', `state IN ('joined', 'suspended', 'unlinked', 'erased')`)
export class Member {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  merchant: string;

  /** 회원번호, every digit. */
  @Column('text', { name: 'app_user_id' })
  appUserId: string;

  @Column('text')
  state: MemberState;

  @Column('text', { name: 'relay_id', nullable: true })
  relayId: string | null;

  /** `StoredAccount`, sealed. */
  @Column('text', { nullable: true })
  account: string | null;

  /** `KakaoTokens`, sealed; only when the merchant keeps them. */
  @Column('text', { nullable: true })
  tokens: string | null;

  /** Begin of the present membership, or of the last one. */
  @Column('timestamptz', { name: 'joined_at' })
  joinedAt: Date;

  /** When the newest login reached us. */
  @Column('timestamptz', { name: 'seen_at' })
  seenAt: Date;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt: Date | null;

  /** Kakao's word for why it ended, or `operator`. */
  @Column('text', { name: 'end_reason', nullable: true })
  endReason: string | null;
}
