import { ApiProperty } from '@nestjs/swagger';
import { Type as ToType } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, MaxLength } from 'class-validator';
import { PLUGIN_KINDS } from '../definition/merchant-definition';
import type { PluginKind } from '../definition/merchant-definition';
import { SCENARIOS } from '../application/application-form';
import type { Scenario } from '../application/application-form';

const CHECK_STATES = ['done', 'missing', 'by-hand'] as const;
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
}

export class MerchantList {
  @ApiProperty({ type: [MerchantDto], description: 'In the order of the list; all on one page' })
  items: MerchantDto[];

  @ApiProperty({ type: String, nullable: true, description: 'Always `null`' })
  nextCursor: string | null;
}

export class FormQuery {
  /** 1 옵션선택, 2 싱크 + 옵션선택, 3 싱크 + 원클릭결제, 4 싱크 + 옵션선택 + 원클릭결제 (guide 9.1) */
  @ApiProperty({ enum: SCENARIOS, type: 'integer' })
  @ToType(() => Number)
  @IsInt()
  @IsIn(SCENARIOS)
  scenario: Scenario;
}

export class FormDto {
  /** The filled form, Korean, ready to be sent; it holds the path key, which is a password */
  markdown: string;
}

export class CheckDto {
  /**
   * Section of the guide
   * @example "0.3"
   */
  guide: string;

  /** What must be so */
  what: string;

  /** `done` and `missing` were looked at; `by-hand` only a person sees at Kakao */
  @ApiProperty({ enum: CHECK_STATES })
  state: 'done' | 'missing' | 'by-hand';

  /** What was found */
  found?: string;
}

export class ChecklistDto {
  @ApiProperty({ type: [CheckDto] })
  items: CheckDto[];
}

export class LaunchRequest {
  /** What is opened */
  @ApiProperty({ enum: PLUGIN_KINDS, enumName: 'PluginKind' })
  @IsIn(PLUGIN_KINDS)
  plugin: PluginKind;

  /** Key of a profile or image plugin; the first one, unless given */
  @ApiProperty({ required: false, example: 'receipt' })
  @IsOptional()
  @IsString()
  @MaxLength(40)
  key?: string;

  /** 용도 ID, as issued by `POST /operator/relay-ids` */
  @ApiProperty({ required: false })
  @IsOptional()
  @IsString()
  relayId?: string;

  /** Payment: the order sheet (`oneclick_id`) */
  @ApiProperty({ required: false, example: 'sheet-coffee' })
  @IsOptional()
  @IsString()
  orderSheetId?: string;

  /** Option, or a payment after it: the product (`product_id`) */
  @ApiProperty({ required: false, example: 'mug' })
  @IsOptional()
  @IsString()
  productId?: string;

  /** What the button says, 14 characters at most */
  @ApiProperty({ required: false, example: '결제하기' })
  @IsOptional()
  @IsString()
  label?: string;
}

export class SkillButtonDto {
  @ApiProperty({ enum: ['webLink'] })
  action: 'webLink';
  label: string;
  webLinkUrl: string;
}

export class AlimtalkButtonDto {
  /** P1 이미지 보안 전송, P2 개인정보이용, P3 원클릭 결제 */
  @ApiProperty({ enum: ['P1', 'P2', 'P3'] })
  type: 'P1' | 'P2' | 'P3';
  name: string;
  plugin_id: string;
  relay_id?: string;
  oneclick_id?: string;
  product_id?: string;
}

export class LaunchDto {
  /** @example "kakaotalk://bizplugin?plugin_id=5fcf3cfe00a6950dc026b0aa&relay_id=…" */
  link: string;

  /** A button of a chat bot's SkillResponse */
  skillButton: SkillButtonDto;

  /** A button of an Alimtalk template (guide 1.3, 4.4); profile, image and payment only */
  @ApiProperty({ type: AlimtalkButtonDto, required: false })
  alimtalkButton?: AlimtalkButtonDto;
}
