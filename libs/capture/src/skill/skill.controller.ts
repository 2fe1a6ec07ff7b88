import { Body, HttpCode, Inject, Logger, NotFoundException, Param, Post } from '@nestjs/common';
import { ApiBadRequestResponse, ApiExtraModels, ApiNotFoundResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { KakaoOrigins, Refusal } from '@biz/platform';
import { CurrentMerchant, KakaoController, RelayId } from '@biz/merchant';
import type { Merchant } from '@biz/merchant';
import { isImageUrl, isOtpUrl } from '@biz/otp-client';
import type { OtpKind } from '@biz/otp-client';
import { Inbox } from '../intake/inbox';
import type { Callback } from '../intake/inbox';
import { findPlugin } from '../intake/plugins';
import { readService } from '../intake/service';
import { botUserToKeep } from '../records/bot-user.dto';
import { CAPTURE_KIND } from '../records/capture-kind';
import { readSkillPayload } from './skill-payload';
import { SkillParam, SkillPayload, SkillResponse } from './skill.dto';

const RECEIVED = '전송해 주신 정보를 잘 받았습니다. 감사합니다.';
const NOTHING_CAME = '전송된 정보를 확인하지 못했습니다. 다시 시도해 주세요.';
const NOT_NOW = '지금은 정보를 받을 수 없습니다. 잠시 후 다시 시도해 주세요.';

@ApiExtraModels(SkillParam)
@KakaoController()
export class SkillController {
  private readonly logger = new Logger(SkillController.name);

  constructor(
    @Inject(CAPTURE_KIND) private readonly kind: OtpKind,
    private readonly inbox: Inbox,
    private readonly origins: KakaoOrigins,
  ) {}

  /**
   * A chat bot's skill: the plugin ran as a parameter of a block (챗봇 스킬)
   *
   * @remarks Takes the OTP out of the payload, in whatever shape it stands there, and does what the callback does. The
   * customer whom the payload names (`userRequest.user`) is kept, sealed, with the result, and the shop is told. The bot says the plugin's `skillText`. A payload without a result of this plugin stores nothing, and the bot says so.
   */
  @Post('skill/:plugin')
  @ApiParam({
    name: 'plugin',
    description: 'Key of the plugin in the merchant’s definition; `location` for the location plugin',
  })
  @HttpCode(200)
  @ApiOkResponse({ type: SkillResponse, description: 'What the bot says' })
  @ApiBadRequestResponse({ description: 'No skill payload' })
  @ApiNotFoundResponse({ description: 'No such merchant or plugin' })
  async run(
    @CurrentMerchant() merchant: Merchant,
    @Param('plugin') pluginKey: string,
    @RelayId() relayId: string | undefined,
    @Body() payload: SkillPayload,
  ): Promise<SkillResponse> {
    const plugin = findPlugin(merchant, this.kind, pluginKey);
    if (!plugin) throw new NotFoundException();
    const result = this.resultIn(payload);
    if (!result) {
      this.logger.warn({ merchant: merchant.id, plugin: pluginKey }, 'a skill payload without a result of this plugin');
      return SkillResponse.saying(NOTHING_CAME);
    }
    try {
      // In less than the five seconds that a chat bot waits for a skill.
      await this.inbox.receive({ merchant, pluginKey, relayId, ...result });
      return SkillResponse.saying(plugin.skillText ?? RECEIVED);
    } catch (error) {
      // A refusal is counted, and told of once a minute.
      if (!(error instanceof Refusal))
        this.logger.error({ merchant: merchant.id, plugin: pluginKey, error }, 'a skill result could not be stored');
      return SkillResponse.saying(NOT_NOW);
    }
  }

  private resultIn(payload: SkillPayload): Pick<Callback, 'otp' | 'answer' | 'service' | 'user'> | undefined {
    const { addresses, images, expire, extra, appUserId } = readSkillPayload(payload);
    const user = botUserToKeep(payload, appUserId);
    const otp = [...addresses, ...images].find((each) => isOtpUrl(each, this.kind, this.origins.talkPlugin));
    if (otp !== undefined) return { otp, user, ...(this.kind === 'location' && { service: readService(extra) }) };
    if (this.kind !== 'image') return undefined;
    // One address comes as it is, several as `List(…)` or as a JSON list.
    const pictures = [...new Set([...images, ...addresses])].filter((each) => isImageUrl(each, this.origins.image));
    if (pictures.length === 0) return undefined;
    return {
      user,
      otp: pictures.join(' '),
      answer: JSON.stringify({ secure_urls: pictures.map((original) => ({ original })), expire }),
    };
  }
}
