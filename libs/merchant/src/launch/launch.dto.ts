import { OperatorBody } from '@biz/platform';
import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { PLUGIN_KINDS } from '../definition/merchant-definition';
import type { PluginKind } from '../definition/merchant-definition';

/** What a link or button begins. */
@OperatorBody()
export class LaunchOrder {
  /** What is opened */
  @ApiProperty({ enum: PLUGIN_KINDS, enumName: 'PluginKind' })
  @IsIn(PLUGIN_KINDS)
  plugin: PluginKind;

  /** Key of a profile or image plugin, the first one unless given; or of one that was applied for by the form */
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

/** A button of a chat bot's SkillResponse that opens a plugin. */
export class SkillButton {
  @ApiProperty({ enum: ['webLink'] })
  action: 'webLink';
  label: string;
  webLinkUrl: string;
}

/** A plugin button as the dealer of Alimtalk (딜러사) takes it. */
export class AlimtalkButton {
  /** P1 이미지 보안 전송, P2 개인정보이용, P3 원클릭 결제 */
  @ApiProperty({ enum: ['P1', 'P2', 'P3'] })
  type: 'P1' | 'P2' | 'P3';
  name: string;
  plugin_id: string;
  relay_id?: string;
  oneclick_id?: string;
  product_id?: string;
}

export class Launch {
  /**
   * Opens in KakaoTalk only
   * @example "kakaotalk://bizplugin?plugin_id=5fcf3cfe00a6950dc026b0aa&relay_id=…"
   */
  link: string;

  /** A button of a chat bot's SkillResponse */
  skillButton: SkillButton;

  /** A button of an Alimtalk template (guide 1.3, 4.4); profile, image and payment only */
  @ApiProperty({ type: AlimtalkButton, required: false })
  alimtalkButton?: AlimtalkButton;
}
