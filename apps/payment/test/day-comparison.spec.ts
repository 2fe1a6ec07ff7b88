import { eventually, times } from '@biz/testing';
import { DayComparison } from '../src/reconciliation/day-comparison';
import type { Finding } from '../src/reconciliation/finding';
import { BROKEN, DROPPED_AFTER, DROPPED_BEFORE, refusal } from './fake-kakaopay';
import { type OrderInHand, World } from './world';

describe('the comparison of a day with KakaoPay', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  const korea = (at: Date): string => new Date(at.getTime() + 9 * 3_600_000).toISOString().slice(0, 10);
  const today = korea(new Date());

  const compare = async (day = today, merchant?: string): Promise<Finding[]> => {
    const findings: Finding[] = [];
    for await (const finding of world.app.get<DayComparison>(DayComparison).of(day, merchant)) findings.push(finding);
    return findings;
  };

  const of = async (order: OrderInHand, day?: string): Promise<Finding | undefined> =>
    (await compare(day)).find(({ partnerOrderId }) => partnerOrderId === order.id);

  const refunded = async (order: OrderInHand, amount: number): Promise<void> => {
    await world.cancel(order.id, `refund-${amount}`, { reason: '환불', amount });
    await eventually(async () => {
      expect((await world.detail(order.id)).refunds.map(({ state }) => state)).toEqual(['done']);
    });
  };

  it('finds nothing where there is nothing: paid, in part and whole given back, free, waiting, left, failed', async () => {
    const paid = await world.paidOrder();
    const inPart = await world.paidOrder();
    await refunded(inPart, 500);
    const whole = await world.paidOrder();
    await refunded(whole, 13_500);
    await world.paidOrder('subscription');
    await world.orderAwaitingPayment();
    const left = await world.orderAwaitingPayment();
    await world.get(new URL(left.sheet.cancel_url).pathname);
    const failed = await world.orderAwaitingPayment();
    world.kakaopay.set(failed.tid, { status: 'QUIT_PAYMENT' });
    await world.until(failed, 'F');
    const findings = await compare();
    expect(findings).toHaveLength(7);
    expect(findings.filter(({ kind }) => kind !== 'equal')).toEqual([]);
    expect(findings.map(({ partnerOrderId }) => partnerOrderId)).toContain(paid.id);
    expect(await compare(today, 'second')).toEqual([]);
  });

  it.each<[string, Parameters<World['kakaopay']['set']>[1], string]>([
    ['a failed status', { status: 'FAIL_PAYMENT' }, 'status differs'],
    ['another total', { total_amount: 13_000 }, 'total differs'],
    ['other tax', { tax_free_amount: 0, vat_amount: 1 }, 'tax_free differs, vat differs'],
    ['another order', { partner_order_id: 'x' }, 'partner_order_id differs'],
    ['another user', { partner_user_id: 'x' }, 'partner_user_id differs'],
    ['another cid', { cid: 'x' }, 'cid differs'],
    ['money given back by hand', { status: 'PART_CANCEL_PAYMENT', cancelled: 700 }, 'the amount given back differs'],
  ])('finds %s of a paid order', async (_what, values, wrong) => {
    const order = await world.paidOrder();
    world.kakaopay.set(order.tid, values);
    const finding = await of(order);
    expect(finding).toMatchObject({ kind: 'differs', line: expect.stringContaining(` | ${wrong}`) as string });
    expect(JSON.stringify(finding)).not.toContain(order.tid);
    expect(JSON.stringify(finding)).not.toContain(order.user);
  });

  it('says what is here and what is there, in won', async () => {
    const order = await world.paidOrder();
    world.kakaopay.set(order.tid, { status: 'PART_CANCEL_PAYMENT', cancelled: 700, total_amount: 13_400 });
    expect(await of(order)).toEqual({
      kind: 'differs',
      partnerOrderId: order.id,
      attemptId: expect.any(String) as string,
      merchant: 'first',
      kinds: ['total', 'given-back-there'],
      amount: 800,
      line:
        `${order.id} first paid 13500 (tax-free 20, VAT 1225, given back 0) | ` +
        'KakaoPay PART_CANCEL_PAYMENT 13400 (tax-free 20, VAT 1225, given back 700) | ' +
        'total differs, the amount given back differs',
    });
  });

  it('finds money of a payment that we hold for failed, and a refund that KakaoPay does not know', async () => {
    const failed = await world.orderAwaitingPayment();
    world.kakaopay.set(failed.tid, { status: 'QUIT_PAYMENT' });
    await world.until(failed, 'F');
    world.kakaopay.set(failed.tid, { status: 'SUCCESS_PAYMENT', charges: [13_500] });
    expect(await of(failed)).toMatchObject({
      kind: 'differs',
      line: expect.stringContaining('status differs') as string,
    });

    const order = await world.paidOrder();
    await refunded(order, 500);
    world.kakaopay.set(order.tid, { cancelled: 0, status: 'SUCCESS_PAYMENT' });
    expect(await of(order)).toMatchObject({ kind: 'differs' });
  });

  it('names what it could not ask about, once KakaoPay has not answered four times', async () => {
    const order = await world.paidOrder();
    await world.database.query(`UPDATE payment.attempts SET state = 'failed' WHERE state IN ('waiting', 'approving')`);
    const all = (await compare()).length;
    world.kakaopay.next('order', ...times(all, () => DROPPED_BEFORE));
    expect((await of(order))?.kind).toBe('equal');
    world.kakaopay.next('order', ...times(all * 4, (n) => (n % 2 ? BROKEN : DROPPED_AFTER)));
    expect(new Set((await compare()).map(({ kind }) => kind))).toEqual(new Set(['not-asked']));
    world.kakaopay.next('order', ...times(all, () => refusal(-401)));
    expect((await compare()).find(({ partnerOrderId }) => partnerOrderId === order.id)).toMatchObject({
      kind: 'not-asked',
      line: expect.stringContaining('refused with -401') as string,
    });
  });

  it('takes each payment once on each day it was made, charged or given back, and the unfinished of earlier days', async () => {
    await world.database.query(`UPDATE payment.attempts SET state = 'failed' WHERE state IN ('waiting', 'approving')`);
    const order = await world.paidOrder();
    await refunded(order, 500);
    await world.cancel(order.id, 'again', { reason: '환불', amount: 600 });
    await eventually(async () => {
      expect((await world.detail(order.id)).refunds.map(({ state }) => state)).toEqual(['done', 'done']);
    });
    const move = (column: string, table: string, day: string): Promise<unknown> =>
      world.database.query(`UPDATE payment.${table} SET ${column} = $2 WHERE order_id = $1`, [
        order.id,
        `${day}T23:59:59+09:00`,
      ]);
    await move('created_at', 'attempts', '2026-01-01');
    await move('approved_at', 'attempts', '2026-01-02');
    await move('done_at', 'refunds', '2026-01-03');
    // Its id says when it was made, too.
    expect(await compare('2026-01-01')).toEqual([]);
    for (const day of ['2026-01-02', '2026-01-03']) {
      expect(await compare(day)).toMatchObject([{ kind: 'equal', partnerOrderId: order.id }]);
    }
    expect(await compare('2026-01-04')).toEqual([]);

    const waiting = await world.orderAwaitingPayment();
    await world.database.query(`UPDATE payment.attempts SET created_at = '2026-01-01' WHERE tid = $1`, [waiting.tid]);
    expect(await of(waiting)).toMatchObject({ kind: 'equal' });
    expect(await of(waiting, '2025-12-31')).toBeUndefined();
  });

  it('walks through a day of many pages', async () => {
    const order = await world.paidOrder();
    const at = '2026-02-01T12:00:00+09:00';
    await world.database.query(
      `INSERT INTO payment.attempts (id, order_id, merchant, cid, tid, state, total_amount, tax_free_amount, vat_amount,
         charged_amount, charged_tax_free, charged_vat, approved_at, expires_at, created_at, updated_at)
       SELECT gen_random_uuid(), $1, 'first', 'c', 'page' || n, 'paid', 1, 0, 0, 1, 0, 0, $2, $2, '2026-01-15', $2
         FROM generate_series(1, 1203) AS n`,
      [order.id, at],
    );
    const findings = (await compare('2026-02-01')).filter(({ partnerOrderId }) => partnerOrderId === order.id);
    expect(findings).toHaveLength(1_203);
    expect(findings[0]).toMatchObject({
      kind: 'differs',
      line: expect.stringContaining('KakaoPay no such tid') as string,
    });
  });
});
