import { ManualClock } from '@biz/testing';
import { World } from './world';

describe('what needs attention', () => {
  const clock = new ManualClock(new Date());
  let world: World;
  beforeAll(async () => {
    // No tid ends while the clock goes on: its order would be one more in review.
    world = await World.start({ TID_TTL_SECONDS: '1000000' }, clock);
  });
  afterAll(() => world.stop());

  const gauge = async (what: string): Promise<number> => {
    const text = await (await fetch(`${world.app.url}/metrics`)).text();
    return Number(new RegExp(`payment_attention\\{what="${what}"\\} (\\d+)`).exec(text)?.[1]);
  };
  const listed = async (query: string): Promise<string[]> => {
    const { body } = await world.operator(`orders?attention=true&${query}`);
    return (body as { items: { id: string }[] }).items.map(({ id }) => id);
  };

  it('is counted at most every fifteen seconds, and listed', async () => {
    await world.paidOrder();
    const [review, attempt, refund, slow] = [
      await world.orderAwaitingPayment(),
      await world.orderAwaitingPayment(),
      await world.orderAwaitingPayment(),
      await world.orderAwaitingPayment(),
    ];
    const kinds = ['order-in-review', 'attempt-in-review', 'refund-failed', 'order-unfinished'];
    clock.advance(15_000);
    for (const kind of kinds) expect(await gauge(kind)).toBe(0);
    expect(await listed('')).toEqual([]);

    const { query } = world.database;
    await query(`UPDATE payment.orders SET state = 'review', review_reason = 'x' WHERE id = $1`, [review.id]);
    await query(`UPDATE payment.attempts SET state = 'review' WHERE tid = $1`, [attempt.tid]);
    await query(
      `INSERT INTO payment.refunds (id, order_id, attempt_id, merchant, state, cause, reason, idempotency_key, amount,
         tax_free_amount, vat_amount, restock, asked_at, created_at, updated_at)
       SELECT gen_random_uuid(), order_id, id, merchant, 'failed', 'operator', 'x', 'x', 5, 0, 0, false, now(), now(), now()
         FROM payment.attempts WHERE tid = $1`,
      [refund.tid],
    );
    await query(`UPDATE payment.orders SET updated_at = $2 WHERE id = $1`, [
      slow.id,
      new Date(clock.now().getTime() - 3_700_000),
    ]);
    for (const kind of kinds) expect(await gauge(kind)).toBe(0);
    clock.advance(15_000);
    for (const kind of kinds) expect(await gauge(kind)).toBe(1);

    const all = [review.id, attempt.id, refund.id].sort().reverse();
    expect(await listed('')).toEqual(all);
    expect(await listed('limit=1')).toEqual(all.slice(0, 1));
    expect(await listed(`cursor=${all[0] ?? ''}`)).toEqual(all.slice(1));
    expect(await listed('state=review')).toEqual([review.id]);
    expect((await world.operator('orders?attention=no')).http).toBe(400);
  });

  it('is told by an app whose database does not answer, too', async () => {
    await world.database.query('ALTER TABLE payment.refunds RENAME TO hidden');
    clock.advance(15_000);
    expect(await gauge('refund-failed')).toBeNaN();
    await world.database.query('ALTER TABLE payment.hidden RENAME TO refunds');
    clock.advance(15_000);
    expect(await gauge('refund-failed')).toBe(1);
  });
});
