import { ApproveOrderRequest, OrderSheetAnswer, OrderSheetQuery, OrderStatusAnswer } from '@biz/kakao-dto';
import {
  AppUserId,
  appUserIdOf,
  CurrentMerchant,
  CurrentRegistration,
  CurrentRelay,
  KakaoController,
  merchantOf,
  registrationOfCall,
} from '@biz/merchant';
import type { KakaoRequest, Merchant, PluginRegistration, Relay } from '@biz/merchant';
import { KakaoAnswer, ok, PolledRoute, Refusal } from '@biz/platform';
import { applyDecorators, BadRequestException, Body, Get, HttpCode, Post, Query, Req } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiParam,
  ApiQuery,
} from '@nestjs/swagger';
import { OrderApproval } from '../approval/order-approval';
import { approvalOf, orderSheetOf, orderStatusOf } from './kakao-orders';
import { Orders } from './orders';

const APP_USER_ID = /^[\w.-]{1,100}$/;

const ApiFromKakao = (): MethodDecorator =>
  applyDecorators(
    ApiHeader({
      name: 'X-Kakao-AppUserId',
      required: true,
      description: '카카오의 AppUserId, 사용자 식별에 사용',
      example: '4892761',
    }),
    ApiHeader({
      name: 'X-Kakao-Plugin-Relay-Id',
      required: false,
      description: 'The relay id (용도 ID); wins over `relay_id`',
    }),
    ApiBadRequestResponse({ description: 'Malformed request (요청 형식 오류)' }),
  );

/** An address of one of several plugins. */
const ApiOfPlugin = (): MethodDecorator =>
  applyDecorators(
    ApiParam({ name: 'plugin', description: 'Key of the plugin in the registrations of the merchant’s definition' }),
    ApiNotFoundResponse({ description: 'No such merchant or plugin' }),
  );

@KakaoController()
export class OrdersController {
  constructor(
    private readonly orders: Orders,
    private readonly approval: OrderApproval,
  ) {}

  /**
   * T1. 주문생성: the order behind an order sheet, with its amounts
   *
   * @remarks Called again when the customer changes the address: same `partner_order_id`, new amounts. Answers 300 for a sheet that is
   * unknown, paid or cancelled, 301 when the shop is closed, 400 without a user, 401 for a restricted user (HTTP 200, code in `status`).
   */
  @Get('ordersheet')
  @ApiFromKakao()
  @ApiOkResponse({ type: OrderSheetAnswer })
  async sheet(
    @CurrentMerchant() merchant: Merchant,
    @AppUserId() user: string | undefined,
    @CurrentRelay() relay: Relay | undefined,
    @CurrentRegistration('payment') registration: PluginRegistration | undefined,
    @Query() query: OrderSheetQuery,
  ): Promise<OrderSheetAnswer> {
    const buyer = {
      appUserId: userOf(user),
      ...(query.zip_code && { zipCode: query.zip_code }),
      ...(relay && { relayId: relay.id, relay }),
    };
    const placed = await this.orders.sheet(merchant, query.ordersheet_id, buyer, registration?.payment);
    return ok(orderSheetOf(merchant, placed));
  }

  /**
   * T1 of one of several plugins
   *
   * @remarks As `/ordersheet`, for the plugin whose key is the last segment of the address registered at Kakao: order sheets of its 결제타입 only,
   * 300 for others.
   */
  @Get('ordersheet/:plugin')
  @ApiFromKakao()
  @ApiOfPlugin()
  @ApiOkResponse({ type: OrderSheetAnswer })
  sheetOfPlugin(
    @CurrentMerchant() merchant: Merchant,
    @AppUserId() user: string | undefined,
    @CurrentRelay() relay: Relay | undefined,
    @CurrentRegistration('payment') registration: PluginRegistration | undefined,
    @Query() query: OrderSheetQuery,
  ): Promise<OrderSheetAnswer> {
    return this.sheet(merchant, user, relay, registration, query);
  }

