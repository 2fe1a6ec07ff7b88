import type { Answer, Approval, PaymentOrder } from '@biz/kakaopay';
import { Clock, newId, RuntimeConfig, throughBriefOutage } from '@biz/platform';
import { withoutNumbers } from '@biz/privacy';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { Attempt } from '../attempts/attempt.entity';
import { PaymentConfig } from '../payment.config';
import { Subscriptions } from '../subscriptions/subscriptions';
import type { Evidence, Outcome, Said } from './evidence';
import { EvidenceRow } from './evidence.entity';

/** KakaoPay may carry out an approve, and show in `order` that it did, so long after our side gave up on it. */
const MAY_ACT_SECONDS = 600;
/** An answer that only this process holds is worth a wait for a database that restarts. */
const RIDE_OUT_MS = 30_000;

/** What is known of an attempt. @property sidSealed the key of its subscription, when an answer named one */
export interface Known {
  readonly evidence: Evidence[];
  readonly sidSealed?: string;
}

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

  /** An approve is about to be sent, in the transaction that decides on it. @returns the id to end it by */
  async sending(manager: EntityManager, attempt: Attempt, at: Date): Promise<string> {
    const id = newId();
    const actsFor = this.config.kakaopayTimeoutMs + MAY_ACT_SECONDS * 1000 * this.runtime.retryTimeScale;
    const mayActUntil = new Date(at.getTime() + actsFor);
    await manager.insert(EvidenceRow, { id, ...placeOf(attempt), operation: 'approve', sentAt: at, mayActUntil });
    return id;
  }

  /** How it ended. The first word about a call stands. */
  async ended(id: string, answer: Answer<Approval>): Promise<void> {
    const outcome = outcomeOf(answer);
    const sid = answer.kind === 'answered' ? answer.value.sid : undefined;
    const sidSealed = sid === undefined ? null : await this.subscriptions.seal(sid);
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

  /** A look has ended. */
  async looked(attempt: Attempt, sentAt: Date, answer: Answer<PaymentOrder>): Promise<void> {
    const outcome = outcomeOf(answer);
    const row = { id: newId(), ...placeOf(attempt), operation: 'order', sentAt, endedAt: this.clock.now() } as const;
    await this.dataSource.manager.insert(EvidenceRow, { ...row, outcome: outcome.kind, ...columnsOf(outcome) });
  }

  async of({ id }: Attempt): Promise<Known> {
    const rows = await this.dataSource.manager.find(EvidenceRow, { where: { attemptId: id }, order: { id: 'ASC' } });
    const sidSealed = rows.find((row) => row.sidSealed !== null)?.sidSealed;
    return { evidence: rows.map(toEvidence), ...(sidSealed != null && { sidSealed }) };
  }
}

const placeOf = ({ id, orderId }: Attempt) => ({ attemptId: id, orderId });

function outcomeOf(answer: Answer<Approval | PaymentOrder>): Outcome {
  switch (answer.kind) {
    case 'answered':
      return { kind: 'answered', said: saidIn(answer.value) };
    case 'refused': {
      const { code, userMessage } = answer;
      return { kind: 'refused', code, ...(userMessage !== undefined && { message: withoutNumbers(userMessage) }) };
    }
    case 'not-sent':
    case 'unknown':
      return { kind: answer.kind };
  }
}

/** Everything that is asked of an answer later; a SID is kept sealed, beside it. */
function saidIn(answer: Approval | PaymentOrder): Said {
  const { cid, tid, partnerOrderId, partnerUserId, amount, method, card, approvedAt } = answer;
  const seen: Said = { cid, tid, partnerOrderId, partnerUserId, amount };
  const told = {
    ...seen,
    ...(method !== undefined && { method }),
    ...(card && { card }),
    ...(approvedAt && { approvedAt }),
  };
  if (!('status' in answer)) return { ...told, aid: answer.aid };
  const { status, cancelledAmount, cancelledAt } = answer;
  return {
    ...told,
    status,
    ...(cancelledAmount !== undefined && { cancelledAmount }),
    ...(cancelledAt && { cancelledAt }),
  };
}

function columnsOf(outcome: Outcome): { code: number | null; message: string | null; said: Said | null } {
  return {
    code: outcome.kind === 'refused' ? outcome.code : null,
    message: outcome.kind === 'refused' ? (outcome.message ?? null) : null,
    said: outcome.kind === 'answered' ? outcome.said : null,
  };
}

function toEvidence(row: EvidenceRow): Evidence {
  const { id, operation, sentAt, mayActUntil } = row;
  const outcome = outcomeIn(row);
  return { id, operation, sentAt, ...(mayActUntil && { mayActUntil }), ...(outcome && { outcome }) };
}

function outcomeIn({ outcome, code, message, said }: EvidenceRow): Outcome | undefined {
  if (outcome === null) return undefined;
  if (outcome === 'answered') return { kind: outcome, said: withDates(said as Said) };
  if (outcome === 'refused') return { kind: outcome, code: code ?? 0, ...(message !== null && { message }) };
  return { kind: outcome };
}

/** JSON keeps a time as text. */
function withDates({ approvedAt, cancelledAt, ...said }: Said): Said {
  return {
    ...said,
    ...(approvedAt && { approvedAt: new Date(approvedAt) }),
    ...(cancelledAt && { cancelledAt: new Date(cancelledAt) }),
  };
}
