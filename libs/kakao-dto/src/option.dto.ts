import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';

/** 옵션 유형 (guide 5.1). `COUNT` stands in the text of 5.2 only: a merchant's own catalogue may use it. */
const OPTION_TYPES = ['SELECT', 'MULTI_SELECT', 'TEXT', 'NUMBERS', 'INTEGER', 'DATE', 'COUNT'] as const;
export type OptionType = (typeof OPTION_TYPES)[number];

/** No control characters: PostgreSQL takes no U+0000, and no id of anybody's has one. */
const PLAIN = /^\P{Cc}*$/u;
const MAX_ID = 1_000;

/** Which sub-group of which group opens when an option is chosen (OptionSubGroupId). */
export class OptionSubGroupId {
  /** 변경될 옵션 그룹 id: the group that follows. */
  @ApiProperty({ example: '추가옵션' })
  @IsString()
  group_id: string;

  /** 변경될 옵션의 상세 정보 id: the sub-group of it that is shown. */
  @ApiProperty({ example: 'M:R:추가옵션' })
  @IsString()
  sub_group_id: string;
}

/** One thing to choose (Option, 2 depth). */
export class Option {
  /** 옵션의 ID, unique within its sub-group. */
  @ApiProperty({ example: 'A' })
  @IsString()
  id: string;

  /** 화면에 표시될 옵션 값 */
  @ApiProperty({ example: 'A' })
  @IsString()
  value: string;

  /** 가격: won added per piece of this option; 0 when absent. */
  @ApiPropertyOptional({ example: 300 })
  @IsOptional()
  @IsNumber()
  add_price?: number;

  /** 옵션의 최소 선택 수량, default 1 */
  @ApiPropertyOptional({ type: 'integer', example: 1 })
  @IsOptional()
  @IsInt()
  min_quantity?: number;

  /** 옵션의 최대 선택 수량, default 1 */
  @ApiPropertyOptional({ type: 'integer', example: 100 })
  @IsOptional()
  @IsInt()
  max_quantity?: number;

  /** 추가 전달 값: comes back in T2 as it was sent. */
  @ApiPropertyOptional({ example: '12851' })
  @IsOptional()
  @IsString()
  extra?: string;

  /** 재고: what is on hand less what is reserved; absent when it is not counted. */
  @ApiPropertyOptional({ type: 'integer', example: 100 })
  @IsOptional()
  @IsInt()
  stock?: number;

  /** 연관 옵션: where a related chain (조합형) goes on from here. */
  @ApiPropertyOptional({ type: [OptionSubGroupId] })
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => OptionSubGroupId)
  relate_option_groups?: OptionSubGroupId[];
}

/** The options shown together (OptionSubGroup). */
export class OptionSubGroup {
  /** 옵션 상세 그룹의 id, unique within the product. */
  @ApiProperty({ example: 'M:R:추가옵션' })
  @IsString()
  id: string;

  /** 선택 가능한 옵션의 최소 개수, default 1; for COUNT the least sum of quantities. */
  @ApiPropertyOptional({ type: 'integer', example: 1 })
  @IsOptional()
  @IsInt()
  min_select?: number;

  /** 선택 가능한 옵션의 최대 개수, default 1; for COUNT the largest sum of quantities. */
  @ApiPropertyOptional({ type: 'integer', example: 2 })
  @IsOptional()
  @IsInt()
  max_select?: number;

  /** 기본 선택될 옵션 id */
  @ApiPropertyOptional({ example: 'A' })
  @IsOptional()
  @IsString()
  default_option_id?: string;

  /** 옵션 리스트 */
  @ApiProperty({ type: [Option] })
  @ValidateNested({ each: true })
  @Type(() => Option)
  options: Option[];
}

/** One question to the customer (OptionGroup, 1 depth). */
export class OptionGroup {
  /** 옵션 그룹 ID, unique within the product. */
  @ApiProperty({ example: '추가옵션' })
  @IsString()
  id: string;

