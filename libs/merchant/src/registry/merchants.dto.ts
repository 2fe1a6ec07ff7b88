import { ApiProperty } from '@nestjs/swagger';
import { Type as ToType } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, MaxLength, ValidateIf } from 'class-validator';
import { OPTION_TYPES, PAYMENT_TYPES, PLUGIN_KINDS, SCENARIOS } from '../definition/merchant-definition';
import type { OptionType, PaymentType, PluginKind, Scenario } from '../definition/merchant-definition';

const ENVIRONMENTS = ['test', 'live'] as const;

export class PluginDto {
  @ApiProperty({ enum: PLUGIN_KINDS, enumName: 'PluginKind' })
  kind: PluginKind;

  /** Of a profile or image plugin: the last segment of its callback address */
  key?: string;

  /** 플러그인 ID of the 플러그인 관리자센터, once it is in the definition */
  @ApiProperty({ required: false, example: '5fcf3cfe00a6950dc026b0aa' })
  pluginId?: string;
}

/** A plugin that is applied for by the form (guide 9). */
export class RegistrationDto {
  /** The last segment of its addresses */
  @ApiProperty({ example: 'club' })
  key: string;

  /** 플러그인 제목 */
  @ApiProperty({ example: '데모샵 정기 이용권' })
  title: string;

  /** 1 옵션선택, 2 싱크 + 옵션선택, 3 싱크 + 원클릭결제, 4 싱크 + 옵션선택 + 원클릭결제 (guide 9.1) */
  @ApiProperty({ enum: SCENARIOS, type: 'integer' })
  scenario: Scenario;

  /** 옵션타입 */
  @ApiProperty({ enum: OPTION_TYPES, required: false })
  option?: OptionType;

  /** 결제타입 */
  @ApiProperty({ enum: PAYMENT_TYPES, required: false })
  payment?: PaymentType;

  /** 플러그인 ID, once it is in the definition */
  @ApiProperty({ required: false, example: '5fcf3cfe00a6950dc026b0aa' })
  pluginId?: string;
}

export class MerchantDto {
  /** @example "demo-shop" */
  id: string;

  /** The same, as in every other list */
  @ApiProperty({ example: 'demo-shop' })
  merchant: string;

  /** @example "데모샵" */
  name: string;

  /** `test`: play money and test data (guide 0.7); `live`: customers */
  @ApiProperty({ enum: ENVIRONMENTS })
  environment: 'test' | 'live';

  /** Of a test app: the merchant that is its live app */
  testOf?: string;

  /** 앱 ID */
  @ApiProperty({ example: '249344' })
  appId: string;

  /** Whether the guide's own paths belong to it */
  isDefault: boolean;

  @ApiProperty({ type: [PluginDto] })
  plugins: PluginDto[];

  /** Those that are applied for by the form */
  @ApiProperty({ type: [RegistrationDto] })
  registrations: RegistrationDto[];
}

export class MerchantList {
  @ApiProperty({ type: [MerchantDto], description: 'In the order of the list; all on one page' })
  items: MerchantDto[];

  @ApiProperty({ type: String, nullable: true, description: 'Always `null`' })
  nextCursor: string | null;
}

export class FormQuery {
  /** 1 옵션선택, 2 싱크 + 옵션선택, 3 싱크 + 원클릭결제, 4 싱크 + 옵션선택 + 원클릭결제 (guide 9.1); needed unless `plugin` is given */
  @ApiProperty({ enum: SCENARIOS, type: 'integer', required: false })
  @ValidateIf(({ scenario, plugin }: FormQuery) => scenario !== undefined || plugin === undefined)
  @ToType(() => Number)
  @IsInt()
  @IsIn(SCENARIOS)
  scenario?: Scenario;

  /** Key of a plugin in the registrations of the merchant's definition: its form alone */
  @ApiProperty({ required: false, example: 'club' })
  @IsOptional()
  @IsString()
  @MaxLength(40)
  plugin?: string;
}

export class FormDto {
  /** The filled form, Korean, ready to be sent; of several plugins one after the other. It holds the path key, which is a password */
  markdown: string;
}
