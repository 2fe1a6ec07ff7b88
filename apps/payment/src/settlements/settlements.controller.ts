import { OperatorController } from '@biz/platform';
import { Get, Query } from '@nestjs/common';
import { ApiBadRequestResponse, ApiOkResponse } from '@nestjs/swagger';
import { Settlements, SettlementsQuery } from './settlements.dto';
import { SettlementView } from './settlement-view';

@OperatorController('settlements')
export class SettlementsController {
  constructor(private readonly view: SettlementView) {}

  /**
   * What came and went (정산): per day in Korea, merchant and tax kind
   *
   * @remarks By our own records, in one statement. A payment counts on the day KakaoPay approved it, a refund on the day it was given
   * back. SIDs that cost nothing are no charges.
   */
  @Get()
  @ApiOkResponse({ type: Settlements })
  @ApiBadRequestResponse({ description: 'No such days, or more than 366' })
  async list(@Query() { from, to, merchant }: SettlementsQuery): Promise<Settlements> {
    const { days, total } = await this.view.between(from, to, merchant);
    return { items: days, total };
  }
}
