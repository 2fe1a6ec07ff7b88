import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { OtpKind } from '@biz/otp-client';
import { CAPTURE_FAILURES, CAPTURE_STATES, oneOf } from './capture-state';
import type { CaptureFailure, CaptureState } from './capture-state';

/** What the sealed columns are sealed for. */
export const OTP_CONTEXT = 'capture.otp';
export const ANSWER_CONTEXT = 'capture.answer';

/** What the customer agreed to, as the merchant's definition stood when the callback came (개인정보 제공 동의). */
export interface Consent {
  scopes: string[];
  /** 플러그인 이름. */
  name?: string;
  purpose?: string;
  /** 이용항목 and 추가입력 항목 of an image plugin (guide 4.2). */
  items?: string;
  notice?: string;
  /** Whether a location plugin had a field for 상세주소 (guide 3.3), when its definition says so. */
  detailAddress?: boolean;
  retainDays: number;
}

/** One thing a customer handed over through a profile, location or image plugin. */
@Entity({ schema: 'capture', name: 'captures' })
@Unique('captures_otp_once', ['merchant', 'kind', 'otpFingerprint'])
@Index('captures_by_state', ['kind', 'state', 'id'])
@Index('captures_due', ['kind', 'eraseAt'], { where: `state <> 'erased'` })
@Index('captures_by_relay', ['relayId', 'id'], { where: 'relay_id IS NOT NULL' })
// Only who looks for work says `due_at > '-infinity'`: these two are for nobody else.
@Index('captures_to_redeem', ['kind', 'merchant', 'retrying', 'deadlineAt', 'id'], {
  where: `state = 'pending' AND due_at > '-infinity'`,
})
@Index('captures_to_read', ['kind', 'merchant', 'deadlineAt', 'id'], {
  where: `state = 'pending' AND due_at > '-infinity' AND sealed_answer IS NOT NULL`,
})
@Index('captures_lost_by_age', ['erasedAt'], { where: `state = 'erased' AND delivered_at IS NULL` })
@Index('captures_delivered_by_age', ['erasedAt'], { where: `state = 'erased' AND delivered_at IS NOT NULL` })
@Index('captures_unread_skills', ['kind', 'merchant'], { where: 'sealed_unread IS NOT NULL AND sealed_otp IS NULL' })
@Check('captures_state', oneOf('state', CAPTURE_STATES))
@Check('captures_failure', oneOf('failure', CAPTURE_FAILURES))
export class Capture {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  kind: OtpKind;

  @Column('text')
  merchant: string;

  /** Key of the plugin in the merchant's definition. */
  @Column('text')
  plugin: string;

  @Column('text')
  state: CaptureState;

  @Column('text', { name: 'relay_id', nullable: true })
  relayId: string | null;

  /** Keyed hash of the OTP address: finds duplicates without holding the address. */
  @Column('text', { name: 'otp_fingerprint' })
  otpFingerprint: string;

  /** The OTP address, until Kakao has handed over what is behind it. */
  @Column('text', { name: 'sealed_otp', nullable: true })
  sealedOtp: string | null;

  /** Kakao's answer as it came, kept before anything reads it. */
  @Column('text', { name: 'sealed_answer', nullable: true })
  sealedAnswer: string | null;

  /**
   * An answer in which nothing was understood, kept while Kakao is asked again and for a person to look at; or, without an
   * OTP address, a chat bot's payload in which no result was.
   */
  @Column('text', { name: 'sealed_unread', nullable: true })
  sealedUnread: string | null;

  /** What a chat bot said of the customer (`userRequest.user`), as it came. */
  @Column('text', { name: 'sealed_user', nullable: true })
  sealedUser: string | null;

  /** HTTP status of the last answer; 0 when the address did not pass the gate a second time. */
  @Column('integer', { name: 'answer_status', nullable: true })
  answerStatus: number | null;

  @Column('text', { nullable: true })
  failure: CaptureFailure | null;

  /** The service a location was sent from; as the callback said. */
  @Column('text', { name: 'service_name', nullable: true })
  serviceName: string | null;

  @Column('text', { name: 'service_company', nullable: true })
  serviceCompany: string | null;

  @Column('jsonb')
  consent: Consent;

  @Column('timestamptz', { name: 'received_at' })
  receivedAt: Date;

  /** Until then Kakao is asked, or images are fetched. */
  @Column('timestamptz', { name: 'deadline_at' })
  deadlineAt: Date;

  /** When a pending capture is worked on next. */
  @Column('timestamptz', { name: 'due_at', default: () => 'now()' })
  dueAt: Date;

  /** An instance works on it until then, or died. */
  @Column('timestamptz', { name: 'claimed_until', nullable: true })
  claimedUntil: Date | null;

  /** How often it was worked on. */
  @Column('integer', { default: 0 })
  tries: number;

  /** A try failed: it comes after the first tries of other customers. */
  @Column('boolean', { default: false })
  retrying: boolean;

  @Column('timestamptz', { name: 'redeemed_at', nullable: true })
  redeemedAt: Date | null;

  @Column('timestamptz', { name: 'delivered_at', nullable: true })
  deliveredAt: Date | null;

  /** When the image addresses stop working, as Kakao said. */
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt: Date | null;

  /** When the agreed retention (보유기간) ends. */
  @Column('timestamptz', { name: 'erase_at' })
  eraseAt: Date;

  @Column('timestamptz', { name: 'erased_at', nullable: true })
  erasedAt: Date | null;

  @Column('timestamptz', { name: 'changed_at' })
  changedAt: Date;
}

/** Whether Kakao's answer is held, and is what it was asked for; a refusal is kept too, and the OTP address with it. */
export const isAnswered = ({ sealedAnswer, sealedOtp, answerStatus }: Capture): boolean =>
  sealedAnswer !== null && sealedOtp === null && answerStatus !== null && answerStatus >= 200 && answerStatus <= 299;
