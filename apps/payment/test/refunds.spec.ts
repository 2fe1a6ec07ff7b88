import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, times, untilLocked } from '@biz/testing';
import { Differences } from '../src/reconciliation/differences';
import { BROKEN, BROKEN_AFTER, DROPPED_AFTER, DROPPED_BEFORE, type Fault, refusal } from './fake-kakaopay';
import { shop } from './shops';
import { ADDRESS, type OrderInHand, World } from './world';

/** An answer to cancel that cannot be of this refund. */
const OTHER_AMOUNTS = { aid: 'A', tid: 'T', status: 'PART_CANCEL_PAYMENT', canceled_amount: { total: 1 } };

describe('a refund', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  it('gives everything back, once for a key however often it is asked, and ends as C', async () => {
    await world.setStock('mug', 1);
    const order = await world.paidOrder('mug', { more: { shipping_address: ADDRESS } });
    expect(await world.stock('mug')).toEqual({ on_hand: 0, reserved: 0 });
    const answers = await Promise.all(times(10, () => world.cancel(order.id, 'key-1', { reason: '고객 변심' })));
    expect(new Set(answers.map(({ body }) => body.refund?.id)).size).toBe(1);
    expect(answers[0]).toMatchObject({ http: 202, body: { refund: { amount: 12_000, vatAmount: 1_091 } } });

    await world.until(order, 'C');
    expect(world.kakaopay.cancelled(order.tid)).toBe(12_000);
    expect(await world.stock('mug')).toEqual({ on_hand: 1, reserved: 0 });
    expect(await world.detail(order.id)).toMatchObject({ state: 'cancelled', refundedAmount: 12_000 });
    await eventually(() => {
      expect(world.about(order.id).map(({ type }) => type)).toEqual(['payment.paid', 'payment.cancelled']);
    });
    expect(world.about(order.id)[1]?.data).toMatchObject({
      state: 'cancelled',
      refund: { amount: 12_000, reason: '고객 변심', whole: true },
    });
    expect((await world.cancel(order.id, 'key-2', { reason: '다시', amount: 1 })).http).toBe(409);
  });

  it('is another request when its key comes with another body: 409, and nothing moves', async () => {
    const order = await world.paidOrder();
    expect((await world.cancel(order.id, 'k', { reason: '하나', amount: 3_500 })).http).toBe(202);
    for (const other of [
      { reason: '하나' },
      { reason: '둘', amount: 3_500 },
      { reason: '하나', amount: 3_500, restock: false },
    ])
      expect((await world.cancel(order.id, 'k', other)).http).toBe(409);
    expect((await world.cancel(order.id, 'k', { amount: 3_500, reason: '하나' })).http).toBe(202);
    await world.refundsDone(order, 1);
    expect(world.kakaopay.cancelled(order.tid)).toBe(3_500);

    const unpaid = await world.orderAwaitingPayment();
    expect((await world.cancel(unpaid.id, 'k', { reason: '하나' })).http).toBeLessThan(300);
    expect((await world.cancel(unpaid.id, 'k', { reason: '둘' })).http).toBe(409);
    expect((await world.cancel(unpaid.id, 'k', { reason: '하나' })).http).toBeLessThan(300);
  });

  it('is booked at KakaoPay’s own time, whether cancel told it or order did', async () => {
    const bookedAt = async (order: OrderInHand): Promise<Date | undefined> =>
      (
        await world.database.query<{ done_at: Date }>('SELECT done_at FROM payment.refunds WHERE order_id = $1', [
          order.id,
        ])
      )[0]?.done_at;
    const total = { canceled_amount: { total: 13_500 } };
    const told = await world.paidOrder();
    const json = { aid: 'A', tid: told.tid, status: 'CANCEL_PAYMENT', ...total, canceled_at: '2026-11-27T23:59:59' };
    world.kakaopay.next('cancel', { work: true, status: 200, json });
    await world.cancel(told.id, 'k', { reason: 'x' });
    await world.refundsDone(told, 1);
    expect(await bookedAt(told)).toEqual(new Date('2026-11-27T14:59:59Z'));
  });

  it('always tells KakaoPay what can still be cancelled', async () => {
    const order = await world.paidOrder();
    await world.cancel(order.id, 'a', { reason: '하나', amount: 500 });
    await world.refundsDone(order, 1);
    await world.cancel(order.id, 'b', { reason: '나머지' });
    await world.refundsDone(order, 2);
    const sent = world.kakaopay
      .calls('cancel')
      .map(({ body }) => Object.fromEntries(new URLSearchParams(body)))
      .filter(({ tid }) => tid === order.tid);
    expect(sent).toMatchObject([
      { cancel_amount: '500', cancel_available_amount: '13500' },
      { cancel_amount: '13000', cancel_available_amount: '13000' },
    ]);
  });

  it('may be partial: the parts add up to the payment, to the won', async () => {
    const order = await world.paidOrder();
    for (const [n, amount] of [1, 4_999, 3_000].entries()) {
      await world.cancel(order.id, `part-${n}`, { reason: '부분 취소', amount });
      await world.refundsDone(order, n + 1);
      expect(await world.status(order)).toEqual({ order_status: 'S' });
    }
    await world.cancel(order.id, 'rest', { reason: '나머지' });
    await world.until(order, 'C');
    const { refunds } = await world.detail(order.id);
    const sum = (pick: (refund: (typeof refunds)[number]) => number) => refunds.reduce((a, each) => a + pick(each), 0);
    expect(sum(({ amount }) => amount)).toBe(13_500);
    expect(sum(({ taxFreeAmount }) => taxFreeAmount)).toBe(20);
    expect(sum(({ vatAmount }) => vatAmount)).toBe(1_225);
    expect(world.kakaopay.cancelled(order.tid)).toBe(13_500);
  });

  it('never gives back more than is left, whichever operators ask at once', async () => {
    const order = await world.paidOrder();
    const answers = await Promise.all(
      times(20, (n) => world.cancel(order.id, `operator-${n}`, { reason: '부분', amount: 1_000 })),
    );
    expect(answers.filter(({ http }) => http === 202)).toHaveLength(13);
    expect(answers.filter(({ http }) => http === 422)).toHaveLength(7);
    await world.refundsDone(order, 13);
    expect(world.kakaopay.cancelled(order.tid)).toBe(13_000);
    expect(await world.detail(order.id)).toMatchObject({ state: 'paid', refundedAmount: 13_000 });
  });

  it('waits for another of the same payment that is on its way', async () => {
    const order = await world.paidOrder();
    const release = world.kakaopay.hold('cancel');
    await world.cancel(order.id, 'slow', { reason: '하나', amount: 4_000 });
    await eventually(async () => {
      expect((await world.detail(order.id)).refunds).toMatchObject([{ state: 'sending' }]);
    });
    await world.cancel(order.id, 'rest', { reason: '나머지' });
    release();
    await world.until(order, 'C');
    const sent = world.kakaopay.calls('cancel').map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
    expect(sent.filter(({ tid }) => tid === order.tid)).toMatchObject([
      { cancel_amount: '4000', cancel_available_amount: '13500' },
      { cancel_amount: '9500', cancel_available_amount: '9500' },
    ]);
  });

  it('of two parts, each lost on its way back, is given once', async () => {
    const order = await world.paidOrder();
    world.kakaopay.next('cancel', DROPPED_AFTER, DROPPED_AFTER);
    await world.cancel(order.id, 'one', { reason: '하나', amount: 4_000 });
    await world.cancel(order.id, 'two', { reason: '둘', amount: 4_000 });
    await world.refundsDone(order, 2);
    expect(world.kakaopay.cancelled(order.tid)).toBe(8_000);
  });

  it.each<[string, Fault[]]>([
    ['drops the line after doing the work', [DROPPED_AFTER]],
    ['drops the line before the work, then after it', [DROPPED_BEFORE, DROPPED_AFTER]],
    ['answers with other amounts and does nothing', [{ work: false, status: 200, json: OTHER_AMOUNTS }]],
    ['drops the line before doing the work', [DROPPED_BEFORE]],
    ['breaks after the work', [BROKEN_AFTER]],
    ['breaks before the work, twice', [BROKEN, BROKEN]],
    ['says that this is a duplicate', [{ ...refusal(-785), work: true }]],
    ['says that it cannot be cancelled right now', [refusal(-781)]],
  ])('gives the money back once when cancel %s', async (_what, faults) => {
    const order = await world.paidOrder();
    world.kakaopay.next('cancel', ...faults);
    await world.cancel(order.id, 'key', { reason: '고객 변심' });
    await world.until(order, 'C');
    expect(world.kakaopay.cancelled(order.tid)).toBe(13_500);
  });

  it.each([-782, -703, -721, -401])(
    'is not failed by a repeat that is refused with %i, when the answer to the first call was lost and order lags',
    async (code) => {
      const order = await world.paidOrder();
      world.kakaopay.next('cancel', DROPPED_AFTER, refusal(code));
      world.kakaopay.set(order.tid, { orderSays: { status: 'SUCCESS_PAYMENT', canceled_amount: { total: 0 } } });
      await world.cancel(order.id, 'key', { reason: '고객 변심' });
      await eventually(async () => {
        const calls = `SELECT outcome, code FROM payment.evidence WHERE order_id = $1 AND operation = 'cancel' ORDER BY id`;
        expect(await world.database.query(calls, [order.id])).toEqual([
          { outcome: 'unknown', code: null },
          { outcome: 'refused', code },
        ]);
      });
      expect((await world.detail(order.id)).refunds).toMatchObject([{ state: 'sending' }]);
      world.kakaopay.set(order.tid, { orderSays: undefined });
      await world.until(order, 'C');
      expect(world.kakaopay.cancelled(order.tid)).toBe(13_500);
      expect(world.about(order.id).map(({ type }) => type)).not.toContain('payment.review');
    },
  );

  it('is not failed by a refusal when another cancel was decided on after the evidence was read', async () => {
    const order = await world.paidOrder();
    let answer = (): void => undefined;
    const until = new Promise<void>((resolve) => (answer = resolve));
    world.kakaopay.next('cancel', { ...refusal(-782), until });
    await world.cancel(order.id, 'key', { reason: '고객 변심' });
    const cancels = `SELECT outcome FROM payment.evidence WHERE order_id = $1 AND operation = 'cancel'`;
    await eventually(async () => {
      expect(await world.database.query(cancels, [order.id])).toEqual([{ outcome: null }]);
    });
    await world.database.dataSource.transaction(async (manager) => {
      await manager.query('SELECT FROM payment.orders WHERE id = $1 FOR NO KEY UPDATE', [order.id]);
      answer();
      await untilLocked(world.database, 'SELECT "Order"."id"%');
      // The refusal is about to count. Another instance decides on a cancel, and it gives the money back.
      await manager.query(
        `INSERT INTO payment.evidence (id, order_id, attempt_id, refund_id, operation, sent_at, may_act_until)
         SELECT gen_random_uuid(), order_id, attempt_id, refund_id, operation, now(), now() + interval '1 minute'
           FROM payment.evidence WHERE order_id = $1 AND operation = 'cancel'`,
        [order.id],
      );
      world.kakaopay.set(order.tid, { cancelled: 13_500, status: 'CANCEL_PAYMENT' });
    });
    await world.until(order, 'C');
    expect(world.about(order.id).map(({ type }) => type)).not.toContain('payment.review');
  });

  it('goes to a person when KakaoPay cancelled something we know nothing of', async () => {
    const order = await world.paidOrder();
    world.kakaopay.next('cancel', DROPPED_BEFORE);
    world.kakaopay.set(order.tid, { cancelled: 700 });
    await world.cancel(order.id, 'key', { reason: '고객 변심' });
    await eventually(async () => {
      expect((await world.detail(order.id)).refunds).toMatchObject([
        { state: 'failed', failureMessage: 'KakaoPay says 700 won are cancelled, we know of 0' },
      ]);
    });
    expect(await world.status(order)).toEqual({ order_status: 'S' });
    await eventually(() => {
      expect(world.about(order.id).map(({ type }) => type)).toEqual(['payment.paid', 'payment.review']);
    });
  });

  it('goes to a person when KakaoPay took another sum than it had said', async () => {
    const order = await world.orderAwaitingPayment();
    world.kakaopay.next('approve', DROPPED_BEFORE);
    world.kakaopay.set(order.tid, { status: 'SUCCESS_PAYMENT', total_amount: 14_500, charges: [14_500] });
    await world.callback(order);
    await eventually(async () => {
      expect((await world.detail(order.id)).state).toBe('review');
    });
    world.kakaopay.set(order.tid, { total_amount: 13_500, charges: [13_500] });
    await world.cancel(order.id, 'key', { reason: '금액 불일치' });
    await eventually(async () => {
      expect((await world.detail(order.id)).refunds).toMatchObject([
        { state: 'failed', failureMessage: 'KakaoPay says 13500 won can be given back, we know of 14500' },
      ]);
    });
  });

  it('like every decision keeps no number of a person that its reason names', async () => {
    const reason = '고객 010-9753-8642, buyer.kim@example.org, 880101-1975310 요청';
    const inReview = async (): Promise<OrderInHand> => {
      const order = await world.orderAwaitingPayment();
      world.kakaopay.next('approve', DROPPED_BEFORE);
      world.kakaopay.set(order.tid, { status: 'SUCCESS_PAYMENT', total_amount: 14_500, charges: [14_500] });
      await world.callback(order);
      await eventually(async () => {
        expect((await world.detail(order.id)).state).toBe('review');
      });
      return order;
    };
    const [paid, accepted, refunded, failing] = [
      await world.paidOrder(),
      await inReview(),
      await inReview(),
      await inReview(),
    ];
    await world.paidOrder('subscription');
    const { body } = await world.operator('subscriptions');
    const [subscription] = (body as { items: { id: string }[] }).items;
    world.kakaopay.set(failing.tid, { total_amount: 13_500, charges: [13_500] });
    await world.cancel(failing.id, 'k', { reason });
    await eventually(async () => {
      expect((await world.detail(failing.id)).refunds).toMatchObject([{ state: 'failed' }]);
    });
    const unheard = await world.paidOrder();
    const [{ attemptId } = { attemptId: '' }] = await world.database.query<{ attemptId: string }>(
      'SELECT id AS "attemptId" FROM payment.attempts WHERE order_id = $1',
      [unheard.id],
    );
    const amount = 13_500;
    const difference = { attemptId, partnerOrderId: unheard.id, merchant: 'first', amount, line: 'x' } as const;
    await world.app.get<Differences>(Differences).record({ ...difference, kind: 'not-asked', kinds: ['not-asked'] });
    const open = (await world.operator(`differences?state=open`)).body as { items: { id: string }[] };
    const ids: Record<string, string | undefined> = {
      '/operator/differences/{id}/give-up': open.items[0]?.id,
      '/operator/orders/{partnerOrderId}/cancel': paid.id,
      '/operator/orders/{partnerOrderId}/accept': accepted.id,
      '/operator/orders/{partnerOrderId}/refund': refunded.id,
      '/operator/orders/{partnerOrderId}/reconcile': paid.id,
      '/operator/refunds/{id}/withdraw': (await world.detail(failing.id)).refunds[0]?.id,
      '/operator/subscriptions/{id}/end': subscription?.id,
    };
    expect(Object.keys(ids).toSorted()).toEqual(routesWithReason());
    for (const [route, id] of Object.entries(ids)) {
      const path = route.replace('/operator/', '').replace(/\{(?:partnerOrderId|id)\}/, id ?? '');
      const headers = { 'Idempotency-Key': 'reasons' };
      const { http } = await world.operator(path, {
        method: 'POST',
        headers,
        body: JSON.stringify({ reason, ...(route.endsWith('/give-up') && { amount }) }),
      });
      expect([route, http]).toEqual([route, http < 300 ? http : 'taken']);
    }
    shop.fulfil = () => Promise.resolve({ refused: `품절: ${reason}` });
    const unwanted = await world.orderAwaitingPayment('coffee', { prefix: '/m/second' });
    await world.callback(unwanted);
    await world.until(unwanted, 'F');
    shop.fulfil = () => Promise.resolve(undefined);
    expect((await world.cancel(paid.id, '010-9753-8642', { reason: 'x' })).http).toBe(400);

    expect(await columnsWith(['[phone], [email], [resident number] 요청'])).toEqual(
      expect.arrayContaining([
        'payment.decisions.reason',
        'payment.differences.reason',
        'payment.history.note',
        'payment.orders.failure_message',
        'payment.refunds.reason',
        'payment.subscriptions.end_reason',
      ]),
    );
    expect(await columnsWith(['010-9753', '9753-8642', 'buyer.kim', '1975310'])).toEqual([]);
  });

  /** Operators' calls that take a reason, as the document of the app has them. */
  const routesWithReason = (): string[] => {
    const document = JSON.parse(readFileSync(join(__dirname, '../../../openapi/payment.json'), 'utf8')) as {
      paths: Record<string, Record<string, { requestBody?: unknown }>>;
      components: { schemas: Record<string, { properties?: Record<string, unknown> }> };
    };
    return Object.entries(document.paths)
      .filter(([path, methods]) => {
        const bodies = JSON.stringify(Object.values(methods).map(({ requestBody }) => requestBody));
        const [, name = ''] = /#\/components\/schemas\/(\w+)/.exec(bodies) ?? [];
        return path.startsWith('/operator/') && document.components.schemas[name]?.properties?.reason !== undefined;
      })
      .map(([path]) => path)
      .toSorted();
  };

  /** Columns of any table in whose values one of the texts stands. */
  const columnsWith = async (texts: string[]): Promise<string[]> => {
    const columns = await world.database.query<{ at: string; table: string; column: string }>(
      `SELECT format('%s.%s.%s', table_schema, table_name, column_name) AS at,
              format('%I.%I', table_schema, table_name) AS table, quote_ident(column_name) AS column
         FROM information_schema.columns
        WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
          AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY')`,
    );
    const asked = columns.map(
      ({ at, table, column }) =>
        `SELECT '${at}' AS at WHERE EXISTS (SELECT FROM ${table}, unnest($1::text[]) AS looked
          WHERE strpos(${column}::text, looked) > 0)`,
    );
    return (await world.database.query<{ at: string }>(asked.join(' UNION ALL '), [texts])).map(({ at }) => at);
  };

  it('refuses what cannot be', async () => {
    const order = await world.paidOrder();
    expect((await world.cancel(order.id, undefined, { reason: 'x' })).http).toBe(400);
    expect((await world.cancel(order.id, 'k', {})).http).toBe(400);
    for (const slip of [{ amount: null }, { amout: 3_500 }, { restock: null }, { reason: null }])
      expect((await world.cancel(order.id, 'k', { reason: 'x', ...slip })).http).toBe(400);
    expect((await world.cancel(order.id, 'k', { reason: 'x', amount: 0 })).http).toBe(400);
    expect((await world.cancel(order.id, 'k', { reason: 'x', amount: 1.5 })).http).toBe(400);
    expect((await world.cancel(order.id, 'k', { reason: 'x', amount: 13_501 })).http).toBe(422);
    expect((await world.cancel('no-such-order', 'k', { reason: 'x' })).http).toBe(404);
    expect((await world.cancel(order.id, 'k', { reason: 'x', amount: 1 })).http).toBe(202);
    expect((await world.cancel(order.id, 'k', { reason: 'x', amount: 2 })).http).toBe(409);
    expect((await fetch(`${world.app.url}/operator/orders`)).status).toBe(401);
  });

  it('cancels an order without money at once, and gives its stock back', async () => {
    await world.setStock('mug', 1);
    const order = await world.orderAwaitingPayment('mug', { more: { shipping_address: ADDRESS } });
    expect(await world.cancel(order.id, 'k', { reason: '품절' })).toMatchObject({
      http: 202,
      body: { state: 'cancelled' },
    });
    expect(await world.status(order)).toEqual({ order_status: 'C' });
    expect(await world.stock('mug')).toEqual({ on_hand: 1, reserved: 0 });
  });

  it('lists orders by state, page by page', async () => {
    await world.paidOrder();
    const seen: string[] = [];
    let cursor = '';
    for (;;) {
      const { body } = await world.operator(`orders?state=paid&limit=2${cursor}`);
      const page = body as { items: { id: string; state: string }[]; nextCursor: string | null };
      expect(page.items.every(({ state }) => state === 'paid')).toBe(true);
      seen.push(...page.items.map(({ id }) => id));
      if (page.nextCursor === null) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    const [{ count } = { count: 0 }] = await world.database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM payment.orders WHERE state = 'paid'`,
    );
    expect(new Set(seen).size).toBe(count);
    expect((await world.operator('orders?state=nonsense')).http).toBe(400);
    expect((await world.operator('orders?cursor=nonsense')).http).toBe(400);
  });
});
