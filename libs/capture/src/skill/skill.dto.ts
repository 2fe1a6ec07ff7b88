import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Allow } from 'class-validator';
import { BotUserProperties } from '../records/bot-user.dto';

/** One parameter of a block, as it was filled. */
export class SkillParam {
  /** What the plugin handed over: an OTP address, or a JSON text with `otp` */
  @ApiPropertyOptional({
    oneOf: [{ type: 'string' }, { type: 'object', additionalProperties: true }],
    example: 'https://talk-plugin.kakao.com/otp/5fcf3cfe00a6950dc026b/profile',
  })
  origin?: unknown;

  /** The same once more, often as JSON text */
  @ApiPropertyOptional({ oneOf: [{ type: 'string' }, { type: 'object', additionalProperties: true }] })
  value?: unknown;
}

export class SkillAction {
  /** Parameters with what they were resolved from */
  @ApiPropertyOptional({ type: 'object', additionalProperties: { $ref: '#/components/schemas/SkillParam' } })
  detailParams?: Record<string, SkillParam>;

  /** The same parameters, resolved only */
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  params?: Record<string, unknown>;
}

/** The customer who talks to the bot. */
export class SkillUser {
  /** The bot's key of the customer */
  @ApiPropertyOptional({ example: 'a1f3c8e2b7d94e6c5b2f8a7e3d1c9b4f6a2e8d7b' })
  id?: string;

  /** What `id` is */
  @ApiPropertyOptional({ example: 'botUserKey' })
  type?: string;

  @ApiPropertyOptional({ type: BotUserProperties })
  properties?: BotUserProperties;
}

export class SkillUserRequest {
  /** Kept, sealed, with the result, and told to the shop as `user` */
  @ApiPropertyOptional({ type: SkillUser })
  user?: SkillUser;
}

/** What a chat bot posts to a skill (SkillPayload); `action` and `userRequest.user` are read, more fields are welcome. */
export class SkillPayload {
  /** What the customer did in the bot */
  @ApiPropertyOptional({ type: SkillUserRequest })
  @Allow()
  userRequest?: SkillUserRequest;

  /** What the block was filled with */
  @ApiProperty({ type: SkillAction })
  @Allow()
  action?: SkillAction;
}

export class SkillSimpleText {
  /**
   * What the customer reads
   * @example "전송해 주신 정보를 잘 받았습니다. 감사합니다."
   */
  text: string;
}

export class SkillOutput {
  simpleText: SkillSimpleText;
}

export class SkillTemplate {
  @ApiProperty({ type: [SkillOutput] })
  outputs: SkillOutput[];
}

/** SkillResponse 2.0 */
export class SkillResponse {
  @ApiProperty({ enum: ['2.0'] })
  version: '2.0';

  template: SkillTemplate;

  static saying(text: string): SkillResponse {
    return { version: '2.0', template: { outputs: [{ simpleText: { text } }] } };
  }
}
