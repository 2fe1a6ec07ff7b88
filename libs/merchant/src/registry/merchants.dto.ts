import { ApiProperty } from '@nestjs/swagger';
import { Type as ToType } from 'class-transformer';
import { IsIn, IsInt } from 'class-validator';
import { PLUGIN_KINDS } from '../definition/merchant-definition';
import type { PluginKind } from '../definition/merchant-definition';
import { SCENARIOS } from '../application/application-form';
import type { Scenario } from '../application/application-form';

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
