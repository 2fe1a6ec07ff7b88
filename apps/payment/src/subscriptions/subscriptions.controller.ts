import { OperatorController, pageOf } from '@biz/platform';
import { Body, Get, HttpCode, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNotFoundResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { DataSource, LessThan } from 'typeorm';
import { EndSubscriptionRequest, SubscriptionDto, SubscriptionPage, SubscriptionsQuery } from './subscription.dto';
import { Subscription } from './subscription.entity';
import { Subscriptions } from './subscriptions';

@OperatorController('subscriptions')
export class SubscriptionsController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly subscriptions: Subscriptions,
  ) {}

  /** Subscriptions (정기결제), newest first */
  @Get()
  @ApiOkResponse({ type: SubscriptionPage })
  async list(@Query() { state, limit = 20, cursor }: SubscriptionsQuery): Promise<SubscriptionPage> {
    const rows = await this.dataSource.manager.find(Subscription, {
      where: { ...(state && { state }), ...(cursor !== undefined && { id: LessThan(cursor) }) },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    return pageOf(
      rows,
      limit,
      ({ id }) => id,
      (each) => SubscriptionDto.of(each),
    );
  }

  /**
   * Ends a subscription (정기결제 해지)
   *
   * @remarks Nothing is charged from now on; KakaoPay is told by durable work (`ending`, then `ended`). Repeating it is harmless.
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
