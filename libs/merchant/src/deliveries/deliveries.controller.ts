import { Get, HttpCode, Inject, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiConflictResponse, ApiNotFoundResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { APP_NAME, ok, OperatorController, pageOf } from '@biz/platform';
import type { AppName, Page } from '@biz/platform';
import { KakaoAnswer } from '@biz/platform';
import { DataSource, LessThan } from 'typeorm';
import { Deliveries } from './deliveries';
import { DeliveriesQuery, DeliveryDto, DeliveryPage } from './delivery.dto';
import { Delivery } from './delivery.entity';

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
  async list(@Query() { state, limit = 20, cursor }: DeliveriesQuery): Promise<Page<DeliveryDto>> {
    const rows = await this.dataSource.getRepository(Delivery).find({
      where: { app: this.app, ...(state && { state }), ...(cursor !== undefined && { id: LessThan(cursor) }) },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    return pageOf(
      rows,
      limit,
      ({ id }) => id,
      (row) => DeliveryDto.of(row),
    );
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
