import { randomUUID } from 'node:crypto';
import { eventually, times } from '@biz/testing';
import { SETTLEMENTS } from '../src/settlements/settlement-view';
import { World } from './world';

interface Kinds {
  total: number;
  supplyAmount: number;
  vatAmount: number;
  taxFreeAmount: number;
}
interface Sums {
  charges: Kinds & { count: number };
  refunds: Kinds & { count: number };
  surplusCharges: Kinds & { count: number };
  surplusRefunds: Kinds & { count: number };
  net: Kinds;
}
interface Settlements {
  items: (Sums & { day: string; merchant: string })[];
  total: Sums;
}

interface Movement {
  at: Date;
  merchant: string;
  kind: 'charges' | 'refunds' | 'surplusCharges' | 'surplusRefunds';
  total: number;
  taxFree: number;
  vat: number;
}

describe('the settlement view', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  const settlements = async (query: string): Promise<Settlements> => {
    const { http, body } = await world.operator(`settlements?${query}`);
    expect(http).toBe(200);
    return body as Settlements;
  };

  it('agrees with KakaoPay’s ledger after payments, partial refunds and surplus money', async () => {
    const orders = await Promise.all(times(4, () => world.paidOrder()));
    await world.cancel(orders[0]!.id, 'a', { reason: '부분', amount: 4_321 });
    await world.cancel(orders[1]!.id, 'b', { reason: '전부' });
    await world.paidOrder('subscription');
    const left = await world.orderAwaitingPayment();
    await world.get(new URL(left.sheet.cancel_url).pathname);
    world.kakaopay.set(left.tid, { status: 'SUCCESS_PAYMENT', charges: [13_500] });
    await eventually(async () => {
      const refunds = await Promise.all(
        [orders[0]!, orders[1]!, left].map(async ({ id }) => (await world.detail(id)).refunds),
      );
      expect(refunds.map(([refund]) => refund?.state)).toEqual(['done', 'done', 'done']);
    });
    const { total, items } = await settlements('from=2026-11-01&to=2027-10-31');
    expect(total).toEqual({
      charges: { count: 4, total: 54_000, supplyAmount: 49_020, vatAmount: 4_900, taxFreeAmount: 80 },
      refunds: expect.objectContaining({ count: 2, total: 17_821 }) as Sums['refunds'],
      surplusCharges: { count: 1, total: 13_500, supplyAmount: 12_255, vatAmount: 1_225, taxFreeAmount: 20 },
      surplusRefunds: { count: 1, total: 13_500, supplyAmount: 12_255, vatAmount: 1_225, taxFreeAmount: 20 },
      net: expect.objectContaining({ total: world.kakaopay.kept }) as Kinds,
    });
    expect(items.reduce((sum, { net }) => sum + net.total, 0)).toBe(world.kakaopay.kept);
    expect((await settlements('from=2026-11-01&to=2027-10-31&merchant=second')).total.net.total).toBe(0);
  });

  it('equals an independent sum of random movements, cut at midnight in Korea', async () => {
    const order = await world.orderAwaitingPayment();
    const around = (day: string): Date =>
      new Date(Date.parse(`${day}T00:00:00+09:00`) + (Math.random() - 0.5) * 4 * 3_600_000);
    const days = ['2024-02-29', '2024-03-01', '2024-12-31', '2025-01-01', '2025-01-02'];
    const one = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)]!;
    const movements = await Promise.all(
      times(300, async (n) => {
        const merchant = one(['first', 'second']);
        const surplus = n % 7 === 0;
        const total = 1 + Math.floor(Math.random() * 1_000_000);
        const taxFree = Math.floor(Math.random() * total);
        const vat = Math.round((total - taxFree) / 11);
        const attempt = randomUUID();
        const chargedAt = around(one(days));
        await world.database.query(
          `INSERT INTO payment.attempts (id, order_id, merchant, cid, tid, state, total_amount, tax_free_amount, vat_amount,
             charged_amount, charged_tax_free, charged_vat, approved_at, expires_at, created_at, updated_at)
           VALUES ($1, $2, $3, 'c', $4, $5, $6, $7, $8, $6, $7, $8, $9, $9, $9, $9)`,
          [attempt, order.id, merchant, randomUUID(), surplus ? 'surplus' : 'paid', total, taxFree, vat, chargedAt],
        );
        const parts = { merchant, total, taxFree, vat };
        const charge: Movement = { ...parts, at: chargedAt, kind: surplus ? 'surplusCharges' : 'charges' };
        if (n % 3 !== 0 && !surplus) return [charge];
        const state = n % 5 === 0 && !surplus ? 'failed' : 'done';
        const doneAt = around(one(days));
        await world.database.query(
          `INSERT INTO payment.refunds (id, order_id, attempt_id, merchant, state, cause, reason, idempotency_key, amount,
             tax_free_amount, vat_amount, restock, done_at, asked_at, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, 'r', gen_random_uuid()::text, $7, $8, $9, false, $10, $10, $10, $10)`,
          [
            randomUUID(),
            order.id,
            attempt,
            merchant,
            state,
            surplus ? 'surplus' : 'operator',
            total,
            taxFree,
            vat,
            doneAt,
          ],
        );
        const refund: Movement = { ...parts, at: doneAt, kind: surplus ? 'surplusRefunds' : 'refunds' };
        return state === 'done' ? [charge, refund] : [charge];
      }),
    );
    const expected = new Map<string, Record<string, number>>();
    for (const { at, merchant, kind, total, taxFree, vat } of movements.flat()) {
      const day = new Date(at.getTime() + 9 * 3_600_000).toISOString().slice(0, 10);
      const sums = expected.get(`${day} ${merchant}`) ?? {};
      expected.set(`${day} ${merchant}`, sums);
      const sign = kind.endsWith('harges') ? 1 : -1;
      const parts = { count: 1, total, taxFreeAmount: taxFree, vatAmount: vat, supplyAmount: total - taxFree - vat };
      for (const [name, won] of Object.entries(parts)) {
        sums[`${kind}.${name}`] = (sums[`${kind}.${name}`] ?? 0) + won;
        if (name !== 'count') sums[`net.${name}`] = (sums[`net.${name}`] ?? 0) + sign * won;
      }
    }
    const { items } = await settlements('from=2024-02-01&to=2025-01-31');
    const seen = new Map(
      items.map(({ day, merchant, ...sums }) => [
        `${day} ${merchant}`,
        Object.fromEntries(
          Object.entries(sums).flatMap(([kind, parts]) =>
            Object.entries(parts)
              .filter(([, won]) => won !== 0)
              .map(([name, won]) => [`${kind}.${name}`, won]),
          ),
        ),
      ]),
    );
    expect(items.map(({ day }) => day)).toEqual(items.map(({ day }) => day).sort());
    expect(seen).toEqual(
      new Map(
        [...expected].map(([key, sums]) => [
          key,
          Object.fromEntries(Object.entries(sums).filter(([, won]) => won !== 0)),
        ]),
      ),
    );
    // A day begins at 15:00 UTC of the day before.
    const whole = (await settlements('from=2024-03-01&to=2024-03-01')).items;
    expect(whole).toEqual(items.filter(({ day }) => day === '2024-03-01'));
  });

  it.each([
    'from=2026-11-01',
    'from=2026-11-01&to=2026-02-30',
    'from=2026-13-01&to=2026-13-02',
    'from=2026-11-02&to=2026-11-01',
    'from=2025-11-01&to=2026-11-02',
    'from=yesterday&to=today',
    'from=2026-11-01&to=2026-11-02&merchant=',
  ])('refuses %s', async (query) => {
    expect((await world.operator(`settlements?${query}`)).http).toBe(400);
  });

  it('reads a day of a large table by its indexes', async () => {
    await world.database.query(
      `INSERT INTO payment.attempts (id, order_id, merchant, cid, tid, state, total_amount, tax_free_amount, vat_amount,
         charged_amount, charged_tax_free, charged_vat, approved_at, expires_at, created_at, updated_at)
       SELECT gen_random_uuid(), (SELECT id FROM payment.orders LIMIT 1), 'first', 'c', 'big' || n, 'paid', 1000, 0, 91, 1000, 0, 91,
              at, at, at, at
         FROM generate_series(1, 100000) AS n, LATERAL (SELECT timestamptz '2020-01-01' + n * interval '10 minutes' AS at) AS times`,
    );
    await world.database.query(
      `INSERT INTO payment.refunds (id, order_id, attempt_id, merchant, state, cause, reason, idempotency_key, amount,
         tax_free_amount, vat_amount, restock, done_at, asked_at, created_at, updated_at)
       SELECT gen_random_uuid(), order_id, id, merchant, 'done', 'operator', 'r', tid, 500, 0, 45, true, approved_at, approved_at, approved_at,
              approved_at
         FROM payment.attempts WHERE tid LIKE 'big%0'`,
    );
    await world.database.query('ANALYZE payment.attempts, payment.refunds');
    const plan = await world.database.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${SETTLEMENTS}`, [
      '2021-03-01',
      '2021-03-01',
      null,
    ]);
    const text = plan.map((row) => row['QUERY PLAN']).join('\n');
    expect(text).toContain('attempts_charged_by_day');
    expect(text).toContain('refunds_by_day');
    expect(text).not.toContain('Seq Scan');
    expect((await settlements('from=2021-03-01&to=2021-03-01')).total.net.total).toBe(144 * 1_000 - 14 * 500);
    expect((await settlements('from=2020-06-01&to=2021-05-31')).total.charges.count).toBe(365 * 144);
  });
});