  /** 화면에 표시될 옵션 그룹의 이름 */
  @ApiProperty({ example: '추가옵션' })
  @IsString()
  name: string;

  /** 옵션 선택 그룹: for SELECT, MULTI_SELECT and COUNT; absent for the four forms. */
  @ApiPropertyOptional({ type: [OptionSubGroup] })
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => OptionSubGroup)
  option_sub_groups?: OptionSubGroup[];

  /** 설명 */
  @ApiPropertyOptional({ example: '추가 옵션을 선택해 주세요.' })
  @IsOptional()
  @IsString()
  description?: string;

  /** 필수 옵션 여부, default true */
  @ApiPropertyOptional({ example: false })
  @IsOptional()
  @IsBoolean()
  required?: boolean;

  /** 답변 type: SELECT 단일 선택형, MULTI_SELECT 복수 선택형, TEXT 주관식형, NUMBERS 숫자형, INTEGER 수량형, DATE 날짜형. */
  @ApiProperty({ enum: OPTION_TYPES, enumName: 'OptionType', example: 'SELECT' })
  @IsIn(OPTION_TYPES)
  type: OptionType;

  /** NUMBERS 최소 길이, needed for NUMBERS. */
  @ApiPropertyOptional({ type: 'integer', example: 10 })
  @IsOptional()
  @IsInt()
  min_length?: number;

  /** NUMBERS 최대 길이, needed for NUMBERS. */
  @ApiPropertyOptional({ type: 'integer', example: 11 })
  @IsOptional()
  @IsInt()
  max_length?: number;

  /** INTEGER 최소값, needed for INTEGER. */
  @ApiPropertyOptional({ type: 'integer', example: 1 })
  @IsOptional()
  @IsInt()
  min_value?: number;

  /** INTEGER 최대값, needed for INTEGER. */
  @ApiPropertyOptional({ type: 'integer', example: 365 })
  @IsOptional()
  @IsInt()
  max_value?: number;

  /** 입력 폼의 placeholder, for NUMBERS, INTEGER and DATE. */
  @ApiPropertyOptional({ example: '01012345678' })
  @IsOptional()
  @IsString()
  placeholder?: string;

  /** 입력 폼에 자동입력 값, for the four forms. */
  @ApiPropertyOptional({ example: '20261224' })
  @IsOptional()
  @IsString()
  default_value?: string;
}

/** What can be chosen of a product (OptionResponse; guide 5.2, T1). */
export class OptionResponse {
  /** 상품 ID; may differ from the id that was asked for, both name the product. */
  @ApiProperty({ example: '101:10013529' })
  @IsString()
  id: string;

  /** 상품명 */
  @ApiProperty({ example: '윈터펠테스트11' })
  @IsString()
  name: string;

  /** 상품 가격 in won; absent for products that only ask (비커머스형). */
  @ApiPropertyOptional({ type: 'integer', example: 0 })
  @IsOptional()
  @IsInt()
  price?: number;

  /** 상품의 최소 구매 수량, default 1 */
  @ApiPropertyOptional({ type: 'integer', example: 1 })
  @IsOptional()
  @IsInt()
  min_quantity?: number;

  /** 상품의 최대 구매 수량, default 1 */
  @ApiPropertyOptional({ type: 'integer', example: 5 })
  @IsOptional()
  @IsInt()
  max_quantity?: number;

  /** 상품의 초기 수량, default 1 */
  @ApiPropertyOptional({ type: 'integer', example: 1 })
  @IsOptional()
  @IsInt()
  default_quantity?: number;

  /** 옵션 선택의 단위: the questions in the order shown. */
  @ApiProperty({ type: [OptionGroup] })
  @ValidateNested({ each: true })
  @Type(() => OptionGroup)
  option_groups: OptionGroup[];
}

/** The answer to T1, 옵션조회. */
export class OptionsAnswer {
  /**
   * 응답 상태: 200 for success; 500 with a message when there is no such product.
   * @example 200
   */
  @ApiProperty({ enum: [200, 500] })
  @IsInt()
  status: number;

