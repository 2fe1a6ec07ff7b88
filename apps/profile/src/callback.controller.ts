import { Body, Param } from '@nestjs/common';
import { ApiExtraModels } from '@nestjs/swagger';
import { ok } from '@biz/platform';
import type { KakaoAnswer } from '@biz/platform';
import { CallbackRequest, ProfileAnswer } from '@biz/kakao-dto';
import { CurrentMerchant, KakaoController, RelayId } from '@biz/merchant';
import type { Merchant } from '@biz/merchant';
import { CallbackRoute, Inbox, PluginCallbackRoute } from '@biz/capture';

// What Kakao answers to the OTP URL; no route of ours, but a reader of the document looks for it here.
@ApiExtraModels(ProfileAnswer)
@KakaoController()
export class CallbackController {
  constructor(private readonly inbox: Inbox) {}

  @CallbackRoute('Result of the profile plugin (실행결과 콜백, guide 1.3)', 'first profile')
  async callback(
    @CurrentMerchant() merchant: Merchant,
    @RelayId() relayId: string | undefined,
    @Body() { otp }: CallbackRequest,
  ): Promise<KakaoAnswer> {
    await this.inbox.receive({ merchant, otp, relayId });
    return ok();
  }

  @PluginCallbackRoute('Result of one of several profile plugins')
  async callbackOfPlugin(
    @CurrentMerchant() merchant: Merchant,
    @Param('plugin') pluginKey: string,
    @RelayId() relayId: string | undefined,
    @Body() { otp }: CallbackRequest,
  ): Promise<KakaoAnswer> {
    await this.inbox.receive({ merchant, pluginKey, otp, relayId });
    return ok();
  }
}
