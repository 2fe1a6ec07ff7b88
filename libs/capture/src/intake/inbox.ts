import { BadRequestException, Inject, Injectable, Logger, NotFoundException } from '@nestjs/common';
import {
  answeredTooLate,
  Clock,
  gather,
  KakaoOrigins,
  newId,
  OpenLimits,
  prepared,
  RuntimeConfig,
  throughBriefOutage,
  Vault,
  withTimeout,
} from '@biz/platform';
import type { OpenKind } from '@biz/platform';
import { isOtpUrl } from '@biz/otp-client';
import type { OtpKind } from '@biz/otp-client';
import type { Merchant } from '@biz/merchant';
import { DataSource } from 'typeorm';
import { USER_CONTEXT } from '../records/bot-user.dto';
import { ANSWER_CONTEXT, OTP_CONTEXT } from '../records/capture.entity';
import type { Consent } from '../records/capture.entity';
import { Captures } from '../records/captures';
import { Redeemer } from '../redeem/redeemer';
import { Arrivals } from '../schedule/arrivals';
import { findPlugin } from './plugins';
import { CAPTURE_KIND } from '../records/capture-kind';

/** What a callback says. */
export interface Callback {
  merchant: Merchant;
  /** Last segment of the address, when there was one. */
  pluginKey?: string;
  /** The OTP address; with an `answer`, whatever makes two of them the same. */
  otp: string;
  /** What the OTP would have answered, when a chat bot brought it along. */
  answer?: string;
  relayId?: string;
  /** What a chat bot said of the customer, as JSON. */
  user?: string;
  service?: { name?: string; company?: string };
}

/** A row of `capture.captures` as a callback makes it; the rest has one value for all of them. */
interface NewRow {
  id: string;
  kind: OtpKind;
  merchant: string;
  plugin: string;
  relay_id: string | null;
  otp_fingerprint: string;
  sealed_otp: string | null;
  sealed_answer: string | null;
  sealed_user: string | null;
  answer_status: number | null;
  service_name: string | null;
  service_company: string | null;
  consent: Consent;
  received_at: Date;
  deadline_at: Date;
  erase_at: Date;
}

const INSERT = `
  INSERT INTO capture.captures (id, kind, merchant, plugin, relay_id, otp_fingerprint, sealed_otp,
         sealed_answer, sealed_user, answer_status, service_name, service_company, consent, received_at, deadline_at, erase_at,
         due_at, changed_at, state)
  SELECT id, kind, merchant, plugin, relay_id, otp_fingerprint, sealed_otp,
         sealed_answer, sealed_user, answer_status, service_name, service_company, consent, received_at, deadline_at, erase_at,
         received_at, received_at, 'pending'
    FROM jsonb_to_recordset($1::jsonb) AS given(id uuid, kind text, merchant text, plugin text, relay_id text,
         otp_fingerprint text, sealed_otp text, sealed_answer text, sealed_user text, answer_status integer,
         service_name text, service_company text, consent jsonb,
         received_at timestamptz, deadline_at timestamptz, erase_at timestamptz)
  ON CONFLICT DO NOTHING
  RETURNING id`;

/** The words of its index, which is for statements that look for work. */
const FULL = `
  SELECT merchant FROM unnest($1::text[]) AS asked (merchant)
   WHERE (SELECT count(*) FROM (SELECT FROM capture.captures AS held
           WHERE held.kind = $4 AND held.merchant = asked.merchant AND held.state = 'pending' AND held.due_at > '-infinity'
             AND held.deadline_at > $2 LIMIT $3) AS counted) >= $3`;
const KNOWN = `
  SELECT id FROM unnest($2::uuid[], $3::text[], $4::text[]) AS given (id, merchant, otp_fingerprint)
   WHERE EXISTS (SELECT FROM capture.captures AS held
          WHERE held.merchant = given.merchant AND held.kind = $1 AND held.otp_fingerprint = given.otp_fingerprint)`;

/** A callback may come before the skill that says whose it is. */
const NAME_USERS = `
  UPDATE capture.captures SET sealed_user = given.sealed_user
    FROM unnest($2::text[], $3::text[], $4::text[]) AS given (merchant, otp_fingerprint, sealed_user)
   WHERE captures.kind = $1 AND captures.merchant = given.merchant AND captures.otp_fingerprint = given.otp_fingerprint
     AND captures.sealed_user IS NULL AND captures.state <> 'erased'`;

/** What became of a callback: `full` when too many of its merchant wait for Kakao already. */
type Stored = 'new' | 'known' | 'full';

/** Callbacks that arrive together share a commit. */
const GATHERED = { size: 64, inFlight: 2 };

/** Takes what Kakao hands over: stored first, answered next, redeemed after that. */
@Injectable()
export class Inbox {
  private readonly logger = new Logger(Inbox.name);
  private readonly store: (row: NewRow) => Promise<Stored>;
  private readonly open: OpenKind;

  constructor(
    @Inject(CAPTURE_KIND) private readonly kind: OtpKind,
    private readonly dataSource: DataSource,
    private readonly captures: Captures,
    private readonly redeemer: Redeemer,
    private readonly arrivals: Arrivals,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly origins: KakaoOrigins,
    private readonly runtime: RuntimeConfig,
    private readonly limits: OpenLimits,
  ) {
    this.open = {
      what: 'captures',
      full: FULL,
      values: [kind],
      messages: { merchant: '지금은 요청이 많아 정보를 받을 수 없습니다. 잠시 후 다시 시도해 주세요.' },
    };
    this.store = gather((rows) => this.insert(rows), GATHERED);
  }

