import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { Clock, gather, NotYet, prepared, throughBriefOutage, Vault } from '@biz/platform';
import { mayHoldData, meaningOf, OtpClient, readLocation, readProfile, UnreadableAnswer } from '@biz/otp-client';
import type { OtpAnswer, OtpKind } from '@biz/otp-client';
import { Merchants } from '@biz/merchant';
import { DataSource } from 'typeorm';
import { ImageCollection } from '../files/image-collection';
import { ANSWER_CONTEXT, Capture, isAnswered, OTP_CONTEXT } from '../records/capture.entity';
import { Captures } from '../records/captures';
import { OtpCircuit } from '../schedule/circuits';
import { KEPT_IN_MEMORY_MS } from '../schedule/retry-times';
import { RedeemConfig } from './redeem.config';
import { CAPTURE_KIND } from '../records/capture-kind';

/** The ids are said twice, as in `Captures`. */
const STORE = `
  UPDATE capture.captures
     SET sealed_answer = given.sealed_answer, answer_status = given.answer_status, changed_at = given.changed_at,
         sealed_otp = CASE WHEN given.otp_is_used THEN NULL ELSE captures.sealed_otp END,
         sealed_unread = CASE WHEN given.otp_is_used THEN NULL ELSE captures.sealed_unread END
    FROM jsonb_to_recordset($1::jsonb) AS given(id uuid, sealed_answer text, answer_status integer,
         changed_at timestamptz, otp_is_used boolean)
   WHERE captures.id = given.id AND captures.id = ANY($3) AND captures.kind = $2 AND captures.state = 'pending'
     AND captures.sealed_answer IS NULL
  RETURNING captures.id`;

/** Answers that come together share a commit. */
const GATHERED = { size: 64, inFlight: 2 };

interface NewAnswer {
  id: string;
  sealedAnswer: string;
  answerStatus: number;
  sealedOtp?: null;
  sealedUnread?: null;
  changedAt: Date;
}

type Kept = Partial<Omit<Capture, 'consent'>>;
type KeptAnswer = Exclude<OtpAnswer, { kind: 'retryable' }>;

/**
 * Redeems an OTP address once it is stored.
 *
 * Kakao documents neither single use nor retries, so the raw answer is kept before anything reads it:
 * a crash in between repeats the read, not the call.
 */
@Injectable()
export class Redemption {
  private readonly logger = new Logger(Redemption.name);
  private readonly store: (answer: NewAnswer) => Promise<boolean>;

  constructor(
    @Inject(CAPTURE_KIND) private readonly kind: OtpKind,
    private readonly captures: Captures,
    private readonly otpClient: OtpClient,
    private readonly circuit: OtpCircuit,
    private readonly merchants: Merchants,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
    private readonly config: RedeemConfig,
    @Optional() private readonly images?: ImageCollection,
  ) {
    this.store = gather((answers) => this.storeAll(answers), GATHERED);
  }

  /**
   * Does what comes next for a pending capture: asks Kakao, reads its answer, or ends what is over.
   *
   * @throws NotYet when Kakao gave no answer, or one in which nothing was understood
   */
  async advance(capture: Capture): Promise<void> {
    const answered =
      capture.sealedAnswer === null ? ((await this.readUnread(capture)) ?? (await this.ask(capture))) : capture;
    if (answered) await this.read(answered);
  }

  /** What was not understood may be by a newer version: it is read again at an operator's retry, and before time is over. */
  private async readUnread(capture: Capture): Promise<Capture | undefined> {
    const { sealedUnread, tries, deadlineAt } = capture;
    if (sealedUnread === null || (tries > 1 && this.clock.now() < deadlineAt)) return undefined;
    const raw = await this.vault.open(sealedUnread, ANSWER_CONTEXT);
    if (meaningOf(this.kind, raw) !== 'result') return undefined;
    return this.keep(capture, { kind: 'answered', status: 200, raw });
  }

  /** @returns the capture with Kakao's answer, once that is kept */
  private async ask(capture: Capture): Promise<Capture | undefined> {
    if (this.clock.now() >= capture.deadlineAt) {
      if (capture.sealedUnread === null) await this.captures.fail(capture, 'expired', 'deadline-passed');
      else await this.captures.fail(capture, 'failed', 'unreadable-answer');
      return undefined;
    }
    if (capture.sealedOtp === null) throw new Error('a pending capture without its OTP address');
    const otp = await this.vault.open(capture.sealedOtp, OTP_CONTEXT);
    const { restApiKey } = this.merchants.get(capture.merchant).secrets;
    const answer = await this.otpClient.redeem(otp, this.kind, restApiKey, this.config.timeoutMs);
    if (answer.kind === 'retryable') {
      // A limit is about one key; whoever says it is not down.
      if (answer.isLimit !== true) this.circuit.failed(capture.id);
      throw new NotYet(answer.reason);
    }
    const meaning = answer.kind === 'answered' ? meaningOf(this.kind, answer.raw) : 'refused';
    if (meaning === 'nothing') {
      // Neither an outage nor its end: a page of maintenance comes with 200 too.
      await this.keepUnread(capture, answer);
      throw new NotYet(`nothing understood in HTTP ${answer.status}`);
    }
    this.circuit.answered();
    return this.keep(capture, meaning === 'refused' ? { ...answer, kind: 'gone' } : answer);
  }

