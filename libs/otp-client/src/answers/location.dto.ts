import { ApiPropertyOptional } from '@nestjs/swagger';

/** A lot-number address (지번 주소). */
export class LandAddress {
  /** Whole address (전체 지번 주소). */
  @ApiPropertyOptional({ example: '경기 성남시 분당구 삼평동 681' })
  addressName?: string;

  /** Province or city (시도). */
  @ApiPropertyOptional({ example: '경기' })
  region1?: string;

  /** District (구). */
  @ApiPropertyOptional({ example: '성남시 분당구' })
  region2?: string;

  /** Neighbourhood (동). */
  @ApiPropertyOptional({ example: '삼평동' })
  region3?: string;

  /** Whether the lot is on a mountain (산). */
  @ApiPropertyOptional({ example: false })
  mountain?: boolean;

  /** Main lot number (주 번지). */
  @ApiPropertyOptional({ example: '681' })
  mainAddressNo?: string;

  /** Sub lot number (부 번지). */
  @ApiPropertyOptional({ example: '2' })
  subAddressNo?: string;

  /** Postal code of six digits; sent by the deprecated first version only. */
  @ApiPropertyOptional({ example: '463400' })
  postNo?: string;
}

/** A street address (도로명 주소). */
export class RoadAddress {
  /** Whole address (전체 도로명 주소). */
  @ApiPropertyOptional({ example: '경기도 성남시 분당구 판교역로 235' })
  addressName?: string;

  /** Province or city (시도). */
  @ApiPropertyOptional({ example: '경기' })
  region1?: string;

  /** District (구). */
  @ApiPropertyOptional({ example: '성남시 분당구' })
  region2?: string;

  /** Township (면). */
  @ApiPropertyOptional({ example: '판교면' })
  region3?: string;

  /** Street (도로명). */
  @ApiPropertyOptional({ example: '판교역로' })
  roadName?: string;

  /** Whether the address is underground (지하 여부). */
  @ApiPropertyOptional({ example: false })
  underground?: boolean;

  /** Main building number (건물 본번). */
  @ApiPropertyOptional({ example: '235' })
  mainBuildingNo?: string;

  /** Sub building number (건물 부번). */
  @ApiPropertyOptional({ example: '3' })
  subBuildingNo?: string;

  /** Name of the building (건물 이름). */
  @ApiPropertyOptional({ example: '에이치스퀘어 엔동' })
  buildingName?: string;

  /** Postal code of five digits (우편번호). */
  @ApiPropertyOptional({ example: '13494' })
  zoneNo?: string;
}

/** Where a customer says to be (위치전송 플러그인). */
export class ReceivedLocation {
  /** Latitude (위도), WGS84. */
  @ApiPropertyOptional({ example: 37.40201073377386 })
  latitude?: number;

  /** Longitude (경도), WGS84. */
  @ApiPropertyOptional({ example: 127.10849451749681 })
  longitude?: number;

  /** Lot-number address (지번 주소). */
  @ApiPropertyOptional({ type: LandAddress })
  landAddress?: LandAddress;

  /** Street address (도로명 주소); absent where there is no building. */
  @ApiPropertyOptional({ type: RoadAddress })
  roadAddress?: RoadAddress;

  /** What the customer typed: floor, flat (상세주소). */
  @ApiPropertyOptional({ example: '8층 카카오' })
  detail?: string;
}
