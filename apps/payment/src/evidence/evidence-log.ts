import type { Answer, Approval, Cancellation, IssuedSid, PaymentOrder, SubscriptionStatus } from '@biz/kakaopay';
import { Clock, newId, RuntimeConfig, throughBriefOutage } from '@biz/platform';
import { withoutNumbers } from '@biz/privacy';
import { Injectable } from '@nestjs/common';
import { DataSource, In, IsNull } from 'typeorm';
import type { EntityManager, FindOptionsWhere } from 'typeorm';
import type { Attempt } from '../attempts/attempt.entity';
import { PaymentConfig } from '../payment.config';
import type { Refund } from '../refunds/refund.entity';
import { SidCalls } from '../subscriptions/sid-calls';
import { Sid } from '../subscriptions/sid.entity';
import {
  type CancelSaid,
  type Evidence,
  type LookOperation,
  type Operation,
  type Outcome,
  type Said,
  type SidSaid,
  TAKING,
} from './evidence';
import { EvidenceRow } from './evidence.entity';
import { cancelSaid, outcomeIn, outcomeOf, saidIn, sidSaid } from './said';

/** KakaoPay may carry out a call, and show that it did, so long after our side gave up on it. */
const MAY_ACT_SECONDS = 600;
/** An answer that only this process holds is worth a wait for a database that restarts. */
const RIDE_OUT_MS = 30_000;

/** What is known of an attempt. @property hasSid whether an answer named the key of a subscription that can begin with it */
export interface Known {
  readonly evidence: Evidence[];
  readonly hasSid: boolean;
}

/**
 * Keeps the SID that an answer named, in the statement that writes the answer down (`answered`), once for each attempt:
 * a tid has one. A later charge has the SID of its subscription, which is kept there. $1 when, $2 the SID sealed, $3 the
 * payment that it came with.
 */
const KEEP_SID = `
  INSERT INTO payment.sids (evidence_id, order_id, attempt_id, merchant, cid, sealed, state, created_at, updated_at)
  SELECT e.id, o.id, a.id, a.merchant, a.cid, $2,
         CASE WHEN $3::jsonb ->> 'cid' = a.cid AND $3::jsonb ->> 'tid' = a.tid AND $3::jsonb ->> 'partnerOrderId' = o.id::text
               AND $3::jsonb ->> 'partnerUserId' = o.app_user_id THEN 'kept' ELSE 'foreign' END, $1, $1
    FROM answered e JOIN payment.attempts a ON a.id = e.attempt_id JOIN payment.orders o ON o.id = a.order_id
   WHERE $2::text IS NOT NULL AND o.subscription_id IS NULL
  ON CONFLICT (attempt_id) DO NOTHING`;

/** A SID that an answer named. @property payment that it came with, by the same answer */
interface Issued {
  readonly sealed: string;
  readonly payment: object;
}

/** What a call is about: a payment, or a refund of it. */
type Subject = Attempt | Refund;

/** Keeps every call to KakaoPay about a payment, before it is made and after it has ended. */
@Injectable()
export class EvidenceLog {
  constructor(
    private readonly dataSource: DataSource,
    private readonly sids: SidCalls,
    private readonly clock: Clock,
    private readonly config: PaymentConfig,
    private readonly runtime: RuntimeConfig,
  ) {}

  /** A call is about to be sent, in the transaction that decides on it. @returns the id to end it by */
  async sending(manager: EntityManager, subject: Subject, operation: Operation, at: Date): Promise<string> {
    const id = newId();
    const actsFor = this.config.kakaopayTimeoutMs + MAY_ACT_SECONDS * 1000 * this.runtime.retryTimeScale;
    const mayActUntil = new Date(at.getTime() + actsFor);
    await manager.insert(EvidenceRow, { id, ...placeOf(subject), operation, sentAt: at, mayActUntil });
    return id;
  }

  /** How an approve ended. */
  async approved(id: string, answer: Answer<Approval>): Promise<void> {
    await this.ended(id, outcomeOf(answer, saidIn), await this.issuedBy(answer));
  }

  /** How the charge of a SID ended. @param sid the one that was charged: it is kept already, another is noted only */
  async charged(id: string, sid: string, answer: Answer<Approval>): Promise<void> {
    const said = (value: Approval): Said => ({
      ...saidIn(value),
      ...(value.sid !== undefined && value.sid !== sid && { otherSid: true }),
    });
    await this.ended(id, outcomeOf(answer, said));
  }

  /** How a cancel ended. */
  async cancelled(id: string, answer: Answer<Cancellation>): Promise<void> {
    await this.ended(id, outcomeOf(answer, cancelSaid));
  }

  /** A look at a payment by `order` has ended. */
  async looked(subject: Subject, sentAt: Date, answer: Answer<PaymentOrder>): Promise<void> {
    await this.looks(subject, 'order', sentAt, outcomeOf(answer, saidIn), await this.issuedBy(answer));
  }

