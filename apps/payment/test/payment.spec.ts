import { randomUUID } from 'node:crypto';
import type { OrderToPay } from '@biz/merchant';
import { customerPath, eventually, times } from '@biz/testing';
import { draft } from './drafts';
import { shop } from './shops';
import { ADDRESS, World } from './world';

describe('a payment', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  it('goes from the order sheet to S, and the shop is told once', async () => {
    const order = await world.orderAwaitingPayment();
    expect(await world.status(order)).toEqual({ order_status: 'W' });
    expect(await world.callback(order)).toEqual({ http: 200, status: 200 });
    await world.until(order, 'S');

    expect(world.kakaopay.charged(order.tid)).toEqual([13_500]);
    await eventually(() => {
      expect(world.about(order.id)).toEqual([
        expect.objectContaining({
          type: 'payment.paid',
          data: expect.objectContaining({
            merchant: 'first',
            partnerOrderId: order.id,
            totalAmount: 13_500,
            tid: order.tid,
            approvedAt: '2026-11-23T03:00:00.000Z',
            state: 'paid',
          }) as object,
        }),
      ]);
    });
    const { state, attempts, history } = await world.detail(order.id);
    expect(state).toBe('paid');
    expect(attempts).toMatchObject([{ tid: order.tid, state: 'paid', calls: 1 }]);
    expect(history.filter(({ subject }) => subject === 'order').map(({ to }) => to)).toEqual([
      'open',
      'pending',
      'approving',
      'paid',
    ]);
  });

  it('charges once when twenty T3 callbacks and the reconciler meet', async () => {
    const order = await world.orderAwaitingPayment();
    world.kakaopay.holdApprovals();
    const answers = await Promise.all(times(20, () => world.callback(order)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    world.kakaopay.releaseApprovals();

    await world.until(order, 'S');
    expect(world.kakaopay.charged(order.tid)).toEqual([13_500]);
    expect(await world.callback(order)).toMatchObject({ status: 200 });
  });

  it('takes T3 as a POST with a form', async () => {
    const order = await world.orderAwaitingPayment();
    const url = new URL(new URL(order.sheet.approval_url).searchParams.get('approval_url')!);
    const response = await fetch(world.app.url + url.pathname, {
      method: 'POST',
      body: new URLSearchParams({ pg_token: order.token }),
    });
    expect([response.status, await response.json()]).toEqual([200, { status: 200 }]);
    await world.until(order, 'S');
  });

  it('pays when T3 overtakes T2', async () => {
    const user = `user-${randomUUID()}`;
    const sheet = await world.sheet(`coffee-${user}`, user);
    const tid = world.kakaopay.ready(sheet);
    const order = { id: sheet.partner_order_id, user, prefix: '', sheet, tid, token: world.kakaopay.authenticate(tid) };
    expect(await world.callback(order)).toMatchObject({ status: 200 });
    expect(await world.approve(order, tid)).toMatchObject({ status: 200 });
    await world.until(order, 'S');
  });

  it('gives each of the T2 that come at once an answer of its own: one bad order does not fail its neighbours', async () => {
    await world.setStock('mug', 3);
    const sheets = await Promise.all(times(6, (at) => world.sheet(`mug-${randomUUID()}`, `together-${at}`)));
    const orders = sheets.map((sheet, at) => ({ id: sheet.partner_order_id, user: `together-${at}` }));
    const tids = sheets.map((sheet) => world.kakaopay.ready(sheet));
    tids[2] = tids[1] ?? '';
    const stranger = { id: orders[3]?.id ?? '', user: 'somebody-else' };
    const answers = await Promise.all([
      ...orders.map((order, at) => world.approve(order, tids[at] ?? '', at === 4 ? {} : { shipping_address: ADDRESS })),
      world.approve(stranger, 'T-stranger', { shipping_address: ADDRESS }),
      world.approve({ id: randomUUID(), user: 'nobody' }, 'T-nobody'),
    ]);
    const [one, two, three, four, unaddressed, six, strange, unknown] = answers;
    expect(unaddressed).toMatchObject({ status: 500, message: '배송지를 입력해 주세요.' });
    expect(strange).toMatchObject({ http: 200, status: 400 });
    expect(unknown).toMatchObject({ http: 200, status: 300 });
    // Orders 2 and 3 were given the same tid: one of them has it; of the five that could be paid, three got a piece.
    expect([two, three]).toContainEqual(expect.objectContaining({ status: 500 }));
    expect([one, two, three, four, six].filter((answer) => answer?.status === 200)).toHaveLength(3);
    expect(await world.stock('mug')).toEqual({ on_hand: 3, reserved: 3 });
    const made = await world.database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM payment.attempts WHERE order_id = ANY($1)`,
      [orders.map(({ id }) => id)],
    );
    expect(made).toEqual([{ count: 3 }]);
  });

  it('reserves once and answers alike when twenty T2 of one tid come at once', async () => {
    await world.setStock('mug', 30);
    const user = `user-${randomUUID()}`;
    const sheet = await world.sheet(`mug-${user}`, user);
    const order = { id: sheet.partner_order_id, user };
    const tid = world.kakaopay.ready(sheet);
    const answers = await Promise.all(times(20, () => world.approve(order, tid, { shipping_address: ADDRESS })));
    expect(answers).toEqual(times(20, () => ({ http: 200, status: 200 })));
    expect(await world.stock('mug')).toEqual({ on_hand: 30, reserved: 1 });
    expect((await world.detail(order.id)).attempts).toHaveLength(1);
  });

  it('sells the last piece to one of ten buyers', async () => {
    await world.setStock('mug', 1);
    const answers = await Promise.all(
      times(10, async (n) => {
        const user = `buyer-${n}-${randomUUID()}`;
        const sheet = await world.sheet(`mug-${user}`, user);
        const order = { id: sheet.partner_order_id, user };
        return world.approve(order, world.kakaopay.ready(sheet), { shipping_address: ADDRESS });
      }),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ message }) => message === '주문 상품이 품절되었습니다.')).toHaveLength(9);
    expect(await world.stock('mug')).toEqual({ on_hand: 1, reserved: 1 });
  });

  const eventsOf = async (orderId: string): Promise<string[]> =>
    (
      await world.database.query<{ type: string }>(
        'SELECT type FROM merchant.deliveries WHERE subject = $1 ORDER BY id',
        [orderId],
      )
    ).map(({ type }) => type);

  it('tells a buyer who came too late by T4 why, and lets them try again', async () => {
    await world.setStock('mug', 0);
    const user = randomUUID();
    const sheet = await world.sheet(`mug-${user}`, user);
    const order = { id: sheet.partner_order_id, user };
    const tid = world.kakaopay.ready(sheet);
    // Kakao may call again, also at the same moment: the shop is told once.
    const soldOut = () => world.approve(order, tid, { shipping_address: ADDRESS });
    for (const { status } of [await soldOut(), ...(await Promise.all(times(3, soldOut)))]) expect(status).toBe(500);
    expect(await world.status(order)).toEqual({ order_status: 'F', message: '주문 상품이 품절되었습니다.' });
    const told = { type: 'payment.failed', data: { state: 'failed', message: '주문 상품이 품절되었습니다.' } };
    expect(await eventsOf(order.id)).toEqual([told.type]);
    await eventually(() => {
      expect(world.about(order.id)).toMatchObject([told]);
    });
    // Sold out is news to an order that had failed for another reason.
    await world.database.query(`UPDATE payment.orders SET failure_message = '한도 초과' WHERE id = $1`, [order.id]);
    expect(await soldOut()).toMatchObject({ status: 500 });
    expect(await world.status(order)).toEqual({ order_status: 'F', message: '주문 상품이 품절되었습니다.' });
    expect(await eventsOf(order.id)).toEqual([told.type, told.type]);
    await world.setStock('mug', 1);
    const again = await world.sheet(`mug-${user}`, user);
    expect(again.partner_order_id).toBe(order.id);
    expect(await world.approve(order, world.kakaopay.ready(again), { shipping_address: ADDRESS })).toMatchObject({
      status: 200,
    });
    expect(await world.status(order)).toMatchObject({ order_status: 'W' });
  });

  it('commits the stock when paid and tells the shop the address, which is stored sealed', async () => {
    await world.setStock('mug', 3);
    const order = await world.paidOrder('mug', { more: { shipping_address: ADDRESS } });
    expect(await world.stock('mug')).toEqual({ on_hand: 2, reserved: 0 });
    await eventually(() => {
      expect(world.about(order.id)[0]?.data.shippingAddress).toEqual({
        baseAddress: ADDRESS.base_address,
        detailAddress: ADDRESS.detail_address,
        zoneCode: '13494',
        receiverName: '수령인',
        receiverMobileNumber: '01011112222',
      });
    });
    const stored = JSON.stringify(
      await world.database.query(
        `SELECT o.*, c.* FROM payment.orders o JOIN payment.callbacks c ON c.order_id = o.id WHERE o.id = $1`,
        [order.id],
      ),
    );
    expect(stored).not.toMatch(/수령인|판교역로|01011112222/);
    expect(stored).not.toContain(order.token);
  });

  it('tells strangers nothing: 400 to another user, 300 for an order that is none', async () => {
    const order = await world.orderAwaitingPayment();
    const stranger = { ...order, user: 'stranger' };
    const path = `/order/status?order_id=`;
    expect(await world.get(path + order.id, 'stranger')).toMatchObject({ http: 200, status: 400 });
    expect(await world.approve(stranger, 'T1')).toMatchObject({ http: 200, status: 400 });
    for (const id of [randomUUID(), '23452366', "'; DROP TABLE"]) {
      expect(await world.get(path + encodeURIComponent(id), 'stranger')).toMatchObject({ http: 200, status: 300 });
      expect(await world.approve({ id, user: 'stranger' }, 'T1')).toMatchObject({ http: 200, status: 300 });
    }
    expect(await world.get(path + order.id)).toMatchObject({ http: 200, status: 400 });
    expect(await world.get('/order/status', order.user)).toMatchObject({ http: 400, status: 400 });
    expect(await world.get(`/status?order_id=${order.id}`, order.user)).toMatchObject({ status: 200 });
  });

  it('never mixes two merchants', async () => {
    const mine = await world.orderAwaitingPayment();
    const theirs = await world.orderAwaitingPayment('coffee', { prefix: '/m/second' });
    expect(theirs.sheet.approval_url).toMatch(/^http:\/\/127.0.0.1:\d+\/m\/[0-9a-f]{32}\/order\/callback\/[\w-]{44}$/);
    expect(new URL(theirs.sheet.approval_url).pathname).toContain(`${customerPath('/m/second')}/`);
    expect(await world.get(`/m/second/order/status?order_id=${mine.id}`, mine.user)).toMatchObject({ status: 300 });
    expect(await world.get(`/order/status?order_id=${theirs.id}`, theirs.user)).toMatchObject({ status: 300 });
    expect(await world.approve({ ...mine, prefix: '/m/second' }, mine.tid)).toMatchObject({ status: 300 });
    expect(await world.get('/m/nobody/order/status?order_id=1', 'x')).toMatchObject({ http: 404 });

    const key = new URL(theirs.sheet.approval_url).pathname.split('/').at(-1)!;
    expect(await world.get(`/order/callback/${key}?pg_token=${theirs.token}`)).toMatchObject({ status: 300 });
    await world.callback(theirs);
    await world.until(theirs, 'S');
    expect(world.kakaopay.calls('approve').find(({ body }) => body.includes(theirs.tid))).toMatchObject({
      path: '/online/v1/payment/approve',
      headers: { authorization: 'SECRET_KEY DEVsecond-pay-secret-key' },
    });
    expect(world.kakaopay.charged(mine.tid)).toEqual([]);
  });

  it('changes nothing on a T3 that is unknown, foreign or malformed', async () => {
    const [order, other] = [await world.orderAwaitingPayment(), await world.orderAwaitingPayment()];
    const url = new URL(new URL(order.sheet.approval_url).searchParams.get('approval_url')!);
    expect(await world.get('/order/callback?pg_token=x&partner_order_id=' + order.id)).toMatchObject({ status: 300 });
    expect(await world.get(`/order/callback/${'A'.repeat(44)}?pg_token=x`)).toMatchObject({ http: 200, status: 300 });
    for (const odd of [
      '~'.repeat(44),
      '-'.repeat(44),
      '한'.repeat(44),
      '%00'.repeat(44),
      'A'.repeat(22) + '='.repeat(22),
    ]) {
      for (const route of ['callback', 'cancel', 'fail']) {
        expect((await world.get(`/order/${route}/${odd}?pg_token=x`)).http).toBe(200);
      }
    }
    const forged = url.pathname.slice(0, -1) + (url.pathname.endsWith('A') ? 'B' : 'A');
    expect(await world.get(`${forged}?pg_token=x`)).toMatchObject({ http: 200, status: 300 });
    expect(await world.get(`${url.pathname}?pg_token=x&partner_order_id=${other.id}`)).toMatchObject({ status: 300 });
    expect(await world.get(`${url.pathname}?pg_token=x&partner_user_id=somebody`)).toMatchObject({ status: 300 });
    expect(await world.get(url.pathname)).toMatchObject({ http: 400, status: 400 });
    expect((await world.detail(order.id)).state).toBe('pending');
    expect(await world.database.query(`SELECT 1 FROM payment.callbacks WHERE order_id = $1`, [order.id])).toEqual([]);
  });

  it('is not spoilt by a token that is not its own', async () => {
    const order = await world.orderAwaitingPayment();
    expect(await world.callback(order, 'a-wrong-token')).toMatchObject({ status: 200 });
    await eventually(async () => {
      expect((await world.detail(order.id)).history.map(({ note }) => note)).toContain(
        'approve refused with -708: wrong pg_token',
      );
    });
    expect(await world.status(order)).toEqual({ order_status: 'W' });
    await world.callback(order);
    await world.until(order, 'S');
    expect(world.kakaopay.charged(order.tid)).toEqual([13_500]);
  });

  it('answers 301 and 401 in T2 and stores nothing', async () => {
    const user = `user-${randomUUID()}`;
    const sheet = await world.sheet(`coffee-${user}`, user);
    const order = { id: sheet.partner_order_id, user };
    for (const [permission, status] of [
      ['closed', 301],
      ['restricted', 401],
    ] as const) {
      shop.permission = permission;
      expect(await world.approve(order, world.kakaopay.ready(sheet))).toMatchObject({ http: 200, status });
    }
    shop.permission = 'allowed';
    expect(await world.detail(order.id)).toMatchObject({ state: 'open', attempts: [] });
  });

  it('is refused at T2, uncharged, when the shop has set the last piece aside for another order', async () => {
    const asked: OrderToPay[] = [];
    const zipCodes: (string | undefined)[] = [];
    let holder: string | undefined;
    shop.policy = (order, { zipCode }) => {
      asked.push(order);
      zipCodes.push(zipCode);
      holder ??= order.partnerOrderId;
      return holder === order.partnerOrderId ? 'allowed' : 'sold-out';
    };
    const order = await world.orderAwaitingPayment();
    expect(asked).toEqual([
      {
        partnerOrderId: order.id,
        orderSheetId: order.sheetId,
        lines: shop.sheets.coffee?.({ appUserId: order.user }).lines,
        totalAmount: 13_500,
      },
    ]);
    const user = `user-${randomUUID()}`;
    const sheet = await world.sheet(`coffee-${user}`, user);
    const late = { id: sheet.partner_order_id, user };
    const soldOut = { status: 500, message: '주문 상품이 품절되었습니다.' };
    expect(await world.approve(late, world.kakaopay.ready(sheet))).toMatchObject(soldOut);
    expect(await world.status(late)).toEqual({ order_status: 'F', message: soldOut.message });
    await eventually(() => {
      expect(world.about(late.id)).toMatchObject([{ type: 'payment.failed', data: { message: soldOut.message } }]);
    });
    // The first is asked about again with a new tid, and has its piece.
    const tid = world.kakaopay.ready(order.sheet);
    expect(await world.approve(order, tid, { shipping_address: ADDRESS })).toMatchObject({ status: 200 });
    expect(zipCodes).toEqual([undefined, undefined, ADDRESS.zone_code]);
    await Promise.all(times(3, () => world.approve(late, 'T-late')));
    expect(await eventsOf(late.id)).toHaveLength(1);
    holder = undefined;
    expect(await world.approve(late, world.kakaopay.ready(sheet))).toMatchObject({ status: 200 });
    // Of what cannot be paid the shop is not asked.
    await world.get(new URL(order.sheet.cancel_url).pathname);
    const before = asked.length;
    await world.cancel(order.id, 'gone', { reason: '판매 중지' });
    expect(await world.approve(order, world.kakaopay.ready(order.sheet))).toMatchObject({ status: 300 });
    expect(asked).toHaveLength(before);
    shop.policy = undefined;
    shop.permission = 'sold-out';
    expect(await world.get(`/ordersheet?ordersheet_id=coffee-new`, user)).toMatchObject(soldOut);
    shop.permission = 'allowed';
  });

  it('answers 300 to T1 and T2 of an order that is paid', async () => {
    const user = `user-${randomUUID()}`;
    const sheet = await world.sheet('coffee-paid', user);
    const tid = world.kakaopay.ready(sheet);
    const order = { id: sheet.partner_order_id, user, prefix: '', sheet, tid, token: world.kakaopay.authenticate(tid) };
    await world.approve(order, tid);
    await world.callback(order);
    await world.until(order, 'S');
    expect(await world.get('/ordersheet?ordersheet_id=coffee-paid', user)).toMatchObject({ http: 200, status: 300 });
    expect(await world.approve(order, world.kakaopay.ready(sheet))).toMatchObject({ http: 200, status: 300 });
    expect(await world.approve(order, tid)).toMatchObject({ http: 200, status: 200 });
  });

  it('pays a draft of the option plugin once', async () => {
    await world.setStock('shirt', 5);
    const user = `user-${randomUUID()}`;
    const id = await draft(world, user, [{ productId: 'shirt', sku: 'shirt', quantity: 2 }]);
    const sheet = await world.sheet(id, user);
    const tid = world.kakaopay.ready(sheet);
    const order = { id: sheet.partner_order_id, user, prefix: '', sheet, tid, token: world.kakaopay.authenticate(tid) };
    await world.approve(order, tid);
    await world.callback(order);
    await world.until(order, 'S');
    expect(await world.stock('shirt')).toEqual({ on_hand: 3, reserved: 0 });
    expect(await world.database.query(`SELECT order_ref FROM commerce.drafts WHERE id = $1`, [id])).toEqual([
      { order_ref: order.id },
    ]);
    expect(await world.get(`/ordersheet?ordersheet_id=${id}`, user)).toMatchObject({ http: 200, status: 300 });
  });

  it("waits for the shop's own order work, tries it again, and sends the money back when the shop refuses", async () => {
    let calls = 0;
    let finish: () => void = () => undefined;
    shop.fulfil = () => {
      calls++;
      if (calls === 1) return Promise.reject(new Error('the warehouse is down'));
      return new Promise((resolve) => {
        finish = () => {
          resolve(undefined);
        };
      });
    };
    const order = await world.orderAwaitingPayment('coffee', { prefix: '/m/second' });
    await world.callback(order);
    await eventually(() => {
      expect(calls).toBe(2);
    });
    expect(await world.status(order)).toEqual({ order_status: 'W' });
    finish();
    await world.until(order, 'S');

    // An answer that cannot be used is asked for again; the shop's words are one line of 200 at most.
    const words = `${'주문이'.normalize('NFD')}\r\n마감되었습니다.${'😀'.repeat(120)}`;
    const answers: unknown[] = [{ refuse: '품절' }, { refused: null }, { refused: ' \u200B' }, 'no', []];
    shop.fulfil = () => Promise.resolve((answers.shift() ?? { refused: words }) as { refused: string });
    const refused = await world.orderAwaitingPayment('coffee', { prefix: '/m/second' });
    await world.callback(refused);
    await eventually(async () => {
      expect(await world.status(refused)).toEqual({
        order_status: 'F',
        message: `주문이 마감되었습니다.${'😀'.repeat(93)}…`,
      });
      expect(world.kakaopay.cancelled(refused.tid)).toBe(13_500);
    });
  });
});
