import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { inKorea, pageDto, PageQuery } from '@biz/platform';
import { IMAGE_SIZES, ReceivedLocation, ReceivedProfile } from '@biz/otp-client';
import type { ImageSize } from '@biz/otp-client';
import { CAPTURE_FAILURES, CAPTURE_STATES, FILE_FAILURES, FILE_PROBLEMS, FILE_STATES } from '../records/capture-state';
import type { CaptureFailure, CaptureState, FileFailure, FileProblem, FileState } from '../records/capture-state';
import { ShownBotUser } from '../records/bot-user.dto';
import type { Capture } from '../records/capture.entity';
import type { CapturedFile } from '../records/captured-file.entity';

/** A text column holds any character but NUL. */
const NO_NUL = /^[^\0]*$/;

export class CapturesQuery extends PageQuery {
  /** Only captures in this state */
  @ApiPropertyOptional({ enum: CAPTURE_STATES, enumName: 'CaptureState' })
  @IsOptional()
  @IsIn(CAPTURE_STATES)
  state?: CaptureState;

  /** Only captures of the plugin with this key */
  @ApiPropertyOptional({ example: 'delivery' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  @Matches(NO_NUL)
  plugin?: string;

  /** Only captures with this relay id (용도 ID) */
  @ApiPropertyOptional({ example: 'order-20201208-0001' })
  @IsOptional()
  @IsString()
  @MaxLength(255)
  @Matches(NO_NUL)
  relayId?: string;
}

/** What the customer agreed to (개인정보 제공 동의), as the merchant's definition stood when the callback came. */
export class ConsentDto {
  /** What was asked for (이용항목) */
  @ApiProperty({ type: [String], example: ['nickname', 'phone_number'] })
  scopes: string[];

  /** 플러그인 이름 */
  @ApiPropertyOptional({ example: '영수증 확인' })
  name?: string;

  /** What for (이용목적) */
  @ApiPropertyOptional({ example: '주문 상품 배송' })
  purpose?: string;

  /** What an image plugin asks for, in its own words (이용항목) */
  @ApiPropertyOptional({ example: '영수증 사진' })
  items?: string;

  /** What else the consent said (추가입력 항목) */
  @ApiPropertyOptional({ example: '심사필 제2026-001호' })
  notice?: string;

  /** Location: whether there was a field for 상세주소; without one `detail` is always absent */
  @ApiPropertyOptional({ example: true })
  detailAddress?: boolean;

  /** How long it may be kept (보유기간), in days; 0: until the shop has it */
  @ApiProperty({ example: 30 })
  retainDays: number;
}

/** The service a location was sent from (서비스명, 서비스 업체명). */
export class ServiceDto {
  /** 서비스명 */
  @ApiPropertyOptional({ example: '플러그인 데모' })
  name?: string;

  /** 서비스 업체명 */
  @ApiPropertyOptional({ example: 'wuhu wuhu' })
  company?: string;
}

/** A capture: that a customer handed something over, and what became of it. No personal data. */
export class CaptureDto {
  /** Id of the capture; later ones sort after earlier ones */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** Which plugin: 개인정보이용, 위치전송, 이미지보안전송 */
  @ApiProperty({ enum: ['profile', 'location', 'image'], enumName: 'CaptureKind' })
  kind: string;

  /** Id of the merchant */
  @ApiProperty({ example: 'demo-shop' })
  merchant: string;

  /** Key of the plugin in the merchant's definition */
  @ApiProperty({ example: 'delivery' })
  plugin: string;

  /**
   * pending: stored; redeemed: data held, delivery under way; delivered: the shop has it; unavailable: Kakao cannot hand it over;
   * failed, expired: nothing was had, `failure` says why; erased: the data is gone, the fact remains
   */
  @ApiProperty({ enum: CAPTURE_STATES, enumName: 'CaptureState' })
  state: CaptureState;

  /** The relay id (용도 ID) the plugin was started with */
  @ApiPropertyOptional({ example: 'order-20201208-0001' })
  relayId?: string;

  /** Why nothing was had */
  @ApiPropertyOptional({ enum: CAPTURE_FAILURES, enumName: 'CaptureFailure' })
  failure?: CaptureFailure;

  /** HTTP status of Kakao's last answer, once there is one; of a pending capture of one in which nothing was understood */
  @ApiPropertyOptional({ example: 200 })
  answerStatus?: number;

  /** What the customer agreed to (개인정보 제공 동의) */
  @ApiProperty({ type: ConsentDto })
  consent: ConsentDto;

  /** The service a location was sent from */
  @ApiPropertyOptional({ type: ServiceDto })
  service?: ServiceDto;

  /** How often Kakao was asked, or its answer read */
  @ApiProperty({ example: 1 })
  tries: number;

  /** When Kakao called back */
  @ApiProperty({ type: String, format: 'date-time' })
  receivedAt: Date;

  /** Until then Kakao is asked */
  @ApiProperty({ type: String, format: 'date-time' })
  deadlineAt: Date;

  /** When the data was held */
  @ApiPropertyOptional({ type: String, format: 'date-time' })
  redeemedAt?: Date;

  /** When the shop had it */
  @ApiPropertyOptional({ type: String, format: 'date-time' })
  deliveredAt?: Date;

  /** When Kakao's image addresses stop working (유효기간) */
  @ApiPropertyOptional({ type: String, format: 'date-time' })
  expiresAt?: Date;

  /** The same in Korean time */
  @ApiPropertyOptional({ example: '2026-11-23T12:10:00+09:00' })
  expiresAtKst?: string;

  /** When the retention (보유기간) ends */
  @ApiProperty({ type: String, format: 'date-time' })
  eraseAt: Date;

  /** When the personal data was erased (파기) */
  @ApiPropertyOptional({ type: String, format: 'date-time' })
  erasedAt?: Date;

  /** When the state last changed */
  @ApiProperty({ type: String, format: 'date-time' })
  changedAt: Date;
}

export class CapturePage extends pageDto(CaptureDto) {}

/** One image file of a capture. */
export class CapturedFileDto {
  /** Id of the file */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** 1 for the first picture the customer attached */
  @ApiProperty({ example: 1 })
  picture: number;

  /** Which of the three sizes: as it was sent (원본), or resized to 3 or 1 megabyte */
  @ApiProperty({ enum: IMAGE_SIZES, enumName: 'ImageVariant' })
  variant: ImageSize;

  /** pending: still fetched; stored: held; failed: `failure` says why; erased: gone with the capture */
  @ApiProperty({ enum: FILE_STATES, enumName: 'FileState' })
  state: FileState;

  /** Bytes */
  @ApiPropertyOptional({ example: 1_048_576 })
  size?: number;

  /** Media type, found by its content */
  @ApiPropertyOptional({ example: 'image/jpeg' })
  type?: string;

  /** SHA-256 of the file, hexadecimal */
  @ApiPropertyOptional({ example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' })
  sha256?: string;

  /** How often it was asked for */
  @ApiProperty({ example: 1 })
  attempts: number;

  /** Why it is missing */
  @ApiPropertyOptional({ enum: FILE_FAILURES, enumName: 'FileFailure' })
  failure?: FileFailure;

  /** What was in the way of the last try, while it is still fetched: Kakao's picture server, or our own store */
  @ApiPropertyOptional({ enum: FILE_PROBLEMS, enumName: 'FileProblem' })
  problem?: FileProblem;

  /** When it was held */
  @ApiPropertyOptional({ type: String, format: 'date-time' })
  storedAt?: Date;
}

/** A link to an image that needs no token, for a short while. */
export class FileLinkDto {
  /** Id of the file */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** 1 for the first picture the customer attached */
  @ApiProperty({ example: 1 })
  picture: number;

  /** Which of the three sizes */
  @ApiProperty({ enum: IMAGE_SIZES, enumName: 'ImageVariant' })
  variant: ImageSize;

  /** Whoever has it can read the image: do not store or log it */
  @ApiProperty({ format: 'uri' })
  href: string;

  /** When it stops working */
  @ApiProperty({ format: 'date-time' })
  hrefExpiresAt: string;
}

export class FileLinksDto {
  @ApiProperty({ type: [FileLinkDto] })
  items: FileLinkDto[];
}

/** The personal data of a capture; shown with `X-Access-Reason` only, and every look is logged. */
export class PersonalDataDto {
  /** Of a profile capture */
  @ApiPropertyOptional({ type: ReceivedProfile })
  profile?: ReceivedProfile;

  /** Of a location capture */
  @ApiPropertyOptional({ type: ReceivedLocation })
  location?: ReceivedLocation;

  /** The customer as the chat bot knows them, of a capture that came by a skill */
  @ApiPropertyOptional({ type: ShownBotUser })
  user?: ShownBotUser;

  /**
   * Kakao's answer as it came, fields that the guide does not name included; bytes that are no text as a `data:` URL.
   * Of a chat bot's payload in which no result was understood the payload itself. Absent while there is none
   */
  @ApiPropertyOptional({ example: '{"nickname":"lukas"}' })
  answer?: string;
}

/** A capture with its files. */
export class CaptureDetailsDto extends CaptureDto {
  /** Files of an image capture */
  @ApiPropertyOptional({ type: [CapturedFileDto] })
  files?: CapturedFileDto[];

  /** Only with the header `X-Access-Reason`, and while it is kept */
  @ApiPropertyOptional({ type: PersonalDataDto })
  personalData?: PersonalDataDto;
}

/** Absent stays absent: what is `null` in the row is left out. */
function withoutNulls<T extends object>(row: T): { [K in keyof T]: Exclude<T[K], null> } {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as {
    [K in keyof T]: Exclude<T[K], null>;
  };
}

export function showCapture(row: Capture): CaptureDto {
  const { id, kind, merchant, plugin, state, consent, tries, receivedAt, deadlineAt, eraseAt, changedAt } = row;
  const { relayId, failure, answerStatus, redeemedAt, deliveredAt, expiresAt, erasedAt } = row;
  const service = withoutNulls({ name: row.serviceName, company: row.serviceCompany });
  return {
    ...{ id, kind, merchant, plugin, state, consent, tries, receivedAt, deadlineAt, eraseAt, changedAt },
    ...withoutNulls({ relayId, failure, answerStatus, redeemedAt, deliveredAt, expiresAt, erasedAt }),
    ...(expiresAt && { expiresAtKst: inKorea(expiresAt) }),
    ...(Object.keys(service).length > 0 && { service }),
  };
}

export function showFile(row: CapturedFile): CapturedFileDto {
  const { id, picture, variant, state, attempts, size, type, sha256, failure, problem, storedAt } = row;
  return {
    ...{ id, picture, variant, state, attempts },
    ...withoutNulls({ size, type, sha256, failure, problem, storedAt }),
  };
}
