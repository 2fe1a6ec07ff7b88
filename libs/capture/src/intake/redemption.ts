import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { Clock, Jobs, newId, NotYet, Vault } from '@biz/platform';
import type { JobRun } from '@biz/platform';
import { OtpClient, readImages, readLocation, readProfile, UnreadableAnswer } from '@biz/otp-client';
import type { OtpKind } from '@biz/otp-client';
import { Merchants } from '@biz/merchant';
import { DataSource, IsNull } from 'typeorm';
import { Capture } from '../records/capture.entity';
import { CapturedFile } from '../records/captured-file.entity';
import { Captures } from '../records/captures';
import { OTP_CONTEXT } from './inbox';
import { CAPTURE_KIND, DOWNLOAD, REDEEM } from './work';

export const ANSWER_CONTEXT = 'capture.answer';
export const IMAGE_URL_CONTEXT = 'capture.image-url';

/**
 * Redeems an OTP address once it is stored.
 *
 * Kakao documents neither single use nor retries, so the raw answer is kept before anything reads it:
 * a crash in between repeats the read, not the call.
 */
@Injectable()
export class Redemption implements OnModuleInit {
  private readonly logger = new Logger(Redemption.name);

  constructor(
    @Inject(CAPTURE_KIND) private readonly kind: OtpKind,
    private readonly captures: Captures,
    private readonly otpClient: OtpClient,
    private readonly merchants: Merchants,
    private readonly jobs: Jobs,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
  ) {}

  onModuleInit(): void {
    this.jobs.work(
      REDEEM[this.kind],
      ({ captureId }, run) => this.redeem(captureId, run),
      async ({ captureId }) => {
        const capture = await this.captures.find(captureId);
        if (capture) await this.captures.fail(capture, 'expired', 'deadline-passed');
      },
    );
  }

  private async redeem(id: string, run: JobRun): Promise<void> {
    let capture = await this.captures.find(id);
    if (capture?.state === 'pending' && capture.sealedAnswer === null) {
      if (this.clock.now() >= capture.deadlineAt) return this.captures.fail(capture, 'expired', 'deadline-passed');
      await this.ask(capture, run);
      capture = await this.captures.find(id);
    }
    if (capture?.state === 'pending') await this.read(capture);
  }

  /** Keeps Kakao's answer, or throws when there is none yet. */
  private async ask(capture: Capture, run: JobRun): Promise<void> {
    if (capture.sealedOtp === null) throw new Error('a pending capture without its OTP address');
    const otp = await this.vault.open(capture.sealedOtp, OTP_CONTEXT);
    const { restApiKey } = this.merchants.get(capture.merchant).secrets;
    const answer = await this.otpClient.redeem(otp, this.kind, restApiKey);
    if (answer.kind === 'retryable') throw new NotYet(answer.reason, this.captures.secondsToNextTry(capture, run));

    await this.dataSource.manager.update(
      Capture,
      { id: capture.id, state: 'pending', sealedAnswer: IsNull() },
      {
        sealedAnswer: await this.vault.seal(answer.raw, ANSWER_CONTEXT),
        answerStatus: answer.status,
        // A refused address is kept while the capture is: with a corrected key an operator may try it again.
        ...(answer.kind === 'answered' && { sealedOtp: null }),
        changedAt: this.clock.now(),
      },
    );
  }

  private async read(capture: Capture): Promise<void> {
    const { sealedAnswer, answerStatus } = capture;
    if (sealedAnswer === null || answerStatus === null) return;
    if (answerStatus < 200 || answerStatus > 299) {
      this.logger.warn({ captureId: capture.id, status: answerStatus }, 'Kakao refused the OTP');
      return this.captures.fail(capture, 'failed', 'refused-by-kakao');
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
          : this.captures.hold(capture, 'redeemed', 'location.received', { location, ...service(capture) });
      }
      case 'image':
        return this.expectImages(capture, raw);
    }
  }

  /** Lists the files to fetch; the capture is redeemed once they are held. */
  private async expectImages(capture: Capture, raw: string): Promise<void> {
    const { images, expiresAt } = readImages(raw);
    const files = await Promise.all(
      images.map(async ({ picture, size, url }) => ({
        id: newId(),
        captureId: capture.id,
        picture,
        variant: size,
        state: 'pending' as const,
        sealedUrl: await this.vault.seal(url, IMAGE_URL_CONTEXT),
        attempts: 0,
      })),
    );
    const deadlineAt = expiresAt && expiresAt < capture.deadlineAt ? expiresAt : capture.deadlineAt;
    await this.dataSource.transaction(async (manager) => {
      if (!(await this.captures.lock(manager, capture.id, 'pending'))) return;
      await manager.createQueryBuilder().insert().into(CapturedFile).values(files).orIgnore().execute();
      await manager.update(Capture, { id: capture.id }, { deadlineAt, expiresAt: expiresAt ?? null });
      await this.jobs.add(DOWNLOAD, { captureId: capture.id }, manager);
    });
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
