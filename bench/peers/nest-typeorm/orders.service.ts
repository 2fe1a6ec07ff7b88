import { Injectable } from '@nestjs/common';
import { DataSource, QueryFailedError } from 'typeorm';
import { v7 } from 'uuid';
import { Attempt } from './attempt.entity';
import { Order } from './order.entity';

const MERCHANT = 'demo-shop';
const LIFE_MS = 900_000;
const SHOWN: Record<string, string> = { paid: 'S', failed: 'F', cancelled: 'C' };

/** What the guide answers when it is not 200, as status and message. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const invalid = (): Refused => new Refused(300, '유효하지 않은 주문입니다.');
const notYours = (): Refused => new Refused(400, '유저의 인증 정보가 올바르지 않습니다.');

@Injectable()
export class OrdersService {
  constructor(private readonly dataSource: DataSource) {}

  /** T4 */
  async status(user: string, id: string): Promise<object> {
    const order = await this.dataSource.manager.findOne(Order, { where: { id, merchant: MERCHANT } });
    if (!order || (order.state === 'open' && order.expiresAt <= new Date())) throw invalid();
    if (order.appUserId !== user) throw notYours();
    const shown = SHOWN[order.state] ?? 'W';
    return { order_status: shown, ...(shown === 'F' && { message: order.failureMessage }) };
  }

  /** T1: the order of this sheet and user, made when it is new. */
  async sheet(user: string, sheetId: string): Promise<object> {
    if (sheetId !== 'sheet-coffee') throw invalid();
    const lines = [
      { name: '아이스 아메리카노', quantity: 2 },
      { name: '치즈 케이크', quantity: 1 },
    ];
    const agreements = [{ company: '데모샵', title: '구매조건 확인 및 결제진행 동의', url: 'https://www.kakao.com' }];
    const totalAmount = 13_500;
    const order = await this.dataSource.transaction(async (manager) => {
      const now = new Date();
      const known = await manager.findOne(Order, { where: { merchant: MERCHANT, sheetId, appUserId: user } });
      if (known && !['open', 'failed'].includes(known.state)) throw invalid();
      const order =
        known ?? manager.create(Order, { id: v7(), merchant: MERCHANT, sheetId, appUserId: user, createdAt: now });
      manager.merge(Order, order, {
        state: 'open',
        itemName: '아이스 아메리카노 외 1',
        quantity: 3,
        totalAmount,
        taxFreeAmount: 0,
        vatAmount: Math.round(totalAmount / 11),
        useShipping: false,
        terms: { lines, agreements },
        stockLines: [],
        expiresAt: new Date(now.getTime() + LIFE_MS),
        updatedAt: now,
      });
      // `save` would ask for a new order once more before it inserts it.
      if (known) await manager.save(order);
      else await manager.insert(Order, order);
      return order;
    });
    const base = `http://127.0.0.1:${process.env.PORT ?? ''}/order`;
    const approvalUrl = encodeURIComponent(`${base}/callback/${order.id}`);
    return {
      rest_api_key: 'demo-shop-rest-api-key',
      cid: 'TC0ONETIME',
      partner_order_id: order.id,
      partner_user_id: order.appUserId,
      item_name: order.itemName,
      quantity: order.quantity,
      total_amount: order.totalAmount,
      tax_free_amount: order.taxFreeAmount,
      vat_amount: order.vatAmount,
      approval_url: `https://talk-plugin.kakao.com/kakaopay/callback?approval_url=${approvalUrl}`,
      cancel_url: `${base}/cancel/${order.id}`,
      fail_url: `${base}/fail/${order.id}`,
      order_agreements: agreements,
      use_shipping: order.useShipping,
    };
  }

  /** T2, six round trips: begin, lock the order, take its stock, insert the attempt, move the order, commit. */
  async approve(user: string, id: string, tid: string): Promise<void> {
    try {
      await this.dataSource.transaction(async (manager) => {
        const order = await manager.findOne(Order, {
          where: { id, merchant: MERCHANT },
          lock: { mode: 'pessimistic_write' },
        });
        const now = new Date();
        if (!order || !['open', 'pending', 'failed'].includes(order.state) || order.expiresAt <= now) throw invalid();
        if (order.appUserId !== user) throw notYours();
        for (const { productId, sku, quantity } of order.state === 'pending' ? [] : order.stockLines) {
          const [, taken] = await manager.query<[unknown, number]>(
            `UPDATE commerce.stock SET reserved = reserved + $4
             WHERE merchant_id = $1 AND product_id = $2 AND sku = $3 AND on_hand - reserved >= $4`,
            [MERCHANT, productId, sku, quantity],
          );
          if (taken === 0) throw new Refused(500, '주문 상품이 품절되었습니다.');
        }
        const attemptId = v7();
        await manager.insert(Attempt, {
          id: attemptId,
          orderId: id,
          merchant: MERCHANT,
          cid: 'TC0ONETIME',
          tid,
          state: 'waiting',
          totalAmount: order.totalAmount,
          taxFreeAmount: order.taxFreeAmount,
          vatAmount: order.vatAmount,
          expiresAt: new Date(now.getTime() + LIFE_MS),
          createdAt: now,
          updatedAt: now,
        });
        await manager.update(Order, { id }, { state: 'pending', attemptId, updatedAt: now });
      });
    } catch (error) {
      if (error instanceof QueryFailedError && (error.driverError as { code?: string }).code === '23505') {
        // The tid is known: Kakao sent T2 twice, or it belongs to another order.
        const attempt = await this.dataSource.manager.findOne(Attempt, { where: { merchant: MERCHANT, tid } });
        if (attempt?.orderId === id) return;
        throw new Refused(500, '이미 다른 주문에 사용된 결제번호입니다.');
      }
      throw error;
    }
  }
}
