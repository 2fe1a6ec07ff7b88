import { newest, OperatorController, pageOf } from '@biz/platform';
import { Body, Get, HttpCode, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiParam,
} from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { Refund } from '../refunds/refund.entity';
import { FailedRefunds } from './failed-refunds';
import { OperatorRefundDto, RefundPage, RefundsQuery, WithdrawRefundRequest } from './operator-refunds.dto';

@OperatorController('refunds')
export class OperatorRefundsController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly failed: FailedRefunds,
  ) {}

  /** Refunds, newest first; `failed` ones wait for a person */
  @Get()
  @ApiOkResponse({ type: RefundPage })
  async list(@Query() { state, ...page }: RefundsQuery): Promise<RefundPage> {
    const rows = await newest(this.dataSource.getRepository(Refund), { ...(state && { state }) }, page);
    return pageOf(rows, page, (each) => OperatorRefundDto.of(each));
  }

  /** Asks KakaoPay again for a failed refund, or for what is left when that is less */
  @Post(':id/retry')
  @ApiParam({ name: 'id', description: 'Id of the refund' })
  @HttpCode(202)
  @ApiAcceptedResponse({ type: OperatorRefundDto })
  @ApiNotFoundResponse({ description: 'No such refund' })
  @ApiConflictResponse({ description: 'It did not fail, or nothing is left to refund' })
  async retry(@Param('id', ParseUUIDPipe) id: string): Promise<OperatorRefundDto> {
    return OperatorRefundDto.of(await this.failed.retry(id));
  }

  /**
   * Gives a failed refund up: its money stays
   *
   * @remarks Money that belongs to no order is given up only with its `amount`, and stays in the list of differences.
   */
  @Post(':id/withdraw')
  @ApiParam({ name: 'id', description: 'Id of the refund' })
  @HttpCode(200)
  @ApiOkResponse({ type: OperatorRefundDto })
  @ApiNotFoundResponse({ description: 'No such refund' })
  @ApiConflictResponse({
    description: 'It did not fail, it is of another amount, or its money belongs to no order and no amount is named',
  })
  async withdraw(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() wish: WithdrawRefundRequest,
  ): Promise<OperatorRefundDto> {
    return OperatorRefundDto.of(await this.failed.withdraw(id, wish));
  }
}
