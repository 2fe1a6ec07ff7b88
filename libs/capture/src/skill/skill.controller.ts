import { BadRequestException, Body, HttpCode, Inject, Logger, NotFoundException, Param, Post } from '@nestjs/common';
import { ApiBadRequestResponse, ApiExtraModels, ApiNotFoundResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { KakaoOrigins, Refusal } from '@biz/platform';
import { CurrentMerchant, KakaoController, RelayId } from '@biz/merchant';
import type { Merchant } from '@biz/merchant';
import type { OtpKind } from '@biz/otp-client';
import { Inbox } from '../intake/inbox';
import { findPlugin } from '../intake/plugins';
import { botUserToKeep } from '../records/bot-user.dto';
import { CAPTURE_KIND } from '../records/capture-kind';
import { readSkillPayload } from './skill-payload';
import { isSkillPayload, isWithoutParameters, resultIn } from './skill-result';
import { SkillParam, SkillPayload, SkillResponse } from './skill.dto';
import { UnreadResults } from './unread-results';

const RECEIVED = '전송해 주신 정보를 잘 받았습니다. 감사합니다.';
const NOTHING_CAME = '전송된 정보를 확인하지 못했습니다. 다시 시도해 주세요.';
/** What the payload holds is kept for the shop's people; the customer need not know how, but that it did not arrive. */
const WHAT: Record<OtpKind, string> = { profile: '정보를', location: '위치를', image: '사진을' };
const notUnderstood = (kind: OtpKind): string =>
  `보내 주신 ${WHAT[kind]} 받지 못했습니다. 다시 보내 주시거나 판매자에게 문의해 주세요.`;
const NOT_NOW = '지금은 정보를 받을 수 없습니다. 잠시 후 다시 시도해 주세요.';

@ApiExtraModels(SkillParam)
@KakaoController()
export class SkillController {
  private readonly logger = new Logger(SkillController.name);

  constructor(
    @Inject(CAPTURE_KIND) private readonly kind: OtpKind,
    private readonly inbox: Inbox,
    private readonly unread: UnreadResults,
    private readonly origins: KakaoOrigins,
  ) {}

  /**
   * A chat bot's skill: the plugin ran as a parameter of a block (챗봇 스킬)
   *
   * @remarks Takes the OTP out of the payload, in whatever shape it stands there, and does what the callback does. The
   * customer whom the payload names (`userRequest.user`) is kept, sealed, with the result, and the shop is told. The bot says the plugin's
   * `skillText`. A payload in which no result of this plugin is understood is kept, sealed, as a failed capture
   * (`unreadable-answer`) for an operator to look at, and the bot says that it did not arrive.
   */
  @Post('skill/:plugin')
  @ApiParam({
    name: 'plugin',
    description: 'Key of the plugin in the merchant’s definition; `location` for the location plugin',
  })
  @HttpCode(200)
  @ApiOkResponse({ type: SkillResponse, description: 'What the bot says' })
  @ApiBadRequestResponse({ description: 'No skill payload: neither `action` nor `userRequest`' })
  @ApiNotFoundResponse({ description: 'No such merchant or plugin' })
  async run(
    @CurrentMerchant() merchant: Merchant,
    @Param('plugin') pluginKey: string,
    @RelayId() relayId: string | undefined,
    @Body() payload: SkillPayload,
  ): Promise<SkillResponse> {
    const plugin = findPlugin(merchant, this.kind, pluginKey);
    if (!plugin) throw new NotFoundException();
    if (!isSkillPayload(payload)) throw new BadRequestException('요청 형식이 올바르지 않습니다. (action)');
    const result = resultIn(payload, this.kind, this.origins);
    if (!result && isWithoutParameters(payload)) {
      this.logger.warn({ merchant: merchant.id, plugin: pluginKey }, 'a skill payload without parameters');
      return SkillResponse.saying(NOTHING_CAME);
    }
    const user = botUserToKeep(payload, readSkillPayload(payload).appUserId);
    try {
      // In less than the five seconds that a chat bot waits for a skill.
      if (!result) {
        await this.unread.keep({ merchant, plugin, relayId, user, payload });
        return SkillResponse.saying(notUnderstood(this.kind));
      }
      await this.inbox.receive({ merchant, pluginKey, relayId, user, ...result });
      return SkillResponse.saying(plugin.skillText ?? RECEIVED);
    } catch (error) {
      // A refusal is counted, and told of once a minute.
      if (!(error instanceof Refusal))
        this.logger.error({ merchant: merchant.id, plugin: pluginKey, error }, 'a skill result could not be stored');
      return SkillResponse.saying(NOT_NOW);
    }
  }
}
