import { eventually, listenToStatements, ManualClock, stillStatistics } from '@biz/testing';
import { LOOK_AFTER } from '../src/attempts/reconciler';
import { type OrderInHand, World } from './world';

/** Nobody tells us how a payment ended: we look, on a schedule that stands in the attempt. */
describe('the reconciler', () => {
  let world: World;
  let clock: ManualClock;
  beforeEach(async () => {
    clock = new ManualClock(new Date('2026-11-23T03:00:00Z'));
    world = await World.start({ RETRY_TIME_SCALE: '1', TID_TTL_SECONDS: '900' }, clock);
  });
  afterEach(() => world.stop());

  const looksAt = ({ tid }: OrderInHand): number =>
    world.kakaopay.calls('order').filter(({ body }) => body.includes(tid)).length;
  const attemptOf = async ({ tid }: OrderInHand) => {
    const [row] = await world.database.query<{ looks: number; look_at: Date; state: string }>(
      `SELECT looks, look_at, state FROM payment.attempts WHERE tid = $1`,
      [tid],
    );
    return row;
  };
  const rested = (order: OrderInHand, looks: number): Promise<void> =>
    eventually(async () => {
      const attempt = await attemptOf(order);
      expect(attempt).toMatchObject({ looks });
      // The next look is on the schedule, not the time after which a dead process is taken over.
      const wait = ((attempt?.look_at.getTime() ?? 0) - clock.now().getTime()) / 1000 / (LOOK_AFTER[looks] ?? 0);
      expect(wait).toBeGreaterThanOrEqual(0.9);
      expect(wait).toBeLessThanOrEqual(1.1);
    });

  it('looks when it is time, not before, and less and less often', async () => {
    const order = await world.orderAwaitingPayment();
    expect((await attemptOf(order))?.look_at).toEqual(new Date('2026-11-23T03:00:05Z'));
    clock.advance(4_000);
    const other = await world.orderAwaitingPayment();
    clock.advance(1_000);
    await rested(order, 1);
    expect(looksAt(order)).toBe(1);
    expect(looksAt(other)).toBe(0);
    clock.advance(12_000);
    await rested(order, 2);
    await rested(other, 1);
  });

  it('looks once more just behind the end of the tid, and then the order fails', async () => {
    const order = await world.orderAwaitingPayment();
    await world.database.query(`UPDATE payment.attempts SET looks = 6, look_at = $2 WHERE tid = $1`, [
      order.tid,
      new Date('2026-11-23T03:13:00Z'),
    ]);
    clock.advance(13 * 60_000);
    await eventually(async () => {
      expect(await attemptOf(order)).toMatchObject({ looks: 7, look_at: new Date('2026-11-23T03:15:01Z') });
    });
    clock.advance(2 * 60_000 + 1_000);
    await world.until(order, 'F');
    expect(await attemptOf(order)).toMatchObject({ state: 'expired' });
  });

  it('takes over the look of a process that died in the middle of it', async () => {
    const order = await world.orderAwaitingPayment();
    const release = world.kakaopay.hold('order');
    clock.advance(5_000);
    // Three calls of a minute at most, and three seconds more: then the process that looks counts as dead.
    const takenOverAt = new Date('2026-11-23T03:03:08Z');
    await eventually(async () => {
      expect(await attemptOf(order)).toMatchObject({ looks: 1, look_at: takenOverAt });
    });
    release();
    await rested(order, 1);

    world.kakaopay.set(order.tid, { status: 'QUIT_PAYMENT' });
    await world.database.query(`UPDATE payment.attempts SET look_at = $2 WHERE tid = $1`, [order.tid, takenOverAt]);
    clock.advance(183_000);
    await world.until(order, 'F');
  });

  it('shows a person the payment whose end KakaoPay never told', async () => {
    const order = await world.orderAwaitingPayment();
    await world.database.query(`UPDATE payment.attempts SET looks = $2 WHERE tid = $1`, [order.tid, LOOK_AFTER.length]);
    world.kakaopay.next('order', { work: false, status: 502, text: 'bad gateway' });
    clock.advance(5_000);
    await eventually(async () => {
      expect(await world.detail(order.id)).toMatchObject({
        state: 'review',
        reviewReason: 'KakaoPay never said how this payment ended',
      });
    });
  });

  it('finds what is due of each merchant by an index, however many payments are over', async () => {
    const order = await world.orderAwaitingPayment();
    await world.database.query(
      `WITH copied AS (
         INSERT INTO payment.orders
         SELECT (jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(), 'sheet_id', 'old-' || n, 'state', 'paid'))).*
           FROM payment.orders o, generate_series(1, 2000) n WHERE o.id = $1 RETURNING id)
       INSERT INTO payment.attempts
       SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'order_id', copied.id, 'tid', copied.id,
                 'state', 'expired'))).* FROM payment.attempts a, copied WHERE a.order_id = $1`,
      [order.id],
    );
    await stillStatistics(world.database);
    const said: [text: string, values: unknown[]][] = [];
    listenToStatements(world.app, ({ text, values }) => {
      if (text.includes('SET looks = looks + 1')) said.push([text, values]);
    });
    await eventually(() => {
      expect(said).not.toEqual([]);
    });
    const [[text, values] = ['', []]] = said;
    const rows = await world.database.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(/Index Scan using attempts_to_look_at.*\n *Index Cond: \(\(merchant = .*look_at <= /);
    expect(plan).toMatch(/Index Only Scan using attempts_to_look_at/);
    expect(plan).not.toContain('Seq Scan on attempts');
  });
});