  /** A look at a SID by `status` has ended. */
  async lookedAtSid(charge: Attempt, sentAt: Date, answer: Answer<SubscriptionStatus>): Promise<void> {
    await this.looks(charge, 'status', sentAt, outcomeOf(answer, sidSaid));
  }

  async of({ id }: Attempt): Promise<Known> {
    const [rows, hasSid] = await Promise.all([
      this.rows({ attemptId: id, refundId: IsNull() }),
      this.dataSource.manager.existsBy(Sid, { attemptId: id, state: 'kept' }),
    ]);
    return { evidence: rows.map((row) => toEvidence<Said>(row)), hasSid };
  }

  async ofCharge({ id }: Attempt): Promise<Evidence<Said | SidSaid>[]> {
    return (await this.rows({ attemptId: id, refundId: IsNull() })).map((row) => toEvidence<Said | SidSaid>(row));
  }

  async ofRefund({ id }: Refund): Promise<Evidence<Said | CancelSaid>[]> {
    return (await this.rows({ refundId: id })).map((row) => toEvidence<Said | CancelSaid>(row));
  }

  private rows(where: FindOptionsWhere<EvidenceRow>): Promise<EvidenceRow[]> {
    return this.dataSource.manager.find(EvidenceRow, { where, order: { id: 'ASC' } });
  }

  private async issuedBy(answer: Answer<Approval | PaymentOrder>): Promise<Issued | undefined> {
    const { sid, ...payment } = issuedIn(answer) ?? {};
    return sid === undefined ? undefined : { sealed: await this.sids.seal(sid), payment };
  }

  /** The first word about a call stands. */
  private async ended(id: string, outcome: Outcome<object>, issued?: Issued): Promise<void> {
    const { code, message, said } = columnsOf(outcome);
    await throughBriefOutage(
      () =>
        this.dataSource.query(
          `WITH answered AS (
             UPDATE payment.evidence SET outcome = $5, ended_at = $1, code = $6, message = $7, said = $8
              WHERE id = $4 AND outcome IS NULL RETURNING id, attempt_id
           ) ${KEEP_SID}`,
          [this.clock.now(), issued?.sealed, issued?.payment, id, outcome.kind, code, message, said],
        ),
      RIDE_OUT_MS,
    );
  }

  private async looks(
    subject: Subject,
    operation: LookOperation,
    sentAt: Date,
    outcome: Outcome<object>,
    issued?: Issued,
  ): Promise<void> {
    const { code, message, said } = columnsOf(outcome);
    const { orderId, attemptId, refundId = null } = placeOf(subject);
    await this.dataSource.query(
      `WITH answered AS (
         INSERT INTO payment.evidence
                (id, order_id, attempt_id, refund_id, operation, sent_at, ended_at, outcome, code, message, said)
         VALUES ($4, $5, $6, $7, $8, $9, $1, $10, $11, $12, $13) RETURNING id, attempt_id
       ) ${KEEP_SID}`,
      [
        ...[this.clock.now(), issued?.sealed, issued?.payment, newId()],
        ...[orderId, attemptId, refundId, operation, sentAt, outcome.kind, code, message, said],
      ],
    );
  }
}

/** How many calls that can take the money of an attempt were decided on. */
export const callsOf = (manager: EntityManager, attemptId: string): Promise<number> =>
  manager.countBy(EvidenceRow, { attemptId, operation: In([...TAKING]) });

/** How many cancels of a refund were decided on. */
export const cancelsOf = (manager: EntityManager, refundId: string): Promise<number> =>
  manager.countBy(EvidenceRow, { refundId, operation: 'cancel' });

function issuedIn(answer: Answer<Approval | PaymentOrder>): Partial<IssuedSid> | undefined {
  if (answer.kind === 'unknown') return answer.issued;
  if (answer.kind !== 'answered') return undefined;
  const { sid, tid, cid, partnerOrderId, partnerUserId } = answer.value;
  return { ...(sid !== undefined && { sid }), tid, cid, partnerOrderId, partnerUserId };
}

const placeOf = (subject: Subject): { orderId: string; attemptId: string; refundId?: string } =>
  'attemptId' in subject
    ? { orderId: subject.orderId, attemptId: subject.attemptId, refundId: subject.id }
    : { orderId: subject.orderId, attemptId: subject.id };

function columnsOf(outcome: Outcome<object>): { code: number | null; message: string | null; said: object | null } {
  return {
    code: outcome.kind === 'refused' ? outcome.code : null,
    message: outcome.kind === 'refused' && outcome.message !== undefined ? withoutNumbers(outcome.message) : null,
    said: outcome.kind === 'answered' ? outcome.said : null,
  };
}

function toEvidence<S>(row: EvidenceRow): Evidence<S> {
  const { id, operation, sentAt, mayActUntil } = row;
  const outcome = outcomeIn<S>(row);
  return { id, operation, sentAt, ...(mayActUntil && { mayActUntil }), ...(outcome && { outcome }) };
}
