import { setTimeout as delay } from 'node:timers/promises';
import { Addresses } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { readEnvelope } from '../checks/answers';
import { isFields } from '../checks/fields';
import { checkOrderStatus } from '../checks/ordersheet';
import { shown, violation } from '../checks/violation';
import { Ledger } from '../payments/ledger';
import type { Payment } from '../payments/payment';
import type { Run } from '../scenarios/run';
import type { PaymentScenario } from '../scenarios/scenario.dto';
import { Pace } from '../time/pace';
import { merchantUrl } from './merchant-urls';
import { judged } from './option.play';
import { until } from './until';

export type OrderStatus = 'W' | 'S' | 'F' | 'C' | 'none';

const POLL_MS = 500;
/** A refund may be durable work of the merchant: it gets this long. */
const REFUND_MS = 10_000;
const OUTCOMES: Record<OrderStatus, string> = { W: 'waiting', S: 'paid', F: 'failed', C: 'cancelled', none: 'broken' };

/** T4, and whether what the merchant said is what KakaoPay's ledger says. */
@Injectable()
export class PaymentWatch {
  constructor(
    private readonly addresses: Addresses,
    private readonly ledger: Ledger,
    private readonly pace: Pace,
  ) {}

  /** Every half second until S, F or C, as the plugin does from T2 on. */
  async poll(
    run: Run,
    options: PaymentScenario,
    headers: Record<string, string>,
    partnerOrderId: string,
    relayId: string | undefined,
  ): Promise<OrderStatus> {
    const query = new URLSearchParams({ order_id: partnerOrderId, ...(relayId && { relay_id: relayId }) });
    const url = `${merchantUrl(options, this.addresses, 'status', 'payment')}?${query.toString()}`;
    let status: OrderStatus = 'none';
    while (run.elapsed() < run.timeoutMs) {
      const answer = await run.call(
        { what: 'T4 주문상태 (status)', method: 'GET', url, headers },
        judged(checkOrderStatus),
      );
      const { data } = readEnvelope(answer);
      const said = isFields(data) ? data.order_status : undefined;
      status = said === 'W' || said === 'S' || said === 'F' || said === 'C' ? said : 'none';
      if (status !== 'W') return status;
      await delay(this.pace.ms(POLL_MS));
    }
    return status;
  }

  async judge(run: Run, status: OrderStatus, payment: Payment): Promise<string> {
    const { partnerOrderId, amount } = payment;
    const money = (): { charged: number; kept: number; charges: number } => {
      const entries = this.ledger.find({ partnerOrderId });
      const sum = (cancels: boolean): number =>
        entries.filter(({ type }) => (type === 'CANCEL') === cancels).reduce((total, each) => total + each.amount, 0);
      const charges = entries.filter(({ type }) => type !== 'CANCEL').length;
      return { charged: sum(false), kept: sum(false) - sum(true), charges };
    };
    if (status === 'S') {
      await until(() => money().kept <= amount.total, REFUND_MS);
      const { kept, charges } = money();
      if (charges === 0) run.find(violation('s-without-money', 'T4 said S, but KakaoPay never approved this order'));
      else if (kept !== amount.total) {
        run.find(violation('wrong-money', `T4 said S for ${amount.total} won, but the shop holds ${kept} won`));
      }
    } else if (status !== 'none') {
      await until(() => money().kept === 0, REFUND_MS);
      const { kept } = money();
      if (kept !== 0)
        run.find(violation('money-kept', `T4 said ${status}, but the shop holds ${kept} won of the user`));
    }
    run.facts.orderStatus = status;
    run.facts.charged = money().charged;
    run.facts.kept = money().kept;
    if (status === 'none') run.find(violation('no-status', `T4 never told a status, last ${shown(status)}`));
    return OUTCOMES[status];
  }
}
