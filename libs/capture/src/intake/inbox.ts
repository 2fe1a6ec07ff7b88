import { BadRequestException, Inject, Injectable, Logger, NotFoundException } from '@nestjs/common';
import { Clock, Jobs, KakaoOrigins, newId, Vault } from '@biz/platform';
import { isOtpUrl } from '@biz/otp-client';
import type { OtpKind } from '@biz/otp-client';
import type { Merchant } from '@biz/merchant';
import { DataSource } from 'typeorm';
import { Capture } from '../records/capture.entity';
import { Captures } from '../records/captures';
import { findPlugin } from './plugins';
import { CAPTURE_KIND, REDEEM } from './work';

/** What a callback says. */
export interface Callback {
  merchant: Merchant;
  /** Last segment of the address, when there was one. */
  pluginKey?: string;
  otp: string;
  relayId?: string;
  service?: { name?: string; company?: string };
}

export const OTP_CONTEXT = 'capture.otp';

/** Takes what Kakao hands over: stored first, answered next, redeemed after that. */
@Injectable()
export class Inbox {
  private readonly logger = new Logger(Inbox.name);

  constructor(
    @Inject(CAPTURE_KIND) private readonly kind: OtpKind,
    private readonly dataSource: DataSource,
    private readonly captures: Captures,
    private readonly jobs: Jobs,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly origins: KakaoOrigins,
  ) {}

  /**
   * Stores a callback with the job that redeems it; the same address a second time changes nothing.
   *
   * @throws NotFoundException when the merchant has no such plugin
   * @throws BadRequestException when the address is not one of Kakao's for this kind: it is never fetched
   */
  async receive({ merchant, pluginKey, otp, relayId, service }: Callback): Promise<void> {
    const plugin = findPlugin(merchant, this.kind, pluginKey);
    if (!plugin) throw new NotFoundException();
    if (!isOtpUrl(otp, this.kind, this.origins.talkPlugin)) {
      throw new BadRequestException('요청 형식이 올바르지 않습니다. (otp)');
    }
    const receivedAt = this.clock.now();
    const row: Capture = {
      id: newId(),
      kind: this.kind,
      merchant: merchant.id,
      plugin: plugin.key,
      state: 'pending',
      relayId: relayId ?? null,
      otpFingerprint: this.vault.fingerprint(otp, OTP_CONTEXT),
      sealedOtp: await this.vault.seal(otp, OTP_CONTEXT),
      sealedAnswer: null,
      answerStatus: null,
      failure: null,
      serviceName: service?.name ?? null,
      serviceCompany: service?.company ?? null,
      consent: plugin.consent,
      receivedAt,
      ...this.captures.deadlines(receivedAt, plugin.consent.retainDays),
      redeemedAt: null,
      deliveredAt: null,
      expiresAt: null,
      erasedAt: null,
      changedAt: receivedAt,
    };
    const isNew = await this.dataSource.transaction(async (manager) => {
      const inserted = await manager
        .createQueryBuilder()
        .insert()
        .into(Capture)
        .values(row)
        .orIgnore()
        .returning('id')
        .updateEntity(false)
        .execute();
      if ((inserted.raw as unknown[]).length === 0) return false;
      await this.jobs.add(REDEEM[this.kind], { captureId: row.id }, manager);
      return true;
    });
    if (isNew) this.logger.log({ captureId: row.id, merchant: merchant.id, plugin: plugin.key }, 'received');
    else this.logger.log({ merchant: merchant.id, plugin: plugin.key }, 'received again');
  }
}
