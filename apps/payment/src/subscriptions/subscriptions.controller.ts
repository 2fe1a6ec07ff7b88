import { newest, OperatorController, pageOf } from '@biz/platform';
import { Body, Get, HttpCode, NotFoundException, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNotFoundResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { HistoryEntry } from '../history/history.entity';
import { Order } from '../orders/order.entity';
import {
  EndSubscriptionRequest,
  SubscriptionDetailDto,
  SubscriptionDto,
  SubscriptionPage,
  SubscriptionsQuery,
} from './subscription.dto';
import { Subscription } from './subscription.entity';
import { Subscriptions } from './subscriptions';

/** How many charges and moves of one subscription are shown. */
const SHOWN = 100;

@OperatorController('subscriptions')
export class SubscriptionsController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly subscriptions: Subscriptions,
  ) {}

  /** Subscriptions (정기결제), newest first */
  @Get()
  @ApiOkResponse({ type: SubscriptionPage })
  async list(@Query() { state, ...page }: SubscriptionsQuery): Promise<SubscriptionPage> {
    const rows = await newest(this.dataSource.getRepository(Subscription), { ...(state && { state }) }, page);
    return pageOf(rows, page, (each) => SubscriptionDto.of(each));
  }

  /** One subscription: its charges by period, its history */
  @Get(':id')
  @ApiParam({ name: 'id', description: 'Id of the subscription' })
  @ApiOkResponse({ type: SubscriptionDetailDto })
  @ApiNotFoundResponse({ description: 'No such subscription' })
  async detail(@Param('id', ParseUUIDPipe) id: string): Promise<SubscriptionDetailDto> {
    const { manager } = this.dataSource;
    const subscription = await manager.findOneBy(Subscription, { id });
    if (!subscription) throw new NotFoundException('No such subscription');
    const { orderId } = subscription;
    const [later, first, history] = await Promise.all([
      manager.find(Order, { where: { subscriptionId: id }, order: { period: 'DESC' }, take: SHOWN }),
      manager.findOneByOrFail(Order, { id: orderId }),
      manager.find(HistoryEntry, {
        where: { orderId, subject: 'subscription' },
        order: { id: 'DESC' },
        take: SHOWN,
      }),
    ]);
    return SubscriptionDetailDto.withCharges(subscription, [...later, first].slice(0, SHOWN), history.reverse());
  }

  /**
   * Ends a subscription (정기결제 해지)
   *
   * @remarks Nothing is charged from now on; KakaoPay is told by durable work (`ending`, then `ended`). Repeating it is harmless, and asks
   * KakaoPay again after an `endFailure`.
   */
  @Post(':id/end')
  @ApiParam({ name: 'id', description: 'Id of the subscription' })
  @HttpCode(202)
  @ApiAcceptedResponse({ type: SubscriptionDto })
  @ApiNotFoundResponse({ description: 'No such subscription' })
  async end(@Param('id', ParseUUIDPipe) id: string, @Body() body?: EndSubscriptionRequest): Promise<SubscriptionDto> {
    return SubscriptionDto.of(await this.subscriptions.end(id, body?.reason ?? 'ended by the operator'));
  }
}
