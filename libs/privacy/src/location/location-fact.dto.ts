import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { pageDto } from '@biz/platform';
import { LOCATION_FACT_KINDS } from './location-fact.entity';
import type { LocationFact, LocationFactKind } from './location-fact.entity';

/** That a location was collected or provided (위치정보 수집·이용·제공사실 확인자료); never where. */
export class LocationFactDto {
  /** Id of the line; later ones sort after earlier ones */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** collected (수집): Kakao handed it over; provided (제공): the shop has it */
  @ApiProperty({ enum: LOCATION_FACT_KINDS, enumName: 'LocationFactKind' })
  kind: LocationFactKind;

  /** When (일시) */
  @ApiProperty({ type: String, format: 'date-time' })
  at: Date;

  /** Whose (대상): the relay id (용도 ID), or the capture */
  @ApiProperty({ example: 'order-20201208-0001' })
  subject: string;

  /** How it was acquired (취득경로) */
  @ApiProperty({ example: '카카오톡 위치전송 플러그인 (OTP)' })
  source: string;

  /** For which service (제공서비스) */
  @ApiPropertyOptional({ example: '플러그인 데모' })
  service?: string;

  /** Who was given it (제공받는 자) */
  @ApiPropertyOptional({ example: '데모 상점' })
  receiver?: string;

  /** What for (이용목적) */
  @ApiPropertyOptional({ example: '가까운 매장 안내' })
  purpose?: string;

  /** Id of the merchant */
  @ApiProperty({ example: 'demo-shop' })
  merchant: string;

  /** Id of the capture; its location may be erased already */
  @ApiProperty({ format: 'uuid' })
  captureId: string;

  static of({
    id,
    kind,
    at,
    subject,
    source,
    service,
    receiver,
    purpose,
    merchant,
    captureId,
  }: LocationFact): LocationFactDto {
    return {
      ...{ id, kind, at, subject, source },
      ...(service !== null && { service }),
      ...(receiver !== null && { receiver }),
      ...(purpose !== null && { purpose }),
      ...{ merchant, captureId },
    };
  }
}

export class LocationFactPage extends pageDto(LocationFactDto) {}
