import { pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import { ConflictException, Inject, Injectable, Logger, NotFoundException, Optional } from '@nestjs/common';
import { Clock, pageOf, Vault } from '@biz/platform';
import type { Page } from '@biz/platform';
import { AccessLog } from '@biz/privacy';
import type { AccessReason } from '@biz/privacy';
import { readLocation, readProfile, UnreadableAnswer } from '@biz/otp-client';
import type { OtpKind } from '@biz/otp-client';
import { DataSource, LessThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { FileStore } from '../files/file-store';
import { FILE_KEY_CONTEXT } from '../files/image-download';
import { opening } from '../files/sealed-stream';
import { Erasure } from '../intake/erasure';
import { ANSWER_CONTEXT } from '../intake/redemption';
import { CAPTURE_KIND } from '../intake/work';
import { Capture } from '../records/capture.entity';
import { CapturedFile } from '../records/captured-file.entity';
import { Captures } from '../records/captures';
import { Redeemer } from '../schedule/redeemer';
import { showCapture, showFile } from './captures.dto';
import type { CaptureDetailsDto, CaptureDto, CapturedFileDto, CapturesQuery, PersonalDataDto } from './captures.dto';

export interface OpenedFile {
  content: Readable;
  size: number;
  type: string;
}

/** What operators see of captures and do with them. */
@Injectable()
export class CaptureRecords {
  private readonly logger = new Logger(CaptureRecords.name);

  constructor(
    @Inject(CAPTURE_KIND) private readonly kind: OtpKind,
    private readonly captures: Captures,
    private readonly erasure: Erasure,
    private readonly redeemer: Redeemer,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
    private readonly accesses: AccessLog,
    @Optional() private readonly store?: FileStore,
  ) {}

  async list({ state, plugin, relayId, cursor, limit = 20 }: CapturesQuery): Promise<Page<CaptureDto>> {
    const rows = await this.dataSource.getRepository(Capture).find({
      where: {
        kind: this.kind,
        ...(state && { state }),
        ...(plugin && { plugin }),
        ...(relayId && { relayId }),
        ...(cursor && { id: LessThan(cursor) }),
      },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    return pageOf(rows, limit, ({ id }) => id, showCapture);
  }

  /** @param reason with it the personal data too, once the look is in the access log */
  async details(id: string, reason: AccessReason | undefined): Promise<CaptureDetailsDto> {
    return this.dataSource.transaction(async (manager) => {
      const capture = await this.get(manager, id);
      const details: CaptureDetailsDto = showCapture(capture);
      if (this.kind === 'image') details.files = await this.filesOf(manager, id);
      const personalData = reason && (await this.personalData(manager, capture, reason));
      if (personalData) details.personalData = personalData;
      return details;
    });
  }

  /** An image, decrypted as it flows; the look is in the access log before the first byte. */
  async openFile(captureId: string, fileId: string, reason: AccessReason): Promise<OpenedFile> {
    const { storeKey, sealedKey, size, type } = await this.dataSource.transaction(async (manager) => {
      const capture = await this.get(manager, captureId);
      const file = await manager.findOneBy(CapturedFile, { id: fileId, captureId, state: 'stored' });
      if (!file) throw new NotFoundException('No such file');
      const { merchant } = capture;
      await this.accesses.record(manager, { ...reason, merchant, subject: captureId, what: 'file', part: fileId });
      return file;
    });
    if (!this.store || storeKey === null || sealedKey === null || size === null || type === null) {
      throw new NotFoundException('No such file');
    }
    const key = Buffer.from(await this.vault.open(sealedKey, FILE_KEY_CONTEXT), 'base64');
    const content = pipeline(await this.store.read(storeKey), opening(key, fileId), (error) => {
      if (error && error.code !== 'ERR_STREAM_PREMATURE_CLOSE')
        this.logger.error({ fileId, error }, 'stored file unreadable');
    });
    return { content, size, type };
  }

  /**
   * Starts again what ended without data: an answer that is kept is read again, else Kakao is asked again.
   *
   * Images that are missing are fetched again; those that are held stay.
   */
  async retry(id: string): Promise<CaptureDto> {
    const capture = await this.dataSource.transaction(async (manager) => {
      const capture = await this.get(manager, id);
      const missing = await manager.countBy(CapturedFile, { captureId: id, state: 'failed' });
      const ended = capture.state === 'failed' || capture.state === 'expired';
      if (!ended && missing === 0)
        throw new ConflictException(`Nothing of a capture in state ${capture.state} can be tried again`);
      const refused = capture.answerStatus !== null && (capture.answerStatus < 200 || capture.answerStatus > 299);
      const now = this.clock.now();
      const { deadlineAt } = this.captures.deadlines(now, 0);
      const moved = await this.captures.moveTo(manager, id, 'pending', {
        failure: null,
        deadlineAt,
        ...{ dueAt: now, claimedUntil: null, tries: 0 },
        ...(refused && { sealedAnswer: null, answerStatus: null }),
      });
      if (!moved) throw new ConflictException('The capture is being worked on');
      await manager.update(
        CapturedFile,
        { captureId: id, state: 'failed' },
        { state: 'pending', failure: null, problem: null, dueAt: now, claimedUntil: null, deadlineAt },
      );
      return showCapture(await this.get(manager, id));
    });
    this.redeemer.nudge();
    return capture;
  }

  /** Erases the personal data; the fact that it was captured stays. Repeating it changes nothing. */
  async erase(id: string): Promise<CaptureDto> {
    return this.dataSource.transaction(async (manager) => {
      await this.erasure.erase(await this.get(manager, id), manager);
      return showCapture(await this.get(manager, id));
    });
  }

  private async get(manager: EntityManager, id: string): Promise<Capture> {
    const capture = await manager.findOneBy(Capture, { id, kind: this.kind });
    if (!capture) throw new NotFoundException('No such capture');
    return capture;
  }

  private async filesOf(manager: EntityManager, captureId: string): Promise<CapturedFileDto[]> {
    const files = await manager.find(CapturedFile, { where: { captureId }, order: { picture: 'ASC', variant: 'ASC' } });
    return files.map(showFile);
  }

  private async personalData(
    manager: EntityManager,
    capture: Capture,
    reason: AccessReason,
  ): Promise<PersonalDataDto | undefined> {
    if (capture.sealedAnswer === null) return undefined;
    const { id: subject, merchant } = capture;
    await this.accesses.record(manager, { ...reason, merchant, subject, what: 'details' });
    const answer = await this.vault.open(capture.sealedAnswer, ANSWER_CONTEXT);
    return { ...this.read(answer), answer };
  }

  private read(answer: string): Omit<PersonalDataDto, 'answer'> {
    try {
      if (this.kind === 'profile') return { profile: readProfile(answer) };
      const location = this.kind === 'location' ? readLocation(answer) : 'unavailable';
      return location === 'unavailable' ? {} : { location };
    } catch (error) {
      if (error instanceof UnreadableAnswer) return {};
      throw error;
    }
  }
}
