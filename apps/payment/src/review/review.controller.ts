import { OperatorController } from '@biz/platform';
import { Body, Headers, HttpCode, Param, Post } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiConflictResponse,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiParam,
  ApiServiceUnavailableResponse,
} from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { IDEMPOTENCY_KEY_HEADER, requireKey } from '../idempotency/idempotency-key';
import { OrderCancellationDto, RefundDto } from '../operator/operator-orders.dto';
import type { OrderState } from '../orders/order-status';
import { Order } from '../orders/order.entity';
import { DailyComparison } from '../reconciliation/daily-comparison';
import { FoundRefunds } from './found-refunds';
import {
  DecidedOrderDto,
  DecisionRequest,
  ReconciledOrderDto,
  ReconcileOrderRequest,
  RefundDecisionRequest,
} from './review.dto';
import { Review } from './review';

@OperatorController('orders')
export class ReviewController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly review: Review,
    private readonly foundRefunds: FoundRefunds,
    private readonly daily: DailyComparison,
  ) {}

  /**
   * Accepts an order in review: what KakaoPay took is its payment
   *
   * @remarks KakaoPay is asked first. Amounts may differ from the order's; the order goes on as after any payment. The same
   * `Idempotency-Key` again changes nothing.
   */
  @Post(':partnerOrderId/accept')
  @ApiParam({ name: 'partnerOrderId', description: '가맹점 주문번호' })
  @HttpCode(200)
  @ApiHeader(IDEMPOTENCY_KEY_HEADER)
  @ApiOkResponse({ type: DecidedOrderDto })
  @ApiNotFoundResponse({ description: 'No such order' })
  @ApiConflictResponse({ description: 'It is not in review, or KakaoPay says that there is no money to accept' })
  @ApiServiceUnavailableResponse({ description: 'KakaoPay does not say how the payment stands; nothing changed' })
  async accept(
    @Param('partnerOrderId') id: string,
    @Headers('idempotency-key') key: string | undefined,
    @Body() { reason, tid }: DecisionRequest,
  ): Promise<DecidedOrderDto> {
    await this.review.accept(id, { reason, ...(tid !== undefined && { tid }), idempotencyKey: requireKey(key) });
    await this.daily.compareOpenOf(id);
    return { partnerOrderId: id, state: await this.stateOf(id) };
  }

  /**
   * Gives back the money of an order in review (결제취소), or finds that there is none
   *
   * @remarks KakaoPay is asked first. The refund is carried out by durable work, then the order is `cancelled`. Without any money the
   * order is `failed` and may be tried again. Also ends the review of a payment that came for an order which went on without it.
   */
  @Post(':partnerOrderId/refund')
  @ApiParam({ name: 'partnerOrderId', description: '가맹점 주문번호' })
  @HttpCode(202)
  @ApiHeader(IDEMPOTENCY_KEY_HEADER)
  @ApiAcceptedResponse({ type: OrderCancellationDto })
  @ApiNotFoundResponse({ description: 'No such order' })
  @ApiConflictResponse({ description: 'Nothing of it is in review, or the buyer may still pay' })
  @ApiServiceUnavailableResponse({ description: 'KakaoPay does not say how the payment stands; nothing changed' })
  async refund(
    @Param('partnerOrderId') id: string,
    @Headers('idempotency-key') key: string | undefined,
    @Body() { reason, tid, notCharged = false }: RefundDecisionRequest,
  ): Promise<OrderCancellationDto> {
    const wish = { reason, notCharged, ...(tid !== undefined && { tid }), idempotencyKey: requireKey(key) };
    const refund = await this.review.refund(id, wish);
    return { partnerOrderId: id, state: await this.stateOf(id), ...(refund && { refund: RefundDto.of(refund) }) };
  }

  /**
   * Takes KakaoPay's word for what was cancelled there by hand, and for money that turned up late
   *
   * @remarks Every payment of the order is asked about; what KakaoPay cancelled beyond our refunds becomes a refund `at-kakaopay`, or
   * ends a `failed` refund of the same amount as `done`. Money of a payment that had failed or expired goes back. Repeating it is harmless.
   */
  @Post(':partnerOrderId/reconcile')
  @ApiParam({ name: 'partnerOrderId', description: '가맹점 주문번호' })
  @HttpCode(200)
  @ApiOkResponse({ type: ReconciledOrderDto })
  @ApiNotFoundResponse({ description: 'No such order' })
  @ApiConflictResponse({ description: 'It is in review, a refund is under way, or KakaoPay says less than we know' })
  @ApiServiceUnavailableResponse({ description: 'KakaoPay does not say how the payment stands; nothing changed' })
  async reconcile(
    @Param('partnerOrderId') id: string,
    @Body() { reason, restock = true }: ReconcileOrderRequest,
  ): Promise<ReconciledOrderDto> {
    const { found, looks } = await this.foundRefunds.reconcile(id, { reason, restock });
    await this.daily.compareOpenOf(id);
    return {
      partnerOrderId: id,
      state: await this.stateOf(id),
      found: found.map((each) => RefundDto.of(each)),
      lookedAt: looks.map(({ attempt, says }) => ({ attemptId: attempt.id, state: attempt.state, says })),
    };
  }

  private async stateOf(id: string): Promise<OrderState> {
    return (await this.dataSource.manager.findOneByOrFail(Order, { id })).state;
  }
}
