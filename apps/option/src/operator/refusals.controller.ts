import { Refusals } from '@biz/commerce';
import { OperatorController, pageOf } from '@biz/platform';
import { Get, Query } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { OperatorMerchant } from './operator-merchant';
import { RefusalPage, RefusalsQuery } from './refusals.dto';

@OperatorController('refusals')
export class RefusalsController {
  constructor(
    private readonly refusals: Refusals,
    private readonly merchant: OperatorMerchant,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Selections that could not be ordered',
    description:
      "Everything that was wrong with each, the customer's sentence first; of what customers wrote, nothing. " +
      "A merchant's newest 1,000 of the last 30 days.",
  })
  @ApiOkResponse({ type: RefusalPage })
  @ApiNotFoundResponse({ description: 'There is no such merchant' })
  async list(@Query() { merchant, product, limit = 20, cursor }: RefusalsQuery): Promise<RefusalPage> {
    const rows = await this.refusals.list(this.merchant.idOf(merchant), limit + 1, cursor, product);
    return pageOf(rows, { limit }, ({ id, merchantId, productId, relayId, problems, createdAt }) => ({
      ...{ id, merchant: merchantId, state: 'refused' as const, productId },
      ...(relayId !== null && { relayId }),
      ...{ problems, createdAt },
    }));
  }
}