  /**
   * Stores a callback, due at once; the same address a second time changes nothing.
   *
   * @throws NotFoundException when the merchant has no such plugin
   * @throws BadRequestException when the address is not one of Kakao's for this kind: it is never fetched
   * @throws Refusal 500 when too many of the merchant wait for Kakao; what is stored already is answered as ever
   */
  receive(callback: Callback): Promise<void> {
    return this.arrivals.during(() => this.take(callback));
  }

  private async take({ merchant, pluginKey, otp, answer, relayId, user, service }: Callback): Promise<void> {
    const plugin = findPlugin(merchant, this.kind, pluginKey);
    if (!plugin) throw new NotFoundException();
    if (answer === undefined && !isOtpUrl(otp, this.kind, this.origins.talkPlugin)) {
      throw new BadRequestException('요청 형식이 올바르지 않습니다. (otp)');
    }
    const receivedAt = this.clock.now();
    const row = {
      id: newId(),
      kind: this.kind,
      merchant: merchant.id,
      plugin: plugin.key,
      relay_id: relayId ?? null,
      otp_fingerprint: this.vault.fingerprint(otp, OTP_CONTEXT),
      sealed_otp: answer === undefined ? await this.vault.seal(otp, OTP_CONTEXT) : null,
      sealed_answer: answer === undefined ? null : await this.vault.seal(answer, ANSWER_CONTEXT),
      sealed_user: user === undefined ? null : await this.vault.seal(user, USER_CONTEXT),
      answer_status: answer === undefined ? null : 200,
      service_name: service?.name ?? null,
      service_company: service?.company ?? null,
      consent: plugin.consent,
      received_at: receivedAt,
      ...this.ends(receivedAt, plugin.consent.retainDays),
    };
    // Kakao is not known to send a callback again. What is late may still be stored: the same callback again is then answered as any other.
    const stored = await withTimeout(
      throughBriefOutage(() => this.store(row)),
      this.runtime.workWithinMs,
      answeredTooLate,
    );
    if (stored === 'full') throw this.limits.refused(this.open, 'merchant', merchant.id);
    if (stored === 'known') {
      this.logger.log({ merchant: merchant.id, plugin: plugin.key }, 'received again');
      return;
    }
    this.redeemer.nudge();
    this.logger.log({ captureId: row.id, merchant: merchant.id, plugin: plugin.key }, 'received');
  }

  /** One statement for the callbacks of a moment; one that cannot be stored does not keep the others from it. */
  private async insert(rows: readonly NewRow[]): Promise<Stored[]> {
    const fullMerchants = await this.limits.fullMerchants(
      this.open,
      rows.map(({ merchant }) => merchant),
    );
    const [admitted, kept] = [true, false].map((isAdmitted) =>
      rows.filter(({ merchant }) => fullMerchants.has(merchant) !== isAdmitted),
    ) as [NewRow[], NewRow[]];
    const [added, known] = await Promise.all([this.insertAdmitted(admitted), this.knownOf(kept)]);
    return rows.map(({ id, merchant }) => {
      if (!fullMerchants.has(merchant)) return added.has(id) ? 'new' : 'known';
      return known.has(id) ? 'known' : 'full';
    });
  }

  private async insertAdmitted(rows: readonly NewRow[]): Promise<ReadonlySet<string>> {
    if (rows.length === 0) return new Set();
    // In one order everywhere, so that two statements with the same duplicates never wait for each other.
    const sorted = [...rows].sort((one, other) => (one.otp_fingerprint < other.otp_fingerprint ? -1 : 1));
    const inserted = await prepared<{ id: string }>(this.dataSource, INSERT, [JSON.stringify(sorted)]);
    const added = new Set(inserted.map(({ id }) => id));
    await this.nameUsers(sorted.filter(({ id, sealed_user }) => sealed_user !== null && !added.has(id)));
    return added;
  }

  private async nameUsers(rows: readonly NewRow[]): Promise<void> {
    if (rows.length === 0) return;
    await prepared(this.dataSource, NAME_USERS, [
      this.kind,
      rows.map(({ merchant }) => merchant),
      rows.map((row) => row.otp_fingerprint),
      rows.map((row) => row.sealed_user),
    ]);
  }

  /** Those of these callbacks that came before. */
  private async knownOf(rows: readonly NewRow[]): Promise<ReadonlySet<string>> {
    if (rows.length === 0) return new Set();
    const found = await prepared<{ id: string }>(this.dataSource, KNOWN, [
      this.kind,
      rows.map(({ id }) => id),
      rows.map(({ merchant }) => merchant),
      rows.map((row) => row.otp_fingerprint),
    ]);
    return new Set(found.map(({ id }) => id));
  }

  private ends(receivedAt: Date, retainDays: number): { deadline_at: Date; erase_at: Date } {
    const { deadlineAt, eraseAt } = this.captures.deadlines(receivedAt, retainDays);
    return { deadline_at: deadlineAt, erase_at: eraseAt };
  }
}
