import { PaymentCallbackRequest } from '@biz/kakao-dto';
import { CurrentMerchant, KakaoController, OpenedByCustomers } from '@biz/merchant';
import type { Merchant } from '@biz/merchant';
import { KakaoAnswer, ok, ReadsBodies, Refusal, throughBriefOutage } from '@biz/platform';
import { applyDecorators, BadRequestException, Body, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBadRequestResponse, ApiBody, ApiExcludeEndpoint, ApiOkResponse, ApiParam, ApiQuery } from '@nestjs/swagger';
import { Callbacks, type CallbackIds } from './callbacks';

type Given = Record<string, unknown>;

const MAX_TOKEN = 500;

const ApiRedirect = (url: string): MethodDecorator =>
  applyDecorators(
    ApiParam({ name: 'key', description: `Names the order; made by T1 as part of \`${url}\`` }),
    ApiOkResponse({ type: KakaoAnswer }),
    ApiBadRequestResponse({ description: 'Malformed request (요청 형식 오류)' }),
  );

/**
 * Where KakaoPay's redirects arrive. They carry no authentication: the last segment, made by T1, names the order and
 * cannot be guessed. Without it a call names no order of ours, and changes nothing.
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
  @Get('order/callback/:key')
  @OpenedByCustomers()
  @ApiRedirect('approval_url')
  @ApiQuery({ type: PaymentCallbackRequest })
  async callback(
    @CurrentMerchant() merchant: Merchant,
    @Param('key') key: string,
    @Query() query: Given,
  ): Promise<KakaoAnswer> {
    return this.receive(merchant, key, [query]);
  }

  /**
   * T3. 인증성공 callback, as a POST
   *
   * @remarks As the GET; the fields may be in the body (JSON or form) or in the query.
   */
  @ReadsBodies('application/json', 'application/x-www-form-urlencoded')
  @Post('order/callback/:key')
  @OpenedByCustomers()
  @HttpCode(200)
  @ApiRedirect('approval_url')
  @ApiBody({ type: PaymentCallbackRequest })
  async postedCallback(
    @CurrentMerchant() merchant: Merchant,
    @Param('key') key: string,
    @Query() query: Given,
    @Body() body: Given | undefined,
  ): Promise<KakaoAnswer> {
    return this.receive(merchant, key, [query, body ?? {}]);
  }

  /** cancel_url: the customer left the payment screen; T4 then tells C (취소) */
  @Get('order/cancel/:key')
  @OpenedByCustomers()
  @ApiRedirect('cancel_url')
  async cancelled(
    @CurrentMerchant() merchant: Merchant,
    @Param('key') key: string,
    @Query() query: Given,
  ): Promise<KakaoAnswer> {
    await this.callbacks.left(merchant, key, 'cancel', idsOf([query]));
    return ok();
  }

  /** fail_url: KakaoPay could not take the payment; T4 then tells F (실패), and the customer may try again */
  @Get('order/fail/:key')
  @OpenedByCustomers()
  @ApiRedirect('fail_url')
  async failed(
    @CurrentMerchant() merchant: Merchant,
    @Param('key') key: string,
    @Query() query: Given,
  ): Promise<KakaoAnswer> {
    await this.callbacks.left(merchant, key, 'fail', idsOf([query]));
    return ok();
  }

  @Get(['order/callback', 'order/cancel', 'order/fail'])
  @OpenedByCustomers()
  @ApiExcludeEndpoint()
  withoutKey(): never {
    throw new Refusal(300);
  }

  @ReadsBodies('application/json', 'application/x-www-form-urlencoded')
  @Post('order/callback')
  @OpenedByCustomers()
  @ApiExcludeEndpoint()
  postedWithoutKey(): never {
    throw new Refusal(300);
  }

  private async receive(merchant: Merchant, key: string, given: readonly Given[]): Promise<KakaoAnswer> {
    const token = given.map(({ pg_token: sent }) => sent).findLast((sent) => sent !== undefined);
    if (typeof token !== 'string' || token === '' || token.length > MAX_TOKEN) {
      throw new BadRequestException('요청 형식이 올바르지 않습니다. (pg_token)');
    }
    await throughBriefOutage(() => this.callbacks.authenticated(merchant, key, token, idsOf(given)));
    return ok();
  }
}

/** Kakao sends them with the token; a redirect without them is taken, one with another's is not. */
const idsOf = (given: readonly Given[]): CallbackIds => ({
  partnerOrderIds: valuesOf(given, 'partner_order_id'),
  partnerUserIds: valuesOf(given, 'partner_user_id'),
});

const valuesOf = (given: readonly Given[], name: string): unknown[] =>
  given.flatMap((each) => each[name]).filter((value) => value !== undefined && value !== null && value !== '');