  /**
   * T2. 결제번호저장 및 상품유효성검증: stores tid and address, checks and reserves the stock
   *
   * @remarks All or nothing. The same tid again changes nothing; a new one supersedes the one before. A sold-out product answers 500 with a message.
   */
  @Post('order/approve')
  @HttpCode(200)
  @ApiFromKakao()
  @ApiOkResponse({ type: KakaoAnswer })
  async approve(
    @CurrentMerchant() merchant: Merchant,
    @AppUserId() user: string | undefined,
    @CurrentRelay('begun') relay: Relay | undefined,
    @Body() body: ApproveOrderRequest,
  ): Promise<KakaoAnswer> {
    await this.approval.approve(merchant, userOf(user), relay, approvalOf(body));
    return ok();
  }

  /** T2 at the address that the application form shows (9.2.3) */
  @Post('approve')
  @HttpCode(200)
  @ApiFromKakao()
  @ApiOkResponse({ type: KakaoAnswer })
  approveAsInForm(
    @CurrentMerchant() merchant: Merchant,
    @AppUserId() user: string | undefined,
    @CurrentRelay('begun') relay: Relay | undefined,
    @Body() body: ApproveOrderRequest,
  ): Promise<KakaoAnswer> {
    return this.approve(merchant, user, relay, body);
  }

  /** T2 of one of several plugins, named by the last segment of its address */
  @Post('approve/:plugin')
  @HttpCode(200)
  @ApiFromKakao()
  @ApiOfPlugin()
  @ApiOkResponse({ type: KakaoAnswer })
  approveOfPlugin(
    @CurrentMerchant() merchant: Merchant,
    @AppUserId() user: string | undefined,
    @CurrentRelay('begun') relay: Relay | undefined,
    @CurrentRegistration('payment') _registration: PluginRegistration | undefined,
    @Body() body: ApproveOrderRequest,
  ): Promise<KakaoAnswer> {
    return this.approve(merchant, user, relay, body);
  }

  /**
   * T4. 주문상태 확인: how the order is
   *
   * @remarks Asked every 0.5 s while `order_status` is W; reads our own state only.
   */
  @Get('order/status')
  @PolledRoute()
  @ApiFromKakao()
  @ApiQuery({ name: 'order_id', description: "주문아이디, T1's `partner_order_id`" })
  @ApiOkResponse({ type: OrderStatusAnswer })
  async status(@Req() request: KakaoRequest): Promise<OrderStatusAnswer> {
    // Read from the request itself: the pipes of parameters cost more than all the rest of this route.
    const { order_id: orderId } = request.query as { order_id?: unknown };
    if (typeof orderId !== 'string' || orderId === '') {
      throw new BadRequestException('요청 형식이 올바르지 않습니다. (order_id)');
    }
    return ok(orderStatusOf(await this.orders.status(merchantOf(request), userOf(appUserIdOf(request)), orderId)));
  }

  /** T4 at the address that the application form shows (9.2.3) */
  @Get('status')
  @PolledRoute()
  @ApiFromKakao()
  @ApiQuery({ name: 'order_id', description: "주문아이디, T1's `partner_order_id`" })
  @ApiOkResponse({ type: OrderStatusAnswer })
  statusAsInForm(@Req() request: KakaoRequest): Promise<OrderStatusAnswer> {
    return this.status(request);
  }

  /** T4 of one of several plugins, named by the last segment of its address */
  @Get('status/:plugin')
  @PolledRoute()
  @ApiFromKakao()
  @ApiOfPlugin()
  @ApiQuery({ name: 'order_id', description: "주문아이디, T1's `partner_order_id`" })
  @ApiOkResponse({ type: OrderStatusAnswer })
  statusOfPlugin(@Req() request: KakaoRequest): Promise<OrderStatusAnswer> {
    registrationOfCall('payment', request);
    return this.status(request);
  }
}

/** @throws Refusal 400 (유저의 인증 정보가 올바르지 않습니다) */
function userOf(header: string | undefined): string {
  if (header === undefined || !APP_USER_ID.test(header)) throw new Refusal(400);
  return header;
}
