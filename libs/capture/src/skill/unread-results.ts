import { toUSVString } from 'node:util';
import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  answeredTooLate,
  Clock,
  KakaoOrigins,
  newId,
  OpenLimits,
  parseJson,
  RuntimeConfig,
  throughBriefOutage,
  Vault,
  withTimeout,
} from '@biz/platform';
import type { LimitedKind } from '@biz/platform';
import type { OtpKind } from '@biz/otp-client';
import type { Merchant } from '@biz/merchant';
import { DataSource } from 'typeorm';
import type { Plugin } from '../intake/plugins';
import { USER_CONTEXT } from '../records/bot-user.dto';
import { CAPTURE_KIND } from '../records/capture-kind';
import { ANSWER_CONTEXT, Capture, OTP_CONTEXT } from '../records/capture.entity';
import { Captures } from '../records/captures';
import { resultIn } from './skill-result';

/** Ten pictures in three sizes, each said four times, have some 50,000 characters. */
const LONGEST_KEPT = 65_536;
/** So many of one merchant and kind are kept at a time: a stranger who knows the address can invent payloads. */
const MOST_KEPT = 1_000;

const UNREAD: LimitedKind = { what: 'unread', most: MOST_KEPT };

const INSERT = `
  INSERT INTO capture.captures (id, kind, merchant, plugin, relay_id, otp_fingerprint, sealed_unread, sealed_user, consent,
         received_at, deadline_at, erase_at, due_at, changed_at, state, failure)
  SELECT $1::uuid, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::jsonb,
         $10::timestamptz, $10::timestamptz, $11::timestamptz, $10::timestamptz, $10::timestamptz, 'failed', 'unreadable-answer'
   WHERE (SELECT count(*) FROM (SELECT FROM capture.captures AS held
           WHERE held.kind = $2::text AND held.merchant = $3::text AND held.sealed_unread IS NOT NULL
             AND held.sealed_otp IS NULL LIMIT ${MOST_KEPT}) AS counted) < ${MOST_KEPT}
  ON CONFLICT DO NOTHING
  RETURNING *`;

/** A skill payload in which no result of the plugin was understood. */
interface UnreadResult {
  merchant: Merchant;
  plugin: Plugin;
  relayId?: string;
  /** What the payload says of the customer, as JSON. */
  user?: string;
  payload: unknown;
}

/**
 * Keeps skill payloads in which no result was understood, sealed, for an operator to look at: a failed capture, of which
 * the shop is told. A newer version may understand them.
 */
@Injectable()
export class UnreadResults {
  private readonly logger = new Logger(UnreadResults.name);

  constructor(
    @Inject(CAPTURE_KIND) private readonly kind: OtpKind,
    private readonly captures: Captures,
    private readonly origins: KakaoOrigins,
    private readonly limits: OpenLimits,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly runtime: RuntimeConfig,
    private readonly dataSource: DataSource,
  ) {}

  /** Stores a payload, cut to a length; the same a second time changes nothing, nor does one too many. */
  async keep({ merchant, plugin, relayId, user, payload }: UnreadResult): Promise<void> {
    const text = JSON.stringify(payload);
    const fingerprint = this.vault.fingerprint(text, OTP_CONTEXT);
    const now = this.clock.now();
    const { eraseAt } = this.captures.deadlines(now, plugin.consent.retainDays);
    const values = [
      ...[newId(), this.kind, merchant.id, plugin.key, relayId ?? null, fingerprint],
      await this.vault.seal(toUSVString(text.slice(0, LONGEST_KEPT)), ANSWER_CONTEXT),
      user === undefined ? null : await this.vault.seal(user, USER_CONTEXT),
      ...[JSON.stringify(plugin.consent), now, eraseAt],
    ];
    const isKept = await withTimeout(
      throughBriefOutage(() => this.insert(values)),
      this.runtime.workWithinMs,
      answeredTooLate,
    );
    const facts = { merchant: merchant.id, plugin: plugin.key };
    if (isKept) this.logger.warn({ ...facts, length: text.length }, 'a skill payload without a result is kept');
    else if (await this.isKnown(merchant.id, fingerprint)) this.logger.log(facts, 'received again');
    else this.limits.count(UNREAD, 'merchant', merchant.id);
  }

  /** What a kept payload says to this version. @returns the change of its capture, when it has a result after all */
  async readAgain({ sealedUnread }: Capture): Promise<Partial<Omit<Capture, 'consent'>> | undefined> {
    if (sealedUnread === null) return undefined;
    const result = resultIn(parsed(await this.vault.open(sealedUnread, ANSWER_CONTEXT)), this.kind, this.origins);
    if (!result) return undefined;
    const { otp, answer, service } = result;
    return {
      ...(service && { serviceName: service.name ?? null, serviceCompany: service.company ?? null }),
      // The payload stays until Kakao has handed over what is behind its OTP.
      ...(answer === undefined
        ? { sealedOtp: await this.vault.seal(otp, OTP_CONTEXT) }
        : { sealedAnswer: await this.vault.seal(answer, ANSWER_CONTEXT), answerStatus: 200, sealedUnread: null }),
    };
  }

  private insert(values: unknown[]): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<Record<string, unknown>[]>(INSERT, values);
      if (row) await this.captures.began(manager, this.captures.read(row), 'unreadable-answer');
      return row !== undefined;
    });
  }

  private isKnown(merchant: string, otpFingerprint: string): Promise<boolean> {
    return this.dataSource.manager.existsBy(Capture, { merchant, kind: this.kind, otpFingerprint });
  }
}

/** Nothing when it was cut. */
function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
