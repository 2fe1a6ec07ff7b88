import { Stock } from '@biz/commerce';
import { Deliveries, type Merchant, type OrderLine, type Relay, type ShippingAddress } from '@biz/merchant';
import { Clock, gather, prepared, Refusal, Vault } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, In, IsNull, Not, Or } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { orderFacts } from '../completion/order-facts';
import { moveAll, ORDER, statesBefore } from '../history/move-to';
import { isOrderId } from '../orders/order-id';
import { Order } from '../orders/order.entity';
import { Orders } from '../orders/orders';
import type { OrderState } from '../orders/order-status';
import { OrderSheets, SOLD_OUT } from '../sheets/order-sheets';
import { type Approvable, AttemptStart } from './attempt-start';
import { ADDRESS_CHANGED, ADDRESS_CONTEXT, isPricedFor, isSamePlace, zipCodeOf } from './order-address';

/** What the buyer is about to pay, and where it goes. */
export interface ToApprove {
  orderId: string;
  tid: string;
  address?: ShippingAddress;
}

/** One T2. */
interface Approval extends ToApprove {
  merchant: Merchant;
  appUserId: string;
  relayId?: string;
  addressSealed?: string;
}

/** A T2 that may go on, with its order as it is under lock. */
interface Taken {
  approval: Approval;
  order: Approvable;
}

/** Whose the order of a call is, and whether it has the call's tid. */
interface KnownRow {
  /** Which call, from 1. */
  at: number;
  appUserId: string;
  state: OrderState;
  expiresAt: Date;
  orderSheetId: string;
  lines: OrderLine[];
  totalAmount: number;
  known: boolean;
}

const PAYABLE = statesBefore(ORDER, 'pending');

const TID_OF_ANOTHER = '이미 다른 주문에 사용된 결제번호입니다.';

/** More at once would keep the row of a hot product locked longer; fewer would lock it more often. */
const GATHERED = { size: 64, inFlight: 2 };

/** T2: the buyer is about to pay. */
@Injectable()
export class OrderApproval {
  private readonly take = gather((approvals: readonly Approval[]) => this.takeAll(approvals), GATHERED);
  private readonly known = gather((approvals: readonly Approval[]) => this.allKnown(approvals), GATHERED);