  /** 옵션 정보 */
  @ApiPropertyOptional({ type: OptionResponse })
  @IsOptional()
  @ValidateNested()
  @Type(() => OptionResponse)
  data?: OptionResponse;

  /** 에러 메시지, for the customer */
  @ApiPropertyOptional({ example: '판매하지 않는 상품입니다.' })
  @IsOptional()
  @IsString()
  message?: string;
}

/** The query of T1, 옵션조회. */
export class OptionsQuery {
  /** 상품 ID, the shop's or the one T1 answers with. */
  @ApiProperty({ example: '10013529' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(MAX_ID)
  @Matches(PLAIN)
  id: string;
}

/** One chosen option or filled-in form (SelectOption). */
export class SelectOption {
  /** 옵션 그룹 ID */
  @ApiProperty({ example: '추가옵션' })
  @IsString()
  @IsNotEmpty()
  option_group_id: string;

  /** 옵션 ID; absent for the four forms. */
  @ApiPropertyOptional({ type: String, example: 'A' })
  @IsOptional()
  @IsString()
  option_id?: string | null;

  /** 옵션 1개당 가격, 조회 시 받은 값 */
  @ApiPropertyOptional({ type: Number, example: 0 })
  @IsOptional()
  @IsNumber()
  add_price?: number | null;

  /** 옵션 선택 수량; the product's quantity when absent. */
  @ApiPropertyOptional({ type: 'integer', example: 1 })
  @IsOptional()
  @IsInt()
  quantity?: number | null;

  /** 조회 시 받은 값 */
  @ApiPropertyOptional({ type: String, example: '12848' })
  @IsOptional()
  @IsString()
  extra?: string | null;

  /** 주관식 답변, for TEXT, NUMBERS, INTEGER and DATE. */
  @ApiPropertyOptional({ type: String, example: '20261224' })
  @IsOptional()
  @IsString()
  text?: string | null;
}

/** What the customer chose (guide 5.2, T2). */
export class OptionSelection {
  /** 상품 ID */
  @ApiProperty({ example: '101:10013529' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(MAX_ID)
  @Matches(PLAIN)
  id: string;

  /** 상품명 */
  @ApiPropertyOptional({ type: String, example: '윈터펠테스트11' })
  @IsOptional()
  @IsString()
  name?: string | null;

  /** 상품의 가격, 조회 시 받은 값 */
  @ApiPropertyOptional({ type: Number, example: 0 })
  @IsOptional()
  @IsNumber()
  price?: number | null;

  /** 구매할 상품 개수; the product's initial quantity when absent. */
  @ApiPropertyOptional({ type: 'integer', example: 1 })
  @IsOptional()
  @IsInt()
  quantity?: number | null;

  /** 선택된 옵션 정보; a group with several choices comes once for each. */
  @ApiPropertyOptional({ type: [SelectOption] })
  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => SelectOption)
  option_groups?: SelectOption[] | null;

  /** The relay id in the body; the header `X-Kakao-Plugin-Relay-Id` wins over it. */
  @ApiPropertyOptional({ type: String, example: 'order-20201208-0001' })
  @IsOptional()
  relay_id?: string | null;
}

/** The answer to T2, 옵션선택. */
export class OptionSelectionAnswer {
  /** 정상 200; 500 with a message when the selection cannot be ordered: nothing was stored. */
  @ApiProperty({ enum: [200, 500], example: 200 })
  @IsInt()
  status: number;

  /** 임시 주문 ID, 성공 시에만 리턴; comes back as `ordersheet_id` in payment T1 when the plugins are chained (0.6). */
  @ApiPropertyOptional({ example: '019a2f6e-0b5c-7c2e-9d0a-2f6f1f1f9a10' })
  @IsOptional()
  @IsString()
  data?: string;

  /** 오류 메시지, 실패 시에만 리턴; for the customer */
  @ApiPropertyOptional({ example: "'색상2' 항목을 선택해 주세요." })
  @IsOptional()
  @IsString()
  message?: string;
}
