import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsObject } from 'class-validator';

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

/** What a chat bot posts to a skill (SkillPayload); only `action` is read, more fields are welcome. */
export class SkillPayload {
  @ApiProperty({ type: SkillAction })
  @IsObject()
  action: SkillAction;
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
