import { PaymentCallbackRequest } from '@biz/kakao-dto';
import { CurrentMerchant, KakaoController } from '@biz/merchant';
import type { Merchant } from '@biz/merchant';
import { KakaoAnswer, ok, Refusal } from '@biz/platform';
import { BadRequestException, Body, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiQuery } from '@nestjs/swagger';
import { Callbacks, type CallbackIds } from './callbacks';

type Given = Record<string, unknown>;

const MAX_TOKEN = 500;

/**
 * Where KakaoPay's redirects arrive. They carry no authentication: the last segment, made by T1, names the order and
 * cannot be guessed. Without it a call names no order of ours.
 */
@KakaoController()
export class CallbacksController {
  constructor(private readonly callbacks: Callbacks) {}

  /**
   * T3. 인증성공 callback: the customer has authenticated the payment
   *
   * @remarks The token is stored, the answer is immediate, and the approval at KakaoPay follows as durable work. It may come twice, late or
   * before T2. One that names no order of ours changes nothing and is answered 300.
   */
  @Get(['order/callback', 'order/callback/:key'])
  @ApiParam({ name: 'key', required: false, description: 'Names the order; made by T1 as part of `approval_url`' })
  @ApiQuery({ type: PaymentCallbackRequest })
  @ApiOkResponse({ type: KakaoAnswer })
  async callback(
    @CurrentMerchant() merchant: Merchant,
    @Param('key') key: string | undefined,
    @Query() query: Given,
  ): Promise<KakaoAnswer> {
    return this.receive(merchant, key, query);
  }

  /**
   * T3. 인증성공 callback, as a POST
   *
   * @remarks As the GET; the fields may be in the body (JSON or form) or in the query.
   */
  @Post(['order/callback', 'order/callback/:key'])
  @HttpCode(200)
  @ApiParam({ name: 'key', required: false, description: 'Names the order; made by T1 as part of `approval_url`' })
  @ApiOkResponse({ type: KakaoAnswer })
  async postedCallback(
    @CurrentMerchant() merchant: Merchant,
    @Param('key') key: string | undefined,
    @Query() query: Given,
    @Body() body: Given | undefined,
  ): Promise<KakaoAnswer> {
    return this.receive(merchant, key, { ...query, ...body });
  }

  /** cancel_url: the customer left the payment screen; T4 then tells C (취소) */
  @Get(['order/cancel', 'order/cancel/:key'])
  @ApiParam({ name: 'key', required: false, description: 'Names the order; made by T1 as part of `cancel_url`' })
  @ApiOkResponse({ type: KakaoAnswer })
  async cancelled(
    @CurrentMerchant() merchant: Merchant,
    @Param('key') key: string | undefined,
    @Query() query: Given,
  ): Promise<KakaoAnswer> {
    await this.callbacks.left(merchant, keyOf(key), 'cancel', idsOf(query));
    return ok();
  }

  /** fail_url: KakaoPay could not take the payment; T4 then tells F (실패), and the customer may try again */
  @Get(['order/fail', 'order/fail/:key'])
  @ApiParam({ name: 'key', required: false, description: 'Names the order; made by T1 as part of `fail_url`' })
  @ApiOkResponse({ type: KakaoAnswer })
  async failed(
    @CurrentMerchant() merchant: Merchant,
    @Param('key') key: string | undefined,
    @Query() query: Given,
  ): Promise<KakaoAnswer> {
    await this.callbacks.left(merchant, keyOf(key), 'fail', idsOf(query));
    return ok();
  }

  private async receive(merchant: Merchant, key: string | undefined, given: Given): Promise<KakaoAnswer> {
    const token = given.pg_token;
    if (typeof token !== 'string' || token === '' || token.length > MAX_TOKEN) {
      throw new BadRequestException('요청 형식이 올바르지 않습니다. (pg_token)');
    }
    await this.callbacks.authenticated(merchant, keyOf(key), token, idsOf(given));
    return ok();
  }
}

function keyOf(key: string | undefined): string {
  if (!key) throw new Refusal(300);
  return key;
}

function idsOf({ partner_order_id: orderId, partner_user_id: userId }: Given): CallbackIds {
  return {
    ...(typeof orderId === 'string' && orderId !== '' && { partnerOrderId: orderId }),
    ...(typeof userId === 'string' && userId !== '' && { partnerUserId: userId }),
  };
}
