import {
  BadRequestException,
  Body,
  Controller,
  Get,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Ledger } from '../payments/ledger';
import { PayError } from '../pay/pay-error';
import type { Payment } from '../payments/payment';
import { Payments } from '../payments/payments';
import { withQuery } from '../screen/wrapped-url';
import { type LedgerItem, LedgerAnswer, LedgerQuery, type Movement, UserAct, UserSent } from './ledger.dto';

@ApiTags('Workbench')
@Controller()
export class LedgerController {
  constructor(
    private readonly ledger: Ledger,
    private readonly payments: Payments,
  ) {}

  /** What was really charged and given back (원장), payment by payment. */
  @Get('ledger')
  @ApiOkResponse({ type: LedgerAnswer })
  show(@Query() { tid, partnerOrderId, sid }: LedgerQuery): LedgerAnswer {
    const items = this.payments
      .list()
      .filter(
        (payment) =>
          (tid === undefined || payment.tid === tid) &&
          (partnerOrderId === undefined || payment.partnerOrderId === partnerOrderId) &&
          (sid === undefined || payment.sid === sid),
      )
      .map((payment) => this.item(payment));
    const charged = sum(items.map((item) => item.charged));
    const refunded = sum(items.map((item) => item.refunded));
    return { items, sums: { charged, refunded, kept: charged - refunded } };
  }

  /** Plays the user on KakaoPay's payment screen (결제 화면). */
  @Post('payments/:tid/user')
  @ApiParam({ name: 'tid', description: 'Payment number (결제 고유번호)' })
  @HttpCode(200)
  @ApiOperation({ description: 'For tests that drive the merchant themselves: a scenario does this on its own.' })
  @ApiOkResponse({ type: UserSent })
  act(@Param('tid') tid: string, @Body() { does }: UserAct): UserSent {
    try {
      const payment = this.payments.user(tid, does);
      return { status: payment.status, ...(payment.pgToken && { pgToken: payment.pgToken }), ...redirect(payment) };
    } catch (error) {
      if (!(error instanceof PayError)) throw error;
      if (error.code === -721) throw new NotFoundException('그런 결제가 없습니다.');
      throw new BadRequestException(`지금은 할 수 없습니다: ${error.message}`);
    }
  }

  private item(payment: Payment): LedgerItem {
    const entries = this.ledger.find({ tid: payment.tid });
    const move = (cancels: boolean): Movement[] =>
      entries
        .filter((entry) => (entry.type === 'CANCEL') === cancels)
        .map(({ at, aid, amount }) => ({ at, aid, amount }));
    const charges = move(false);
    const cancels = move(true);
    const { tid, cid, status, partnerOrderId, partnerUserId, itemName, sid, amount } = payment;
    return {
      tid,
      cid,
      status,
      partnerOrderId,
      partnerUserId,
      itemName,
      ...(sid && { sid }),
      asked: amount.total,
      charged: sum(charges.map((each) => each.amount)),
      refunded: sum(cancels.map((each) => each.amount)),
      charges,
      cancels,
    };
  }
}

const sum = (amounts: number[]): number => amounts.reduce((total, amount) => total + amount, 0);

function redirect({ status, urls, pgToken }: Payment): { redirect?: string } {
  if (status === 'QUIT_PAYMENT') return { redirect: urls.cancel };
  if (status === 'FAIL_AUTH_PASSWORD') return { redirect: urls.fail };
  if (!pgToken) return {};
  return { redirect: withQuery(urls.approval, { pg_token: pgToken }) };
}
