import { OperatorController, pageOf } from '@biz/platform';
import {
  BadRequestException,
  Body,
  Get,
  Headers,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiConflictResponse,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiParam,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import { And, DataSource, type FindOperator, LessThan, Raw } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { HistoryEntry } from '../history/history.entity';
import { isOrderId } from '../orders/order-id';
import { Order } from '../orders/order.entity';
import { DifferenceDto } from '../reconciliation/difference.dto';
import { Difference } from '../reconciliation/difference.entity';
import { Refund } from '../refunds/refund.entity';
import { Refunds } from '../refunds/refunds';
import { SidDto } from '../subscriptions/sid.dto';
import { Sid } from '../subscriptions/sid.entity';
import { NEEDS_A_PERSON } from './attention';
import { CancelOrderRequest, refuseTaxFree } from './cancel-order.dto';
import { IDEMPOTENCY_KEY_HEADER, requireKey } from '../idempotency/idempotency-key';
import {
  AttemptDto,
  HistoryDto,
  OrderCancellationDto,
  OrderDetailDto,
  OrderDto,
  OrderPage,
  OrdersQuery,
  RefundDto,
} from './operator-orders.dto';

@OperatorController('orders')
export class OperatorOrdersController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly refunds: Refunds,
  ) {}

  /** Orders, newest first */
  @Get()
  @ApiOkResponse({ type: OrderPage })
  async list(@Query() { state, attention, limit = 20, cursor }: OrdersQuery): Promise<OrderPage> {
    if (cursor !== undefined && !isOrderId(cursor)) throw new BadRequestException('cursor is not one of this list');
    const among: FindOperator<string>[] = [
      ...(cursor === undefined ? [] : [LessThan(cursor)]),
      ...(attention ? [Raw((id) => `${id} IN (${NEEDS_A_PERSON})`) as FindOperator<string>] : []),
    ];
    const rows = await this.dataSource.manager.find(Order, {
      where: {
        ...(state && { state }),
        ...(among.length > 0 && { id: And(...among) }),
      },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    return pageOf(rows, { limit }, (each) => OrderDto.of(each));
  }

  /** One order: amounts, attempts with tid, refunds, history */
  @Get(':partnerOrderId')
  @ApiParam({ name: 'partnerOrderId', description: '가맹점 주문번호' })
  @ApiOkResponse({ type: OrderDetailDto })
  @ApiNotFoundResponse({ description: 'No such order' })
  async detail(@Param('partnerOrderId') id: string): Promise<OrderDetailDto> {
    const { manager } = this.dataSource;
    const order = isOrderId(id) ? await manager.findOneBy(Order, { id }) : null;
    if (!order) throw new NotFoundException('No such order');
    const of = { where: { orderId: id }, order: { id: 'ASC' } } as const;
    const [attempts, refunds, differences, sids, history] = await Promise.all([
      manager.find(Attempt, of),
      manager.find(Refund, of),
      manager.find(Difference, of),
      manager.find(Sid, { where: { orderId: id }, order: { createdAt: 'ASC' } }),
      manager.find(HistoryEntry, of),
    ]);
    const own = attempts.find((each) => each.id === order.attemptId);
    return Object.assign(OrderDto.of(order), {
      ...(own?.chargedAmount != null && { chargedAmount: own.chargedAmount }),
      attempts: attempts.map((each) => AttemptDto.of(each)),
      refunds: refunds.map((each) => RefundDto.of(each)),
      differences: differences.map((each) => DifferenceDto.of(each)),
      sids: sids.map((each) => SidDto.of(each)),
      history: history.map((each) => HistoryDto.of(each)),
    });
  }

  /**
   * Cancels an order (결제취소): gives the money back, in full or in part
   *
   * @remarks The refund is carried out by durable work; look at the order to see it `done`. An order that is not paid is cancelled at once.
   * The same `Idempotency-Key` again answers the same refund.
   */
  @Post(':partnerOrderId/cancel')
  @ApiParam({ name: 'partnerOrderId', description: '가맹점 주문번호' })
  @HttpCode(202)
  @ApiHeader(IDEMPOTENCY_KEY_HEADER)
  @ApiAcceptedResponse({ type: OrderCancellationDto })
  @ApiNotFoundResponse({ description: 'No such order' })
  @ApiConflictResponse({
    description: 'The key was used for another refund, or the order cannot be refunded right now',
  })
  @ApiUnprocessableEntityResponse({ description: 'More than is left, of the whole, the tax-free or the taxable part' })
  async cancel(
    @Param('partnerOrderId') id: string,
    @Headers('idempotency-key') key: string | undefined,
    @Body() wish: CancelOrderRequest,
  ): Promise<OrderCancellationDto> {
    refuseTaxFree(wish);
    const { amount, taxFreeAmount, reason, restock = true } = wish;
    const refund = await this.refunds.request(id, {
      ...(amount !== undefined && { amount }),
      ...(taxFreeAmount !== undefined && { taxFreeAmount }),
      reason,
      idempotencyKey: requireKey(key),
      restock,
    });
    const { state } = await this.dataSource.manager.findOneByOrFail(Order, { id });
    return { partnerOrderId: id, state, ...(refund && { refund: RefundDto.of(refund) }) };
  }
}
