import { type Buyer, Merchants, RelayIds, type ShippingAddress } from '@biz/merchant';
import { Clock, Jobs, NotYet, parseOwnJson, Refusal, Vault } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { APPROVE } from '../attempts/attempt-jobs';
import { Attempt } from '../attempts/attempt.entity';
import { Settlement } from '../attempts/settlement';
import { Order, type SheetTerms } from '../orders/order.entity';
import { NOT_NOW, OrderSheets, type PricedSheet } from '../sheets/order-sheets';
import { ADDRESS_CHANGED, ADDRESS_CONTEXT, zipCodeOf } from './order-address';
import { PRICE } from './price-job';

/** An attempt whose order the shop has not priced for its address: no approve is decided on. */
const UNPRICED = { unpriced: true, closed_at: null };

/**
 * Asks the shop what an order costs where it is sent to, when T1 priced it without that address.
 *
 * T2 does not wait for it, and no approve is called before it has ended. The same sum lets the payment go on; another one
 * ends it, uncharged.
 */
@Injectable()
export class PriceAgain implements OnModuleInit {
  private readonly logger = new Logger(PriceAgain.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly merchants: Merchants,
    private readonly sheets: OrderSheets,
    private readonly relayIds: RelayIds,
    private readonly settlement: Settlement,
    private readonly jobs: Jobs,
    private readonly vault: Vault,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.jobs.work(
      PRICE,
      ({ attemptId }) => this.price(attemptId),
      ({ attemptId }) => this.giveUp(attemptId),
    );
  }

  private async price(attemptId: string): Promise<void> {
    const { manager } = this.dataSource;
    const attempt = await manager.findOneBy(Attempt, { id: attemptId });
    if (!attempt?.unpriced || attempt.state !== 'waiting' || attempt.closedAt !== null) return;
    const order = await manager.findOneByOrFail(Order, { id: attempt.orderId });
    // A newer T2 has an address and an attempt of its own.
    if (order.attemptId !== attempt.id || order.addressSealed === null) return;
    const address = parseOwnJson(await this.vault.open(order.addressSealed, ADDRESS_CONTEXT)) as ShippingAddress;
    const zipCode = zipCodeOf(address) ?? '';
    const priced = await this.ask(order, zipCode);
    if (priced && costsTheSame(order, priced)) return this.confirm(attempt, { zipCode, terms: order.terms, priced });
    await this.settlement.failed(attempt, {
      state: 'failed',
      by: 'shop',
      note: priced ? `it costs ${priced.totalAmount} won at its address` : 'the shop does not sell it any more',
      message: ADDRESS_CHANGED,
      guard: UNPRICED,
    });
  }

  /** @throws NotYet when the shop does not answer */
  private async ask({ merchant, sheetId, ...order }: Order, zipCode: string): Promise<PricedSheet | undefined> {
    const { appUserId, relayId, createdAt } = order;
    const buyer: Buyer = {
      ...{ appUserId, zipCode },
      ...(relayId !== null && { relayId, relay: this.relayIds.read(merchant, relayId, { at: createdAt }) }),
    };
    try {
      return await this.sheets.load(this.merchants.get(merchant), sheetId, buyer);
    } catch (error) {
      if (error instanceof Refusal) throw new NotYet(`the shop did not price it: ${error.message}`);
      throw error;
    }
  }

  /** The amounts stand for this postal code. A token that came meanwhile is approved with now. */
  private async confirm(
    { id, orderId, merchant }: Attempt,
    { zipCode, terms, priced }: { zipCode: string; terms: SheetTerms; priced: PricedSheet },
  ): Promise<void> {
    const { shippingAmount } = priced.terms;
    await this.dataSource.transaction(async (manager) => {
      await manager.findOneOrFail(Order, { where: { id: orderId }, lock: { mode: 'pessimistic_write' } });
      const [, confirmed] = await manager.query<[unknown, number]>(
        `UPDATE payment.attempts SET unpriced = false, updated_at = $2
          WHERE id = $1 AND unpriced AND state = 'waiting' AND closed_at IS NULL`,
        [id, this.clock.now()],
      );
      if (confirmed === 0) return;
      await manager.update(Order, { id: orderId, attemptId: id }, { zipCode, terms: { ...terms, shippingAmount } });
      const came = await manager.query<unknown[]>(
        `SELECT FROM payment.callbacks WHERE order_id = $1 AND attempt_id IS NULL LIMIT 1`,
        [orderId],
      );
      if (came.length > 0) await this.jobs.add(APPROVE, { orderId, merchant }, manager);
    });
  }

  private async giveUp(attemptId: string): Promise<void> {
    const attempt = await this.dataSource.manager.findOneByOrFail(Attempt, { id: attemptId });
    this.logger.warn(
      { orderId: attempt.orderId, merchant: attempt.merchant },
      'the shop never priced it at its address',
    );
    const note = 'the shop never said what it costs at its address';
    await this.settlement.failed(attempt, { state: 'failed', by: 'shop', note, message: NOT_NOW, guard: UNPRICED });
  }
}

const costsTheSame = (order: Order, { totalAmount, taxFreeAmount, vatAmount }: PricedSheet): boolean =>
  order.totalAmount === totalAmount && order.taxFreeAmount === taxFreeAmount && order.vatAmount === vatAmount;
