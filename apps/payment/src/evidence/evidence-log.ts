import type { Answer, Approval, Cancellation, PaymentOrder, SubscriptionStatus } from '@biz/kakaopay';
import { Clock, newId, RuntimeConfig, throughBriefOutage } from '@biz/platform';
import { withoutNumbers } from '@biz/privacy';
import { Injectable } from '@nestjs/common';
import { DataSource, IsNull } from 'typeorm';
import type { EntityManager, FindOptionsWhere } from 'typeorm';
import type { Attempt } from '../attempts/attempt.entity';
import { PaymentConfig } from '../payment.config';
import type { Refund } from '../refunds/refund.entity';
import { Subscriptions } from '../subscriptions/subscriptions';
import type { CancelSaid, Evidence, LookOperation, Operation, Outcome, Said, SidSaid } from './evidence';
import { EvidenceRow } from './evidence.entity';
import { cancelSaid, outcomeIn, outcomeOf, saidIn, sidSaid } from './said';

/** KakaoPay may carry out a call, and show that it did, so long after our side gave up on it. */
const MAY_ACT_SECONDS = 600;
/** An answer that only this process holds is worth a wait for a database that restarts. */
const RIDE_OUT_MS = 30_000;

/** What is known of an attempt. @property sidSealed the key of its subscription, when an answer named one */
export interface Known {
  readonly evidence: Evidence[];
  readonly sidSealed?: string;
}

/** What a call is about: a payment, or a refund of it. */
type Subject = Attempt | Refund;

/** Keeps every call to KakaoPay about a payment, before it is made and after it has ended. */
@Injectable()
export class EvidenceLog {
  constructor(
    private readonly dataSource: DataSource,
    private readonly subscriptions: Subscriptions,
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
    const sid = answer.kind === 'answered' ? answer.value.sid : undefined;
    const sidSealed = sid === undefined ? null : await this.subscriptions.seal(sid);
    await this.ended(id, outcomeOf(answer, saidIn), sidSealed);
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
    await this.looks(subject, 'order', sentAt, outcomeOf(answer, saidIn));
  }

  /** A look at a SID by `status` has ended. */
  async lookedAtSid(charge: Attempt, sentAt: Date, answer: Answer<SubscriptionStatus>): Promise<void> {
    await this.looks(charge, 'status', sentAt, outcomeOf(answer, sidSaid));
  }

  async of({ id }: Attempt): Promise<Known> {
    const rows = await this.rows({ attemptId: id, refundId: IsNull() });
    const sidSealed = rows.find((row) => row.sidSealed !== null)?.sidSealed;
    return { evidence: rows.map((row) => toEvidence<Said>(row)), ...(sidSealed != null && { sidSealed }) };
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

  /** The first word about a call stands. */
  private async ended(id: string, outcome: Outcome<object>, sidSealed: string | null = null): Promise<void> {
    const { code, message, said } = columnsOf(outcome);
    await throughBriefOutage(
      () =>
        this.dataSource.query(
          `UPDATE payment.evidence SET outcome = $2, ended_at = $3, code = $4, message = $5, said = $6, sid_sealed = $7
            WHERE id = $1 AND outcome IS NULL`,
          [id, outcome.kind, this.clock.now(), code, message, said, sidSealed],
        ),
      RIDE_OUT_MS,
    );
  }

  private async looks(
    subject: Subject,
    operation: LookOperation,
    sentAt: Date,
    outcome: Outcome<object>,
  ): Promise<void> {
    const row = { id: newId(), ...placeOf(subject), operation, sentAt, endedAt: this.clock.now() };
    await this.dataSource.manager.insert(EvidenceRow, { ...row, outcome: outcome.kind, ...columnsOf(outcome) });
  }
}

const placeOf = (subject: Subject) =>
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
