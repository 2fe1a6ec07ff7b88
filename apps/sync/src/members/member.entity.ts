import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';

export const MEMBER_STATES = ['joined', 'suspended', 'unlinked', 'erased'] as const;
/** `suspended`: Kakao disabled the account. `unlinked`: the customer or Kakao ended it. `erased`: an operator did. */
export type MemberState = (typeof MEMBER_STATES)[number];

export const MATCH_STATES = ['matched', 'none', 'to-confirm', 'failed'] as const;
/**
 * `matched`: a member of the shop from before. `none`: the shop knows no such member. `to-confirm`: the customer tells
 * the shop on a page of its own. `failed`: the shop could not be asked.
 */
export type MatchState = (typeof MATCH_STATES)[number];

export const KAKAO_UNLINKS = ['pending', 'done', 'failed'] as const;
/** How far ending the connection at Kakao has come, at an operator's word. */
export type KakaoUnlink = (typeof KAKAO_UNLINKS)[number];

/** A customer who joined the shop through Kakao Sync. Without personal data once unlinked or erased; the fact stays. */
@Entity({ schema: 'sync', name: 'members' })
@Unique('members_user_once', ['merchant', 'appUserId'])
@Index('members_by_state', ['state', 'id'])
@Index('members_by_age', ['endedAt'], { where: 'ended_at IS NOT NULL' })
@Check('members_state', `state IN ('joined', 'suspended', 'unlinked', 'erased')`)
@Check('members_match', `match IN ('matched', 'none', 'to-confirm', 'failed')`)
@Check('members_kakao_unlink', `kakao_unlink IN ('pending', 'done', 'failed')`)
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

  /** When it ended, or when an operator last asked to erase what had ended. */
  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt: Date | null;

  /** Kakao's word for why it ended, or `operator`. */
  @Column('text', { name: 'end_reason', nullable: true })
  endReason: string | null;

  /** What the shop's MemberDirectory said; nothing without one. */
  @Column('text', { nullable: true })
  match: MatchState | null;

  /** The shop's own id of the member, when it matched one. */
  @Column('text', { name: 'shop_member_id', nullable: true })
  shopMemberId: string | null;

  @Column('text', { name: 'kakao_unlink', nullable: true })
  kakaoUnlink: KakaoUnlink | null;
}
