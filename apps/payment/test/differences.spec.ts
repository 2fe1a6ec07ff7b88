import { eventually, type ManualClock } from '@biz/testing';
import { DailyComparison } from '../src/reconciliation/daily-comparison';
import { DayComparison } from '../src/reconciliation/day-comparison';
import { DIFFERENCE_KIND_NAMES, DIFFERENCE_KINDS, type DifferenceKind } from '../src/reconciliation/difference-kinds';
import { Differences } from '../src/reconciliation/differences';
import { type DifferenceSeen, Differing } from './differing';
import { refusal } from './fake-kakaopay';
import { shop } from './shops';
import type { OrderInHand, World } from './world';

describe('what KakaoPay says otherwise', () => {
  let differing: Differing;
  let world: World;
  let clock: ManualClock;
  beforeAll(async () => {
    differing = await Differing.start();
    ({ world, clock } = differing);
  });
  afterAll(() => world.stop());

  describe('is mended by the act of its kind', () => {
    const compare = async (order: OrderInHand): Promise<void> => {
      const rows = await world.database.query<{ id: string }>('SELECT id FROM payment.attempts WHERE order_id = $1', [
        order.id,
      ]);
      const findings = world.app.get<DayComparison>(DayComparison).ofAttempts(rows.map(({ id }) => id));
      for await (const finding of findings) await world.app.get<Differences>(Differences).record(finding);
    };
    const paidAnd = (values: Parameters<World['kakaopay']['set']>[1]) => async (): Promise<OrderInHand> => {
      const order = await differing.paid();
      world.kakaopay.set(order.tid, values);
      return order;
    };

    /** How each comes about, and the won at stake. */
    const WAYS: Record<Exclude<DifferenceKind, 'refund-given-up'>, [number, () => Promise<OrderInHand>]> = {
      'in-review': [
        13_500,
        async () => {
          const order = await world.orderAwaitingPayment();
          world.kakaopay.set(order.tid, { vat_amount: 1 });
          await world.callback(order);
          await clock.advanceUntil(1_000, async () => {
            expect(await differing.attemptsOf(order)).toEqual(['review']);
          });
          return order;
        },
      ],
      'money-there': [
        13_500,
        async () => {
          const order = await differing.failed();
          differing.tookMoney(order);
          return order;
        },
      ],
      'money-missing': [13_500, paidAnd({ orderSays: { status: 'FAIL_PAYMENT' } })],
      status: [
        0,
        async () => {
          const order = await differing.failed('subscription');
          world.kakaopay.set(order.tid, { status: 'ISSUED_SID' });
          return order;
        },
      ],
      'status-free': [
        0,
        async () => {
          const order = await differing.paid('subscription');
          world.kakaopay.set(order.tid, { status: 'QUIT_PAYMENT' });
          return order;
        },
      ],
      'unknown-tid': [
        13_500,
        async () => {
          const order = await differing.paid();
          world.kakaopay.lose(order.tid);
          return order;
        },
      ],
      cid: [13_500, paidAnd({ orderSays: { cid: 'TC0OTHER00' } })],
      tid: [13_500, paidAnd({ orderSays: { tid: 'T-of-another' } })],
      partner_order_id: [13_500, paidAnd({ orderSays: { partner_order_id: 'another' } })],
      partner_user_id: [13_500, paidAnd({ orderSays: { partner_user_id: 'another' } })],
      total: [100, paidAnd({ total_amount: 13_400, charges: [13_400] })],
      tax_free: [20, paidAnd({ tax_free_amount: 0 })],
      vat: [1, paidAnd({ vat_amount: 1_224 })],
      'given-back-there': [700, paidAnd({ status: 'PART_CANCEL_PAYMENT', cancelled: 700 })],
      'given-back-here': [
        500,
        async () => {
          const order = await differing.paid();
          await world.cancel(order.id, 'k', { reason: '환불', amount: 500 });
          await eventually(async () => {
            expect((await world.detail(order.id)).refunds).toMatchObject([{ state: 'done' }]);
          });
          world.kakaopay.set(order.tid, { cancelled: 0, status: 'SUCCESS_PAYMENT' });
          return order;
        },
      ],
      'given-back-unsaid': [
        13_500,
        paidAnd({ orderSays: { status: 'PART_CANCEL_PAYMENT', canceled_amount: undefined } }),
      ],
      'not-asked': [
        13_500,
        async () => {
          const order = await differing.paid();
          world.kakaopay.next('order', refusal(-401));
          return order;
        },
      ],
    };

    it('of which there is one for each kind', () => {
      expect([...Object.keys(WAYS), 'refund-given-up'].sort()).toEqual([...DIFFERENCE_KIND_NAMES].sort());
    });

    it.each(Object.entries(WAYS))('%s', async (kind, [amount, make]) => {
      const { act } = DIFFERENCE_KINDS[kind as DifferenceKind];
      const order = await make();
      await compare(order);
      const [open] = await differing.of(order);
      expect(open).toMatchObject({ state: 'open', kinds: [kind], acts: [act], amount });
      expect(open?.line).not.toContain(order.tid);
      expect(open?.line).not.toContain(order.user);
      if (act === 'give-up') {
        expect((await differing.giveUp(open?.id ?? '', { amount: amount + 1, reason: '확인함' })).http).toBe(409);
        expect(await differing.giveUp(open?.id ?? '', { amount, reason: '카카오페이에 확인함' })).toMatchObject({
          http: 200,
          body: { state: 'given-up', amount, reason: '카카오페이에 확인함', givenUpBy: 'operator' },
        });
        // The same again is no news.
        await compare(order);
        expect((await differing.giveUp(open?.id ?? '', { amount, reason: '확인함' })).http).toBe(409);
      } else {
        expect((await world.press(act === 'reconcile' ? act : 'accept', order.id)).http).toBe(200);
        await compare(order);
      }
      expect(await differing.of(order)).toMatchObject([
        { id: open?.id, state: act === 'give-up' ? 'given-up' : 'resolved' },
      ]);
    });

    it('and by no other: a payment in review is not given up, and reconcile believes no answer about another payment', async () => {
      const review = await WAYS['in-review'][1]();
      await compare(review);
      const [open] = await differing.of(review);
      expect((await differing.giveUp(open?.id ?? '', { amount: 13_500, reason: '확인함' })).http).toBe(409);
      const foreign = await paidAnd({
        orderSays: { partner_user_id: 'another', status: 'CANCEL_PAYMENT', canceled_amount: { total: 13_500 } },
      })();
      expect(await world.press('reconcile', foreign.id)).toMatchObject({
        http: 409,
        body: { message: expect.stringContaining('another payment: partner_user_id differ') as string },
      });
      expect((await world.detail(foreign.id)).state).toBe('paid');
    });

    it('and is none while a refund is on its way, whose end KakaoPay knows first', async () => {
      const order = await differing.paid();
      const release = world.kakaopay.hold('cancel');
      await world.cancel(order.id, 'k', { reason: '환불', amount: 700 });
      await eventually(() => {
        expect(world.kakaopay.cancelled(order.tid)).toBe(700);
      });
      await compare(order);
      expect(await differing.of(order)).toEqual([]);
      world.kakaopay.set(order.tid, { cancelled: 701 });
      await compare(order);
      expect(await differing.of(order)).toMatchObject([{ kinds: ['given-back-there'], amount: 701 }]);
      world.kakaopay.set(order.tid, { cancelled: 700 });
      release();
    });

    it('and refuses what names nothing', async () => {
      const order = await paidAnd({ orderSays: { status: 'FAIL_PAYMENT' } })();
      await compare(order);
      const id = (await differing.of(order))[0]?.id ?? '';
      for (const body of [
        { reason: 'x' },
        { amount: 13_500 },
        { amount: null, reason: 'x' },
        { amount: 1.5, reason: 'x' },
      ]) {
        expect((await differing.giveUp(id, body)).http).toBe(400);
      }
      expect((await differing.giveUp('00000000-0000-7000-8000-000000000000', { amount: 1, reason: 'x' })).http).toBe(
        404,
      );
    });
  });

  it('is found on the morning after, once for each day, and listed page by page', async () => {
    const daily = world.app.get<DailyComparison>(DailyComparison);
    const order = await world.orderAwaitingPayment();
    await world.callback(order);
    await differing.until(order, 'S');
    world.kakaopay.set(order.tid, { orderSays: { status: 'FAIL_PAYMENT' } });
    // What a day made is found by the ids, which go by the machine's clock; what it charged is not.
    await world.database.query(
      `UPDATE payment.attempts SET created_at = created_at - interval '9 days' WHERE tid = $1`,
      [order.tid],
    );
    const today = new Date(clock.now().getTime() + 9 * 3_600_000).toISOString().slice(0, 10);
    const tomorrow = Date.parse(`${today}T00:00:00+09:00`) + 24 * 3_600_000;
    const days = () => world.database.query(`SELECT day::text FROM payment.compared_days WHERE day >= $1`, [today]);
    clock.set(new Date(tomorrow + 3 * 3_600_000));
    await daily.handOut();
    expect(await days()).toEqual([]);
    clock.set(new Date(tomorrow + 4 * 3_600_000));
    await Promise.all([daily.handOut(), daily.handOut()]);
    expect(await days()).toEqual([{ day: today }]);
    await eventually(async () => {
      expect(await differing.of(order)).toMatchObject([{ state: 'open', kinds: ['money-missing'] }]);
    });
    // KakaoPay says so no longer: the next morning resolves it, though the day is another.
    world.kakaopay.set(order.tid, { orderSays: undefined });
    clock.advance(24 * 3_600_000);
    await daily.handOut();
    await eventually(async () => {
      expect(await differing.of(order)).toMatchObject([{ state: 'resolved' }]);
    });

    await world.database.query(
      `INSERT INTO payment.differences (id, order_id, attempt_id, merchant, kinds, amount, line, state, found_at, last_seen_at, resolved_at)
       SELECT gen_random_uuid(), order_id, id, merchant, '{vat}', 1, 'x', 'resolved', $2, $2, $2
         FROM payment.attempts, generate_series(1, 4) WHERE order_id = $1`,
      [order.id, clock.now()],
    );
    const list = async (query: string) =>
      (await world.operator(`differences?${query}`)).body as { items: DifferenceSeen[]; nextCursor: string | null };
    const all = (await list('limit=100&merchant=first')).items;
    expect(all.length).toBeGreaterThan(4);
    const page = await list('limit=2&merchant=first');
    expect(page.items).toEqual(all.slice(0, 2));
    expect((await list(`limit=2&merchant=first&cursor=${page.nextCursor ?? ''}`)).items).toEqual(all.slice(2, 4));
    expect((await list('state=resolved&limit=100')).items.map(({ state }) => state)).not.toContain('given-up');
    expect((await list('merchant=second')).items).toEqual([]);
    expect((await world.operator('differences?state=nonsense')).http).toBe(400);
  });

  it('a refund that an operator asked for is money of no order, once the shop has refused that', async () => {
    let refuse: (answer: { refused: string }) => void = () => undefined;
    shop.fulfil = () => new Promise((resolve) => (refuse = resolve));
    const order = await world.orderAwaitingPayment('coffee', { prefix: '/m/second' });
    await world.callback(order);
    await clock.advanceUntil(1_000, async () => {
      expect((await world.detail(order.id)).state).toBe('fulfilling');
    });
    const stateOf = async (at: number) => (await world.detail(order.id)).refunds[at]?.state;
    let answer: () => void = () => undefined;
    const until = new Promise<void>((resolve) => (answer = resolve));
    const json = { error_code: -721, error_message: 'refused' };
    world.kakaopay.next('cancel', { work: false, status: 400, json, until });
    const { body } = await world.cancel(order.id, 'part', { reason: '일부 환불', amount: 3_500 });
    await eventually(async () => {
      expect(await stateOf(0)).toBe('sending');
    });
    await eventually(async () => {
      refuse({ refused: '마감되었습니다.' });
      expect(await world.status(order)).toMatchObject({ order_status: 'F' });
    });
    shop.fulfil = () => Promise.resolve(undefined);
    answer();
    await clock.advanceUntil(1_000, async () => {
      expect([await stateOf(0), await stateOf(1)]).toEqual(['failed', 'done']);
    });
    const withdraw = (amount?: number) =>
      world.operator(`refunds/${body.refund?.id}/withdraw`, {
        method: 'POST',
        body: JSON.stringify({ reason: '연락 안 됨', amount }),
      });
    expect((await withdraw()).http).toBe(409);
    expect((await withdraw(3_500)).http).toBe(200);
    const { body: list } = await world.operator('differences?state=given-up&limit=1');
    expect((list as { items: object[] }).items).toMatchObject([{ partnerOrderId: order.id, amount: 3_500 }]);
  });
});
