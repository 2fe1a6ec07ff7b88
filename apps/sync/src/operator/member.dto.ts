import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { pageDto, PageQuery } from '@biz/platform';
import { CONSENT_ACTIONS, CONSENT_ACTORS } from '../members/consent.entity';
import type { Consent, ConsentAction, ConsentActor } from '../members/consent.entity';
import { MemberAccount } from '../members/member-account.dto';
import { KAKAO_UNLINKS, MATCH_STATES, MEMBER_STATES } from '../members/member.entity';
import type { KakaoUnlink, MatchState, Member, MemberState } from '../members/member.entity';

export class MembersQuery extends PageQuery {
  /** Only members in this state */
  @ApiProperty({ enum: MEMBER_STATES, enumName: 'MemberState', required: false })
  @IsOptional()
  @IsIn(MEMBER_STATES)
  state?: MemberState;
}

/** A customer who joined the shop through Kakao Sync (카카오싱크). */
export class MemberDto {
  @ApiProperty({ example: '019ab0c0-0000-7000-8000-000000000001' })
  id: string;

  @ApiProperty({ example: 'demo-shop' })
  merchant: string;

  /** `suspended`: Kakao disabled the account. `unlinked`: ended by the customer or Kakao. `erased`: by an operator. */
  @ApiProperty({ enum: MEMBER_STATES, enumName: 'MemberState' })
  state: MemberState;

  /** App user id (회원번호). */
  @ApiProperty({ example: '9007199254740993' })
  appUserId: string;

  /** Relay id (용도 ID) of the newest login that had one. */
  @ApiPropertyOptional({ example: 'order-20201208-0001' })
  relayId?: string;

  /** Begin of the present membership, or of the last one. */
  @ApiProperty()
  joinedAt: Date;

  /** When the newest login came in. */
  @ApiProperty()
  seenAt: Date;

  /** When it ended. */
  @ApiPropertyOptional()
  endedAt?: Date;

  /** Why it ended (연결 해제 요청 경로): Kakao's word, or `operator`. */
  @ApiPropertyOptional({ example: 'UNLINK_FROM_APPS' })
  endReason?: string;

  /** What the shop's MemberDirectory said: `to-confirm`, the customer tells the shop on a page of its own; `failed`, it could not be asked. */
  @ApiPropertyOptional({ enum: MATCH_STATES, enumName: 'MatchState' })
  match?: MatchState;

  /** The shop's own id of the member. */
  @ApiPropertyOptional({ example: 'member-4711' })
  shopMemberId?: string;

  /** How far ending the connection at Kakao has come, after `POST …/unlink`. */
  @ApiPropertyOptional({ enum: KAKAO_UNLINKS, enumName: 'KakaoUnlink' })
  kakaoUnlink?: KakaoUnlink;

  static of(member: Member): MemberDto {
    const { id, merchant, state, appUserId, relayId, joinedAt, seenAt, endedAt, endReason } = member;
    const { match, shopMemberId, kakaoUnlink } = member;
    return {
      id,
      merchant,
      state,
      appUserId,
      ...(relayId !== null && { relayId }),
      joinedAt,
      seenAt,
      ...(endedAt && { endedAt }),
      ...(endReason !== null && { endReason }),
      ...(match !== null && { match }),
      ...(shopMemberId !== null && { shopMemberId }),
      ...(kakaoUnlink !== null && { kakaoUnlink }),
    };
  }
}

export class MemberPage extends pageDto(MemberDto) {}

/** One turn in the history of a service term (서비스 약관). */
export class ConsentDto {
  /** Kakao's name of the term (태그). */
  @ApiProperty({ example: 'service_20260101' })
  tag: string;

  /** Version of the term: the day at the end of its tag, unless Kakao names one. */
  @ApiPropertyOptional({ example: '20260101' })
  version?: string;

  /** Required to join (필수 약관), or optional (선택 약관). */
  @ApiPropertyOptional({ example: true })
  required?: boolean;

  @ApiProperty({ enum: CONSENT_ACTIONS, enumName: 'ConsentAction' })
  action: ConsentAction;

  /** `member`, `shop` (through Kakao's API), or `kakao` (account ended by Kakao). */
  @ApiProperty({ enum: CONSENT_ACTORS, enumName: 'ConsentActor' })
  actor: ConsentActor;

  /** When it was done; for a withdrawal, when we learned of it. */
  @ApiProperty()
  at: Date;

  static of({ tag, version, required, action, actor, at }: Consent): ConsentDto {
    return { tag, ...(version !== null && { version }), ...(required !== null && { required }), action, actor, at };
  }
}

export class MemberDetail extends MemberDto {
  /** Every agreement and withdrawal, oldest first. */
  @ApiProperty({ type: [ConsentDto] })
  consents: ConsentDto[];

  /** Only with `X-Access-Reason`, and only while the member has not left. */
  @ApiPropertyOptional({ type: MemberAccount })
  account?: MemberAccount;

  /** Kakao's answer of the newest login, with what we do not read yet; as `account`, and without the CI. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  raw?: Record<string, unknown>;
}