  constructor(
    private readonly dataSource: DataSource,
    private readonly orders: Orders,
    private readonly sheets: OrderSheets,
    private readonly attempts: AttemptStart,
    private readonly stock: Stock,
    private readonly deliveries: Deliveries,
    private readonly vault: Vault,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores tid and address and reserves the stock, all or nothing.
   *
   * A tid that is already this order's is answered like the first time and changes nothing; a new one supersedes it.
   * Calls of the same moment share one transaction, in which each order has its own answer.
   */
  async approve(
    merchant: Merchant,
    appUserId: string,
    relay: Relay | undefined,
    { orderId, tid, address }: ToApprove,
  ): Promise<void> {
    if (!isOrderId(orderId)) throw new Refusal(300);
    const approval = { merchant, appUserId, orderId, tid, ...(relay && { relayId: relay.id }) };
    if (this.sheets.hasPolicy(merchant)) {
      const order = await this.findKnown(approval);
      if (order.known) return;
      const buyer = {
        appUserId,
        ...(address && { zipCode: zipCodeOf(address) }),
        ...(relay && { relayId: relay.id, relay }),
      };
      const { orderSheetId, lines, totalAmount } = order;
      const toPay = { partnerOrderId: orderId, orderSheetId, lines, totalAmount };
      if (!(await this.sheets.checkPermission(merchant, buyer, toPay))) {
        await this.dataSource.transaction((manager) => this.tellSoldOut(manager, [orderId]));
        throw new Refusal(500, SOLD_OUT);
      }
    }
    const addressSealed = address && (await this.vault.seal(JSON.stringify(address), ADDRESS_CONTEXT));
    await this.take({
      ...approval,
      ...(address && { address }),
      ...(addressSealed !== undefined && { addressSealed }),
    });
  }

  /**
   * What a shop's policy is asked about: an order that can be paid, by a tid that it does not have.
   *
   * @throws Refusal for an order that is not this user's, or cannot be paid
   */
  private async findKnown(approval: Approval): Promise<KnownRow> {
    const order = await this.known(approval);
    if (!order) throw new Refusal(300);
    if (order.appUserId !== approval.appUserId) throw new Refusal(400);
    if (order.known) return order;
    if (!PAYABLE.includes(order.state) || order.expiresAt <= this.clock.now()) throw new Refusal(300);
    return order;
  }

  private async allKnown(approvals: readonly Approval[]): Promise<(KnownRow | undefined)[]> {
    const rows = await prepared<KnownRow>(
      this.dataSource,
      `SELECT call.at::integer, o.app_user_id AS "appUserId", o.state, o.expires_at AS "expiresAt", o.sheet_id AS "orderSheetId",
              o.terms->'lines' AS lines, o.total_amount AS "totalAmount", EXISTS (
                SELECT 1 FROM payment.attempts a WHERE a.merchant = call.merchant AND a.tid = call.tid AND a.order_id = o.id
              ) AS known
         FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS call (order_id, merchant, tid, at)
         JOIN payment.orders o ON o.id = call.order_id AND o.merchant = call.merchant`,
      [
        approvals.map(({ orderId }) => orderId),
        approvals.map(({ merchant }) => merchant.id),
        approvals.map(({ tid }) => tid),
      ],
    );
    const byPlace = new Map(rows.map((row) => [row.at, row]));
    return approvals.map((_, place) => byPlace.get(place + 1));
  }

  /** @returns for each of them nothing, or why not */
  private async takeAll(approvals: readonly Approval[]): Promise<(undefined | Error)[]> {
    const first = new Map<string, Approval>();
    for (const approval of approvals) if (!first.has(approval.orderId)) first.set(approval.orderId, approval);
    const answers = await this.takeDistinct([...first.values()]);
    const answerOf = new Map([...first.values()].map((approval, at) => [approval, answers[at]]));
    // A second call for an order sees what the first did.
    const rest = approvals.filter((approval) => !answerOf.has(approval));
    const later = rest.length > 0 ? await this.takeAll(rest) : [];
    return approvals.map((approval) =>
      answerOf.has(approval) ? answerOf.get(approval) : later[rest.indexOf(approval)],
    );
  }

  /** Two orders may be given the same new tid at once; then the one that came alone is told. */
  private async takeDistinct(approvals: Approval[]): Promise<(undefined | Error)[]> {
    try {
      return await this.dataSource.transaction((manager) => this.takeInside(manager, approvals));
    } catch (error) {
      if (approvals.length > 1 || !isTidTaken(error)) throw error;
      return [new Refusal(500, TID_OF_ANOTHER)];
    }
  }

  private async takeInside(manager: EntityManager, approvals: Approval[]): Promise<(undefined | Error)[]> {
    const orders = await this.attempts.lock(
      manager,
      approvals.map(({ merchant, orderId, tid }) => ({ merchant: merchant.id, orderId, tid })),
    );
    const answers = new Map<Approval, undefined | Error>();
    const taken: Taken[] = [];
    for (const approval of approvals) {
      const order = orders.get(approval.orderId);
      const refusal = this.refusalOf(approval, order);
      if (refusal || !order || order.tidOf === order.id) answers.set(approval, refusal);
      else taken.push({ approval, order });
    }
    const results = await this.stock.reserveEach(
      manager,
      taken.map(({ order }) => ({ merchantId: order.merchant, orderRef: order.id, lines: order.stockLines })),
    );
    const soldOut = taken.filter((_, at) => results[at]?.reserved === false);
    for (const { approval } of soldOut) answers.set(approval, new Refusal(500, SOLD_OUT));
    await this.tellSoldOut(
      manager,
      soldOut.map(({ order }) => order.id),
    );
    await this.attempts.begin(
      manager,
      taken
        .filter((each) => !soldOut.includes(each))
        .map(({ approval, order }) => ({
          order,
          tid: approval.tid,
          cid: this.orders.cidOf(approval.merchant, order.subscription),
          unpriced:
            order.useShipping && approval.address !== undefined && !isPricedFor(order.zipCode, approval.address),
          ...(approval.addressSealed !== undefined && { addressSealed: approval.addressSealed }),
          ...(approval.relayId !== undefined && { relayId: approval.relayId }),
        })),
    );
    return approvals.map((approval) => answers.get(approval));
  }

  private refusalOf({ merchant, appUserId, address }: Approval, order: Approvable | undefined): Error | undefined {
    if (!order) return new Refusal(300);
    if (order.appUserId !== appUserId) return new Refusal(400);
    if (order.tidOf !== null) return order.tidOf === order.id ? undefined : new Refusal(500, TID_OF_ANOTHER);
    if (!PAYABLE.includes(order.state)) return new Refusal(300);
    if (order.expiresAt <= this.clock.now()) return new Refusal(300);
    if (!this.orders.hasCid(merchant, order.subscription)) return new Refusal(500);
    if (!order.useShipping) return undefined;
    if (!address) return new Refusal(500, '배송지를 입력해 주세요.');
    if (order.zipCode !== null && order.zipCode !== '' && !isSamePlace(order.zipCode, address)) {
      return new Refusal(500, ADDRESS_CHANGED);
    }
    return undefined;
  }

  /**
   * A sold-out order keeps nothing of the refused call but its reason, which T4 and the shop are told (guide 6.2, OrderStatus 참고사항).
   * The shop is told once, however often the call comes again.
   */
  private async tellSoldOut(manager: EntityManager, orderIds: readonly string[]): Promise<void> {
    if (orderIds.length === 0) return;
    const at = this.clock.now();
    const news = await manager.find(Order, {
      where: [
        { id: In([...orderIds]), state: 'open' },
        { id: In([...orderIds]), state: 'failed', failureMessage: Or(IsNull(), Not(SOLD_OUT)) },
      ],
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    if (news.length === 0) return;
    const ids = news.map(({ id }) => id);
    await moveAll(manager, ORDER, ids, { to: 'failed', by: 'platform', note: 'T2: sold out', at, from: ['open'] });
    await manager.update(Order, { id: In(ids) }, { failureMessage: SOLD_OUT, updatedAt: at });
    await this.deliveries.addAll(
      manager,
      news.map((order) => ({
        merchant: order.merchant,
        type: 'payment.failed',
        subject: order.id,
        ...(order.relayId !== null && { relayId: order.relayId }),
        data: { ...orderFacts(order, 'failed'), message: SOLD_OUT },
      })),
    );
  }
}

const isTidTaken = (error: unknown): boolean =>
  (error as { driverError?: { constraint?: string } }).driverError?.constraint === 'attempts_tid_of_merchant';
