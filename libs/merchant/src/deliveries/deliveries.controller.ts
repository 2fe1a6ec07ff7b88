import { Get, HttpCode, Inject, NotFoundException, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiConflictResponse, ApiNotFoundResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { APP_NAME, newest, ok, OperatorController, pageOf } from '@biz/platform';
import type { AppName, Page } from '@biz/platform';
import { KakaoAnswer } from '@biz/platform';
import { DataSource } from 'typeorm';
import { Deliveries } from './deliveries';
import { DeliveriesQuery, DeliveryDetailDto, DeliveryDto, DeliveryPage, DeliveryTryDto } from './delivery.dto';
import { Delivery, DeliveryAttempt } from './delivery.entity';

@OperatorController('deliveries')
export class DeliveriesController {
  constructor(
    @Inject(APP_NAME) private readonly app: AppName,
    private readonly deliveries: Deliveries,
    private readonly dataSource: DataSource,
  ) {}

  /** What this app delivered or still owes, newest first. */
  @Get()
  @ApiOkResponse({ type: DeliveryPage })
  async list(@Query() { state, ...page }: DeliveriesQuery): Promise<Page<DeliveryDto>> {
    const rows = await newest(
      this.dataSource.getRepository(Delivery),
      { app: this.app, ...(state && { state }) },
      page,
    );
    return pageOf(rows, page, (row) => DeliveryDto.of(row));
  }

  /** One delivery, with its tries. */
  @Get(':id')
  @ApiParam({ name: 'id', description: 'Id of the delivery' })
  @ApiOkResponse({ type: DeliveryDetailDto })
  @ApiNotFoundResponse({ description: 'No such delivery' })
  async detail(@Param('id', ParseUUIDPipe) id: string): Promise<DeliveryDetailDto> {
    const found = await this.dataSource
      .getRepository(Delivery)
      .createQueryBuilder('delivery')
      .leftJoinAndMapMany('delivery.tries', DeliveryAttempt, 'try', 'try.deliveryId = delivery.id')
      .where({ id, app: this.app })
      .orderBy('try.id')
      .getOne();
    if (!found) throw new NotFoundException('No such delivery');
    const { tries } = found as Delivery & { tries: DeliveryAttempt[] };
    return Object.assign(DeliveryDto.of(found), { tries: tries.map((each) => DeliveryTryDto.of(each)) });
  }

  /** Sends a failed delivery again, with the same id. */
  @Post(':id/retry')
  @ApiParam({ name: 'id', description: 'Id of the delivery' })
  @HttpCode(200)
  @ApiOkResponse({ type: KakaoAnswer })
  @ApiNotFoundResponse({ description: 'No such delivery' })
  @ApiConflictResponse({ description: 'It did not fail' })
  async retry(@Param('id', ParseUUIDPipe) id: string): Promise<KakaoAnswer> {
    await this.deliveries.retry(id);
    return ok();
  }
}
