import type { OrderSheetData } from '@biz/kakao-dto';
import { ADDRESS, type Answer, World } from './world';

describe('an order that the buyer leaves', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  it('ends as C when the buyer leaves, gives the stock back, and takes no late T3', async () => {
    await world.setStock('mug', 1);
    const order = await world.orderAwaitingPayment('mug', { more: { shipping_address: ADDRESS } });
    const path = new URL(order.sheet.cancel_url).pathname;
    expect(await world.get(path)).toMatchObject({ http: 200, status: 200 });
    expect(await world.get(path)).toMatchObject({ http: 200, status: 200 });
    expect(await world.status(order)).toEqual({ order_status: 'C' });
    expect(await world.stock('mug')).toEqual({ on_hand: 1, reserved: 0 });
    expect(await world.callback(order)).toMatchObject({ status: 300 });
    expect(await world.approve(order, world.kakaopay.ready(order.sheet))).toMatchObject({ status: 300 });
    expect(world.kakaopay.charged(order.tid)).toEqual([]);
  });

  it('is opened again by the next T1 of a buyer who left, and not by T2; the shop may forbid it', async () => {
    const order = await world.orderAwaitingPayment();
    const again = (): Promise<Answer> => world.get(`/ordersheet?ordersheet_id=${order.sheetId ?? ''}`, order.user);
    const leave = (sheet: OrderSheetData): Promise<Answer> => world.get(new URL(sheet.cancel_url).pathname);
    await leave(order.sheet);
    expect(await world.approve(order, world.kakaopay.ready(order.sheet))).toMatchObject({ status: 300 });
    const sheet = (await again()).data as unknown as OrderSheetData;
    expect(sheet).toMatchObject({ partner_order_id: order.id, total_amount: 13_500 });
    expect(await world.status(order)).toEqual({ order_status: 'W' });
    const tid = world.kakaopay.ready(sheet);
    await world.approve(order, tid);
    await leave(sheet);
    await again();
    const last = world.kakaopay.ready(sheet);
    await world.approve(order, last);
    await world.callback({ ...order, tid: last, token: world.kakaopay.authenticate(last) });
    await world.until(order, 'S');
    expect(world.kakaopay.charged(last)).toEqual([13_500]);
    // A refund is final.
    await world.cancel(order.id, 'refund', { reason: '고객 요청' });
    await world.until(order, 'C');
    expect(await again()).toMatchObject({ status: 300 });
  });

  it('stays C when the shop cancels it, also after the buyer had left', async () => {
    const order = await world.orderAwaitingPayment();
    const again = (): Promise<Answer> => world.get(`/ordersheet?ordersheet_id=${order.sheetId ?? ''}`, order.user);
    await world.get(new URL(order.sheet.cancel_url).pathname);
    await world.cancel(order.id, 'final', { reason: '판매 중지' });
    expect(await again()).toMatchObject({ status: 300 });
    const other = await world.orderAwaitingPayment();
    await world.cancel(other.id, 'final', { reason: '판매 중지' });
    expect(await world.get(`/ordersheet?ordersheet_id=${other.sheetId ?? ''}`, other.user)).toMatchObject({
      status: 300,
    });
  });

  it('ends as F at fail_url and can be tried again', async () => {
    const order = await world.orderAwaitingPayment();
    await world.get(new URL(order.sheet.fail_url).pathname);
    expect(await world.status(order)).toEqual({ order_status: 'F', message: '결제에 실패했습니다.' });

    const tid = world.kakaopay.ready(order.sheet);
    expect(await world.approve(order, tid)).toMatchObject({ status: 200 });
    const again = { ...order, tid, token: world.kakaopay.authenticate(tid) };
    await world.callback(again);
    await world.until(again, 'S');
    expect(world.kakaopay.charged(order.tid)).toEqual([]);
  });
});
