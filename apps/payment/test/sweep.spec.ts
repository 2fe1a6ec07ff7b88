import { randomUUID } from 'node:crypto';
import { eventually } from '@biz/testing';
import { StockSweep, HELD_WITHOUT_ORDER, HOLD_NO_STOCK } from '../src/sweep/stock-sweep';
import { StuckWork } from '../src/sweep/stuck-work';
import { type OrderInHand, World } from './world';

describe('the sweep', () => {
  let world: World;
  beforeAll(async () => {
    // Unscaled: its own run is minutes away.
    world = await World.start({ RETRY_TIME_SCALE: '1' });
  });
  afterAll(() => world.stop());

  /** As a fault would leave it: the stock held, the order in a state that holds none. */
  const heldFor = async (state: string, attempt: string): Promise<{ kind: string; order: OrderInHand }> => {
    const kind = await world.oneLeft();
    const order = await world.orderAwaitingPayment(kind);
    await world.database.query(`UPDATE payment.attempts SET state = $2, closed_at = now() WHERE tid = $1`, [
      order.tid,
      attempt,
    ]);
    await world.database.query(`UPDATE payment.orders SET state = $2 WHERE id = $1`, [order.id, state]);
    return { kind, order };
  };

  const age = (order: { id: string }): Promise<unknown> =>
    Promise.all([
      world.database.query(`UPDATE commerce.reservations SET created_at = '2026-01-01' WHERE order_ref = $1`, [
        order.id,
      ]),
      world.database.query(`UPDATE payment.orders SET updated_at = '2026-01-01' WHERE id = $1`, [order.id]),
      world.database.query(`UPDATE payment.refunds SET updated_at = '2026-01-01' WHERE order_id = $1`, [order.id]),
    ]);

  const run = (): Promise<string[]> => world.app.get<StockSweep>(StockSweep).run();

  it.each([
    ['failed', 'failed'],
    ['cancelled', 'expired'],
    ['open', 'failed'],
    ['cancelled', 'refunded'],
  ])('gives back what a reservation holds whose order is %s', async (state, attempt) => {
    const { kind, order } = await heldFor(state, attempt);
    expect(await run()).toEqual([]);
    await age(order);
    expect(await run()).toEqual([order.id]);
    expect(await world.stock(kind)).toEqual({ on_hand: 1, reserved: 0 });
    expect(await run()).toEqual([]);
    const detail = await world.detail(order.id);
    expect(detail.state).toBe(state);
    expect(detail.history.at(-1)).toMatchObject({
      by: 'platform',
      to: state,
      note: 'sweep: its stock was still held, and is released',
    });
  });

  it('hands over what a paid order still holds, instead of selling it twice', async () => {
    const { kind, order } = await heldFor('paid', 'failed');
    await age(order);
    expect(await run()).toEqual([order.id]);
    expect(await world.stock(kind)).toEqual({ on_hand: 0, reserved: 0 });
  });

  it('gives back what is held for an order that there is not', async () => {
    for (const ref of [randomUUID(), 'no-uuid']) {
      const kind = await world.oneLeft();
      await world.database.query(`UPDATE commerce.stock SET reserved = 1 WHERE sku = $1`, [kind]);
      await world.database.query(
        `INSERT INTO commerce.reservations (merchant_id, order_ref, state, lines, created_at) VALUES ('first', $1, 'held', $2, '2026-01-01')`,
        [ref, JSON.stringify([{ productId: kind, sku: kind, quantity: 1 }])],
      );
      expect(await run()).toEqual([ref]);
      expect(await world.stock(kind)).toEqual({ on_hand: 1, reserved: 0 });
    }
  });

  it.each([
    ['pending', 'waiting'],
    ['approving', 'approving'],
    ['fulfilling', 'failed'],
    ['failed', 'waiting'],
    ['cancelled', 'approving'],
  ])(
    'leaves the stock of an order alone that is %s with a payment %s: money may still arrive',
    async (state, attempt) => {
      const { kind, order } = await heldFor(state, attempt);
      await world.database.query(`UPDATE payment.attempts SET look_at = NULL WHERE tid = $1`, [order.tid]);
      await age(order);
      expect(await run()).toEqual([]);
      expect(await world.stock(kind)).toEqual({ on_hand: 1, reserved: 1 });
      await world.database.query(`UPDATE commerce.reservations SET state = 'released' WHERE order_ref = $1`, [
        order.id,
      ]);
      await world.database.query(`UPDATE payment.orders SET state = 'cancelled' WHERE id = $1`, [order.id]);
    },
  );

  const stuck = (): StuckWork => world.app.get<StuckWork>(StuckWork);

  it('ends an order whose payments are all over, and gives its stock back', async () => {
    const { kind, order } = await heldFor('pending', 'expired');
    expect(await stuck().endOrders()).toEqual([]);
    await age(order);
    expect(await stuck().endOrders()).toEqual([order.id]);
    expect(await world.status(order)).toEqual({
      order_status: 'F',
      message: '결제가 완료되지 않았습니다. 다시 시도해 주세요.',
    });
    expect(await world.stock(kind)).toEqual({ on_hand: 1, reserved: 0 });
    await eventually(() => {
      expect(world.about(order.id)).toMatchObject([{ type: 'payment.failed' }]);
    });
  });

  it('shows a person an order that did not follow its payment, and leaves one alone that is being paid', async () => {
    const { kind, order } = await heldFor('approving', 'failed');
    await world.database.query(
      `UPDATE payment.attempts SET state = 'paid', charged_amount = 12000, charged_tax_free = 0, charged_vat = 1091 WHERE tid = $1`,
      [order.tid],
    );
    const live = await world.orderAwaitingPayment();
    await Promise.all([age(order), age(live)]);
    expect(await stuck().endOrders()).toEqual([order.id]);
    expect(await world.detail(order.id)).toMatchObject({
      state: 'review',
      reviewReason: 'a payment is paid, but the order did not follow',
    });
    expect(await world.stock(kind)).toEqual({ on_hand: 1, reserved: 1 });
    expect((await world.detail(live.id)).state).toBe('pending');
  });

  it('shows a person work whose job is lost, long after its schedule', async () => {
    const { order } = await heldFor('fulfilling', 'failed');
    const paid = await world.paidOrder();
    await world.database.query(
      `INSERT INTO payment.refunds (id, order_id, attempt_id, merchant, state, cause, reason, idempotency_key, amount,
         tax_free_amount, vat_amount, restock, asked_at, created_at, updated_at)
       SELECT gen_random_uuid(), order_id, id, merchant, 'sending', 'operator', 'x', 'x', 5, 0, 0, false, now(), now(), now()
         FROM payment.attempts WHERE tid = $1`,
      [paid.tid],
    );
    expect([await stuck().giveUpFulfilments(), await stuck().giveUpRefunds()]).toEqual([[], []]);
    await Promise.all([age(order), age(paid)]);
    expect(await stuck().giveUpFulfilments()).toEqual([order.id]);
    expect(await stuck().giveUpRefunds()).toHaveLength(1);
    expect((await world.detail(order.id)).state).toBe('review');
    expect((await world.detail(paid.id)).refunds).toMatchObject([{ state: 'failed' }]);
  });

  it('finds the old among many reservations by the index', async () => {
    await world.database.query(
      `INSERT INTO commerce.reservations (merchant_id, order_ref, state, lines, created_at)
       SELECT 'first', 'old' || n, CASE WHEN n % 1000 = 0 THEN 'held' ELSE 'committed' END, '[]', now() - n * interval '1 minute'
         FROM generate_series(1, 50000) AS n`,
    );
    await world.database.query('ANALYZE commerce.reservations, payment.orders, payment.attempts');
    const plan = await world.database.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${HELD_WITHOUT_ORDER}`, [
      '2026-01-01',
      '-infinity',
      '',
      HOLD_NO_STOCK,
    ]);
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('reservations_held');
    expect(await run()).toHaveLength(50);
  });
});

it('the sweep runs by itself, and counts what it found', async () => {
  const world = await World.start();
  const kind = 'left';
  await world.setStock(kind, 1);
  await world.database.query(`UPDATE commerce.stock SET reserved = 1 WHERE sku = $1`, [kind]);
  await world.database.query(
    `INSERT INTO commerce.reservations (merchant_id, order_ref, state, lines, created_at) VALUES ('first', 'x', 'held', $1, '2026-01-01')`,
    [JSON.stringify([{ productId: kind, sku: kind, quantity: 1 }])],
  );
  await eventually(async () => {
    expect(await world.stock(kind)).toEqual({ on_hand: 1, reserved: 0 });
    const metrics = await (await fetch(`${world.app.url}/metrics`)).text();
    expect(metrics).toContain('payment_swept_total{what="stock"} 1');
  });
  await world.stop();
});
