import { Body, Param } from '@nestjs/common';
import { ApiExtraModels } from '@nestjs/swagger';
import { ok } from '@biz/platform';
import type { KakaoAnswer } from '@biz/platform';
import { LocationAnswer, LocationCallbackRequest } from '@biz/kakao-dto';
import { CurrentMerchant, KakaoController, RelayId } from '@biz/merchant';
import type { Merchant } from '@biz/merchant';
import { CallbackRoute, Inbox, PluginCallbackRoute, readService } from '@biz/capture';

// What Kakao answers to the OTP URL; no route of ours, but a reader of the document looks for it here.
@ApiExtraModels(LocationAnswer)
@KakaoController()
export class CallbackController {
  constructor(private readonly inbox: Inbox) {}

  @CallbackRoute('Result of the location plugin (실행결과 콜백, guide 3.4)', 'location')
  async callback(
    @CurrentMerchant() merchant: Merchant,
    @RelayId() relayId: string | undefined,
    @Body() { otp, extra }: LocationCallbackRequest,
  ): Promise<KakaoAnswer> {
    await this.inbox.receive({ merchant, otp, relayId, service: readService(extra) });
    return ok();
  }

  @PluginCallbackRoute('Result of the location plugin, named by its key `location`')
  async callbackOfPlugin(
    @CurrentMerchant() merchant: Merchant,
    @Param('plugin') pluginKey: string,
    @RelayId() relayId: string | undefined,
    @Body() { otp, extra }: LocationCallbackRequest,
  ): Promise<KakaoAnswer> {
    await this.inbox.receive({ merchant, pluginKey, otp, relayId, service: readService(extra) });
    return ok();
  }
}