  /** The first is kept, unless a later one may hold what the customer handed over. */
  private async keepUnread({ id, sealedUnread, tries }: Capture, { raw, status }: KeptAnswer): Promise<void> {
    const replaces = sealedUnread === null || mayHoldData(raw);
    const sealed = replaces ? await this.vault.seal(raw, ANSWER_CONTEXT) : sealedUnread;
    const kept = (): Promise<unknown> =>
      this.dataSource.query(
        `UPDATE capture.captures SET sealed_unread = $2, answer_status = $3, changed_at = $4
          WHERE id = $1 AND state = 'pending' AND sealed_answer IS NULL`,
        [id, sealed, status, this.clock.now()],
      );
    await throughBriefOutage(kept, KEPT_IN_MEMORY_MS);
    this.logger.warn(
      { captureId: id, status, tries, length: raw.length },
      'unreadable answer kept, Kakao is asked again',
    );
  }

  private async keep(capture: Capture, answer: KeptAnswer): Promise<Capture | undefined> {
    const kept = {
      sealedAnswer: await this.vault.seal(answer.raw, ANSWER_CONTEXT),
      answerStatus: answer.status,
      // A refused address is kept while the capture is: with a corrected key an operator may try it again.
      ...(answer.kind === 'answered' && { sealedOtp: null, sealedUnread: null }),
      changedAt: this.clock.now(),
    };
    // Perhaps Kakao says it only once: a database that restarts just now is waited for.
    const isKept = await throughBriefOutage(() => this.store({ id: capture.id, ...kept }), KEPT_IN_MEMORY_MS);
    if (isKept) return Object.assign(capture, kept);
    return answer.kind === 'answered' ? this.keepLate(capture, kept) : undefined;
  }

  /** One statement for the answers of a moment. @returns which of them are the first of their capture */
  private async storeAll(answers: readonly NewAnswer[]): Promise<boolean[]> {
    const first = new Map([...answers].reverse().map((answer) => [answer.id, answer]));
    const rows = [...first.values()].map(({ id, sealedAnswer, answerStatus, sealedOtp, changedAt }) => ({
      id,
      sealed_answer: sealedAnswer,
      answer_status: answerStatus,
      changed_at: changedAt,
      otp_is_used: sealedOtp === null,
    }));
    const stored = await prepared<{ id: string }>(this.dataSource, STORE, [
      JSON.stringify(rows),
      this.kind,
      [...first.keys()],
    ]);
    const ids = new Set(stored.map(({ id }) => id));
    return answers.map((answer) => ids.has(answer.id) && first.get(answer.id) === answer);
  }

  /**
   * An answer that comes after this instance was taken for dead: meanwhile another may have been refused, because an
   * OTP perhaps works once, or time may have run out. The data is what counts.
   */
  private async keepLate(capture: Capture, kept: Kept): Promise<Capture | undefined> {
    return this.dataSource.transaction(async (manager) => {
      const now = await this.captures.lockAny(manager, capture.id);
      if (!now || isAnswered(now) || !['pending', 'failed', 'expired'].includes(now.state)) return undefined;
      if (now.state !== 'pending') await this.captures.moveTo(manager, capture.id, 'pending', { failure: null });
      await manager.update(Capture, { id: capture.id }, { ...kept, dueAt: this.clock.now() });
      this.logger.warn({ captureId: capture.id, was: now.state }, 'a late answer was kept');
      return Object.assign(now, kept, { state: 'pending' as const });
    });
  }

  private async read(capture: Capture): Promise<void> {
    const { sealedAnswer, answerStatus } = capture;
    if (sealedAnswer === null) return;
    if (!isAnswered(capture)) {
      this.logger.warn({ captureId: capture.id, status: answerStatus }, 'Kakao refused the OTP');
      // What came before the refusal may be all that the customer handed over.
      const failure = capture.sealedUnread === null ? 'refused-by-kakao' : 'unreadable-answer';
      return this.captures.fail(capture, 'failed', failure);
    }
    try {
      await this.take(capture, await this.vault.open(sealedAnswer, ANSWER_CONTEXT));
    } catch (error) {
      if (!(error instanceof UnreadableAnswer)) throw error;
      this.logger.error({ captureId: capture.id, reason: error.message }, 'unreadable answer kept');
      await this.captures.fail(capture, 'failed', 'unreadable-answer');
    }
  }

  private async take(capture: Capture, raw: string): Promise<void> {
    switch (this.kind) {
      case 'profile':
        return this.captures.hold(capture, 'redeemed', 'profile.received', { profile: readProfile(raw) });
      case 'location': {
        const location = readLocation(raw);
        return location === 'unavailable'
          ? this.captures.hold(capture, 'unavailable', 'location.unavailable', service(capture))
          : this.captures.hold(capture, 'redeemed', 'location.received', {
              location,
              ...detailAsked(capture),
              ...service(capture),
            });
      }
      case 'image':
        return this.images?.collect(capture, raw);
    }
  }
}

function service({ serviceName, serviceCompany }: Capture): Record<string, unknown> {
  if (serviceName === null && serviceCompany === null) return {};
  return {
    service: {
      ...(serviceName !== null && { name: serviceName }),
      ...(serviceCompany !== null && { company: serviceCompany }),
    },
  };
}

/** Tells an empty field from one that customers never had (상세주소, guide 3.3), where the definition says which. */
function detailAsked({ consent: { detailAddress } }: Capture): Record<string, unknown> {
  return detailAddress === undefined ? {} : { detailAsked: detailAddress };
}
