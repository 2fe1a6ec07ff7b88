import { Body, HttpCode, Param, Post } from '@nestjs/common';
import { ApiExtraModels, ApiParam } from '@nestjs/swagger';
import { ok, PolledRoute } from '@biz/platform';
import type { KakaoAnswer } from '@biz/platform';
import { LocationAnswer, LocationCallbackRequest } from '@biz/kakao-dto';
import { CurrentMerchant, KakaoController, RelayId } from '@biz/merchant';
import type { Merchant } from '@biz/merchant';
import { ApiCallback, Inbox, readService } from '@biz/capture';

// What Kakao answers to the OTP URL; no route of ours, but a reader of the document looks for it here.
@ApiExtraModels(LocationAnswer)
@KakaoController()
export class CallbackController {
  constructor(private readonly inbox: Inbox) {}

  /**
   * Result of the location plugin (실행결과 콜백, guide 3.4)
   *
   * @remarks Stored, then answered; the OTP URL is redeemed right after. The same OTP URL a second time changes
   * nothing. For the merchant's location plugin.
   */
  @Post('callback')
  @HttpCode(200)
  @ApiCallback()
  @PolledRoute()
  async callback(
    @CurrentMerchant() merchant: Merchant,
    @RelayId() relayId: string | undefined,
    @Body() { otp, extra }: LocationCallbackRequest,
  ): Promise<KakaoAnswer> {
    await this.inbox.receive({ merchant, otp, relayId, service: readService(extra) });
    return ok();
  }

  /**
   * Result of the location plugin, named by its key `location`
   *
   * @remarks As `/callback`, for the plugin whose key is the last segment of the callback URL registered at Kakao.
   */
  @Post('callback/:plugin')
  @ApiParam({ name: 'plugin', description: 'Key of the plugin in the merchant’s definition' })
  @HttpCode(200)
  @ApiCallback()
  @PolledRoute()
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
