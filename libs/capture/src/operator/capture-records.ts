import { ConflictException, Inject, Injectable, NotFoundException, Optional } from '@nestjs/common';
import { Clock, newest, pageOf, Vault } from '@biz/platform';
import type { Page } from '@biz/platform';
import { AccessLog } from '@biz/privacy';
import type { AccessReason } from '@biz/privacy';
import { readLocation, readProfile, UnreadableAnswer } from '@biz/otp-client';
import type { OtpKind } from '@biz/otp-client';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Erasure } from '../retention/erasure';
import { CAPTURE_KIND } from '../records/capture-kind';
import { FileLinks } from '../links/file-links';
import { readBotUser, USER_CONTEXT } from '../records/bot-user.dto';
import { ANSWER_CONTEXT, Capture } from '../records/capture.entity';
import { CapturedFiles, fetchedUntil } from '../records/captured-files';
import { Captures } from '../records/captures';
import { Redeemer } from '../redeem/redeemer';
import { UnreadResults } from '../skill/unread-results';
import { showCapture, showFile } from './captures.dto';
import type { CaptureDetailsDto, CaptureDto, CapturesQuery, FileLinkDto, PersonalDataDto } from './captures.dto';

const NO_CAPTURE = 'No such capture';

/** What operators see of captures and do with them. */
@Injectable()
export class CaptureRecords {
  constructor(
    @Inject(CAPTURE_KIND) private readonly kind: OtpKind,
    private readonly captures: Captures,
    private readonly files: CapturedFiles,
    private readonly erasure: Erasure,
    private readonly redeemer: Redeemer,
    private readonly unread: UnreadResults,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
    private readonly accesses: AccessLog,
    @Optional() private readonly links?: FileLinks,
  ) {}

  async list({ state, plugin, relayId, ...page }: CapturesQuery): Promise<Page<CaptureDto>> {
    const rows = await newest(
      this.dataSource.getRepository(Capture),
      { kind: this.kind, ...(state && { state }), ...(plugin && { plugin }), ...(relayId && { relayId }) },
      page,
    );
    return pageOf(rows, page, showCapture);
  }

  /** @param reason with it the personal data too, once the look is in the access log */
  async details(id: string, reason: AccessReason | undefined): Promise<CaptureDetailsDto> {
    return this.dataSource.transaction(async (manager) => {
      const capture = await this.get(manager, id);
      const details: CaptureDetailsDto = showCapture(capture);
      if (this.kind === 'image') details.files = (await this.files.of(id, undefined, manager)).map(showFile);
      const personalData = reason && (await this.personalData(manager, capture, reason));
      if (personalData) details.personalData = personalData;
      return details;
    });
  }

  /** New links to every image that is held; handing them out is a look too. */
  async newLinks(id: string, reason: AccessReason): Promise<FileLinkDto[]> {
    return this.dataSource.transaction(async (manager) => {
      const { merchant } = await this.get(manager, id);
      const files = await this.files.of(id, 'stored', manager);
      const { links } = this;
      if (!links || files.length === 0) throw new NotFoundException('No image is held');
      await this.accesses.record(manager, { ...reason, merchant, subject: id, what: 'file' });
      return files.map(({ id: fileId, picture, variant }) => ({ id: fileId, picture, variant, ...links.make(fileId) }));
    });
  }

  /**
   * Starts again what ended without data: an answer or a skill payload that is kept is read again, else Kakao is asked again.
   *
   * Images that are missing are fetched again; those that are held stay.
   */
  async retry(id: string): Promise<CaptureDto> {
    const capture = await this.dataSource.transaction(async (manager) => {
      // Somebody may be trying it just now, or a late answer be kept.
      const capture = await this.captures.lockAny(manager, id);
      if (!capture) throw new NotFoundException(NO_CAPTURE);
      const isMissing = await this.files.has(id, 'failed', manager);
      const ended = capture.state === 'failed' || capture.state === 'expired';
      if (!ended && !isMissing)
        throw new ConflictException(`Nothing of a capture in state ${capture.state} can be tried again`);
      const { sealedOtp, sealedAnswer } = capture;
      const isUnread = sealedOtp === null && sealedAnswer === null;
      const understood = isUnread ? await this.unread.readAgain(capture) : undefined;
      if (isUnread && !understood) throw new ConflictException('No result is understood in what the chat bot sent');
      const now = this.clock.now();
      const deadlineAt = fetchedUntil(this.captures.deadlines(now, 0).deadlineAt, capture.expiresAt);
      // As it was before the shop had a part of it.
      const { eraseAt } = this.captures.deadlines(capture.receivedAt, capture.consent.retainDays);
      const moved = await this.captures.moveTo(manager, id, 'pending', {
        failure: null,
        ...{ deadlineAt, eraseAt },
        ...{ dueAt: now, claimedUntil: null, tries: 0, retrying: false },
        // The address is kept until Kakao has handed over what is behind it: what is held is a refusal.
        ...(sealedOtp !== null && { sealedAnswer: null, answerStatus: null }),
        ...understood,
      });
      if (!moved) throw new ConflictException('The capture is being worked on');
      await this.files.again(manager, id, deadlineAt);
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
    if (!capture) throw new NotFoundException(NO_CAPTURE);
    return capture;
  }

  private async personalData(
    manager: EntityManager,
    capture: Capture,
    reason: AccessReason,
  ): Promise<PersonalDataDto | undefined> {
    // An answer that was not understood, rather than the refusal that came after it.
    const sealed = capture.sealedUnread ?? capture.sealedAnswer;
    const { id: subject, merchant, sealedUser } = capture;
    if (sealed === null && sealedUser === null) return undefined;
    const answer = sealed === null ? undefined : await this.vault.open(sealed, ANSWER_CONTEXT);
    const asSent = sealedUser === null ? undefined : await this.vault.open(sealedUser, USER_CONTEXT);
    const shown = [answer, asSent].filter((each) => each !== undefined);
    await this.accesses.record(manager, { ...reason, merchant, subject, what: 'details', shown });
    return {
      ...(answer !== undefined && { ...this.read(answer), answer }),
      ...(asSent !== undefined && { user: Object.assign(readBotUser(asSent), { asSent }) }),
    };
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
