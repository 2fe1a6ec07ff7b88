import { randomUUID } from 'node:crypto';
import type { OrderSheetData } from '@biz/kakao-dto';
import { eventually } from '@biz/testing';
import { shop } from './shops';
import { ADDRESS, type OrderInHand, World } from './world';

describe('the address of an order', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  it('asks for an address that the amounts were made for', async () => {
    await world.setStock('mug', 3);
    const user = `user-${randomUUID()}`;
    const sheet = await world.sheet(`mug-${user}`, user, '', '13494');
    const order = { id: sheet.partner_order_id, user };
    const tid = world.kakaopay.ready(sheet);
    expect(await world.approve(order, tid)).toMatchObject({
      http: 200,
      status: 500,
      message: '배송지를 입력해 주세요.',
    });
    const far = { ...ADDRESS, zone_code: '63001' };
    expect(await world.approve(order, tid, { shipping_address: far })).toMatchObject({ http: 200, status: 500 });
    const nowhere = { ...ADDRESS, zone_code: undefined };
    expect(await world.approve(order, tid, { shipping_address: nowhere })).toMatchObject({ http: 400, status: 400 });
    expect(await world.stock('mug')).toEqual({ on_hand: 3, reserved: 0 });
    expect(await world.approve(order, tid, { shipping_address: { ...nowhere, post_no: '463400' } })).toMatchObject({
      status: 200,
    });
  });

  describe('priced without the address it is sent to', () => {
    const FAR = { ...ADDRESS, zone_code: '63001' };
    const CHANGED = '배송지가 변경되어 금액이 달라질 수 있습니다. 다시 시도해 주세요.';
    const pay = async (order: OrderInHand, sheet: OrderSheetData, address: object): Promise<OrderInHand> => {
      const tid = world.kakaopay.ready(sheet);
      expect(await world.approve(order, tid, { shipping_address: address })).toMatchObject({ status: 200 });
      const again = { ...order, tid, token: world.kakaopay.authenticate(tid) };
      await world.callback(again);
      return again;
    };
    beforeEach(() => world.setStock('mug', 1));

    it('is priced again before the approve: another sum ends as F, uncharged, and the next T1 says it', async () => {
      const order = await world.orderAwaitingPayment('mug', { more: { shipping_address: FAR } });
      await world.callback(order);
      await eventually(async () => {
        expect(await world.status(order)).toEqual({ order_status: 'F', message: CHANGED });
      });
      expect(world.kakaopay.charged(order.tid)).toEqual([]);
      expect(world.kakaopay.calls('approve').filter(({ body }) => body.includes(order.tid))).toEqual([]);
      expect(await world.stock('mug')).toEqual({ on_hand: 1, reserved: 0 });
      await eventually(() => {
        expect(world.about(order.id)).toMatchObject([{ type: 'payment.failed', data: { message: CHANGED } }]);
      });
      const sheet = await world.sheet(order.sheetId ?? '', order.user, '', '63001');
      expect(sheet).toMatchObject({ partner_order_id: order.id, total_amount: 15_000 });
      await world.until(await pay(order, sheet, FAR), 'S');
    });

    it('is paid when the sum is the same, and the shop reads which postal code was priced, and its shipping', async () => {
      const order = await world.paidOrder('mug', { more: { shipping_address: ADDRESS } });
      await eventually(() => {
        expect(world.about(order.id)).toMatchObject([
          { type: 'payment.paid', data: { zipCode: '13494', shippingAmount: 3_000, totalAmount: 12_000 } },
        ]);
      });
    });

    it('is priced again when only a code of the other kind was priced', async () => {
      const user = `user-${randomUUID()}`;
      const sheetId = `mug-${user}`;
      const sheet = await world.sheet(sheetId, user, '', '463400');
      const order = { id: sheet.partner_order_id, user, prefix: '', sheetId, sheet, tid: '', token: '' };
      await world.until(await pay(order, sheet, FAR), 'F');
    });

    it('waits for a shop that does not answer, and approves nothing meanwhile', async () => {
      let release = (): void => undefined;
      const answered = new Promise<void>((resolve) => (release = resolve));
      let isBroken = false;
      shop.third = (what) => (isBroken && what === 'sheet' ? answered : Promise.resolve());
      const sheetId = `mug-${randomUUID()}`;
      const user = `user-${randomUUID()}`;
      const sheet = await world.sheet(sheetId, user, '/m/third');
      isBroken = true;
      const order = { id: sheet.partner_order_id, user, prefix: '/m/third', sheetId, sheet, tid: '', token: '' };
      await world.setStock('mug', 1, 'third');
      const paying = await pay(order, sheet, ADDRESS);
      await world.lookNow(paying);
      await eventually(() => {
        expect(world.kakaopay.calls('order').filter(({ body }) => body.includes(paying.tid))).not.toEqual([]);
      });
      expect(world.kakaopay.calls('approve').filter(({ body }) => body.includes(paying.tid))).toEqual([]);
      isBroken = false;
      release();
      await world.until(paying, 'S');
      expect(world.kakaopay.charged(paying.tid)).toEqual([12_000]);
      // The T3 that came meanwhile was looked at in vain; the answer of the shop has it approved without waiting for a look.
      const approvals = `SELECT 1 FROM pgboss.job WHERE name = 'payment.approve' AND data->'data'->>'orderId' = $1`;
      expect((await world.database.query(approvals, [paying.id])).length).toBeGreaterThan(1);
    });
  });

  it.each([{}, { base_address: '', zone_code: null }, { memo: 'x' }])(
    'takes an address without a field (%j) for none: goods that are not sent need no other',
    async (blank) => {
      const order = await world.orderAwaitingPayment('coffee', { more: { shipping_address: blank } });
      await world.callback(order);
      await world.until(order, 'S');
      const user = `user-${randomUUID()}`;
      const sheet = await world.sheet(`mug-${user}`, user, '', '13494');
      const mug = { id: sheet.partner_order_id, user };
      expect(await world.approve(mug, world.kakaopay.ready(sheet), { shipping_address: blank })).toMatchObject({
        status: 500,
        message: '배송지를 입력해 주세요.',
      });
      for (const wrong of ['x', [], { base_address: '판교역로' }])
        expect(await world.approve(mug, 'T-wrong', { shipping_address: wrong })).toMatchObject({ http: 400 });
    },
  );
});
