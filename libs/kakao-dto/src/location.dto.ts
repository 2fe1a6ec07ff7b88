import { ApiPropertyOptional } from '@nestjs/swagger';

/** A lot-number address (LandAddress, 지번 주소; guide 3.3). */
export class LandAddressAnswer {
  /** Whole address (전체 지번 주소). */
  @ApiPropertyOptional({ example: '경기 성남시 분당구 삼평동 681' })
  address_name?: string;

  /** Province or city (시도 단위). */
  @ApiPropertyOptional({ example: '경기' })
  region_1depth_name?: string;

  /** District (구 단위). */
  @ApiPropertyOptional({ example: '성남시 분당구' })
  region_2depth_name?: string;

  /** Neighbourhood (동 단위). */
  @ApiPropertyOptional({ example: '삼평동' })
  region_3depth_name?: string;

  /** Whether the lot is on a mountain; in the guide's sample only. */
  @ApiPropertyOptional({ enum: ['Y', 'N'], example: 'N' })
  mountain_yn?: string;

  /** Main lot number (지번 주 번지). */
  @ApiPropertyOptional({ example: '681' })
  main_address_no?: string;

  /** Sub lot number (지번 부 번지), `""` when there is none. */
  @ApiPropertyOptional({ example: '' })
  sub_address_no?: string;
}

/** A street address (RoadAddress, 도로명 주소; guide 3.3); absent where there is no building. */
export class RoadAddressAnswer {
  /** Whole address (전체 도로명 주소). */
  @ApiPropertyOptional({ example: '경기도 성남시 분당구 판교역로 235' })
  address_name?: string;

  /** Province or city (시도 단위). */
  @ApiPropertyOptional({ example: '경기' })
  region_1depth_name?: string;

  /** District (구 단위). */
  @ApiPropertyOptional({ example: '성남시 분당구' })
  region_2depth_name?: string;

  /** Township (면 단위). */
  @ApiPropertyOptional({ example: '' })
  region_3depth_name?: string;

  /** Street (도로명). */
  @ApiPropertyOptional({ example: '판교역로' })
  road_name?: string;

  /** Whether the address is underground (지하 여부). */
  @ApiPropertyOptional({ enum: ['Y', 'N'], example: 'N' })
  underground_yn?: string;

  /** Main building number (건물 본번). */
  @ApiPropertyOptional({ example: '235' })
  main_building_no?: string;

  /** Sub building number (건물 부번), `""` when there is none. */
  @ApiPropertyOptional({ example: '' })
  sub_building_no?: string;

  /** Name of the building (건물 이름). */
  @ApiPropertyOptional({ example: '에이치스퀘어 엔동' })
  building_name?: string;

  /** Postal code of five digits (우편번호). */
  @ApiPropertyOptional({ example: '13494' })
  zone_no?: string;
}

/** The answer of a location OTP, version 2 (사용자 위치정보조회 API; guide 3.3). */
export class LocationAnswer {
  /** Latitude (위도), WGS84. */
  @ApiPropertyOptional({ example: 37.40201073377386 })
  latitude?: number;

  /** Longitude (경도), WGS84. */
  @ApiPropertyOptional({ example: 127.10849451749681 })
  longitude?: number;

  /** Lot-number address (지번 주소 정보). */
  @ApiPropertyOptional({ type: LandAddressAnswer })
  land_address?: LandAddressAnswer;

  /** Street address (도로명 주소 정보), where there is one. */
  @ApiPropertyOptional({ type: RoadAddressAnswer })
  road_address?: RoadAddressAnswer;

  /** What the customer typed: floor, flat (상세주소), when the plugin asks for it. */
  @ApiPropertyOptional({ example: '8층 카카오' })
  detail?: string;

  /** `false`, and nothing else in the answer, when the location cannot be handed over. */
  @ApiPropertyOptional({ example: true })
  is_usable_user?: boolean;
}
