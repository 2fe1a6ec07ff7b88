import { eventually, times } from '@biz/testing';
import { DueCharges } from '../src/charges/due-charges';
import type { Operation } from './fake-kakaopay';
import { shop } from './shops';
import { ADDRESS, type Answer, type OrderInHand, World } from './world';

const THIRD = '/m/third';
const KOREAN = /[가-힣]/;

/** The third shop's code throws and hangs; the customers of the others must not feel it. */
describe('a shop whose code is broken', () => {
  let world: World;
  let mend: () => void = () => undefined;
  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(async () => {
    mend();
    await world.stop();
  });

  /** @returns how often it was asked */
  const hang = (what: 'sheet' | 'policy' | 'fulfilment'): (() => number) => {
    const mended = new Promise<void>((resolve) => (mend = resolve));
    let count = 0;
    shop.third = (asked) => {
      if (asked !== what) return Promise.resolve();
      count++;
      return mended;
    };
    return () => count;
  };
  const sheetOf = (prefix: string, user: number): Promise<Answer> =>
    world.get(`${prefix}/ordersheet?ordersheet_id=coffee-${user}`, String(user));

  it.each(['sheet', 'policy'] as const)(
    'that hangs (%s) keeps 32 calls and the rest is refused at once, in Korean; others order as ever',
    async (what) => {
      hang(what);
      const answers: Answer[] = [];
      const waits = times(132, async (user) => answers.push(await sheetOf(THIRD, user)));
      const others = await Promise.all(times(20, (user) => sheetOf('', user)));
      expect(others.map(({ status }) => status)).toEqual(times(20, () => 200));
      // A hundred do not wait, while the shop still hangs.
      await eventually(() => {
        expect(answers).toHaveLength(100);
      });
      expect(answers.map(({ http, status }) => [http, status])).toEqual(times(100, () => [200, 500]));
      expect(answers.every(({ message = '' }) => KOREAN.test(message))).toBe(true);
      mend();
      await Promise.all(waits);
      expect(answers.slice(100).map(({ http, status }) => [http, status])).toEqual(times(32, () => [200, 200]));
      const metrics = await (await fetch(`${world.app.url}/metrics`)).text();
      expect(metrics).toContain('shop_calls_total{merchant="third",lane="orders",outcome="refused"} 100');
    },
  );

  it('that never answers is waited for no longer than it may take', async () => {
    await world.stop();
    world = await World.start({ SHOP_TIMEOUT_MS: '300' });
    hang('sheet');
    expect(await sheetOf(THIRD, 1)).toMatchObject({
      http: 200,
      status: 500,
      message: expect.stringMatching(KOREAN) as string,
    });
    const metrics = await (await fetch(`${world.app.url}/metrics`)).text();
    expect(metrics).toContain('shop_calls_total{merchant="third",lane="orders",outcome="late"} 1');
  });

  it.each(['sheet', 'policy'] as const)(
    'that hangs is waited for with nothing of the database held (%s)',
    async (what) => {
      // Nobody gives up here: a transaction held for the shop would be there for as long as it is looked for.
      const asked = hang(what);
      const answers: Answer[] = [];
      const waits = times(32, async (user) => answers.push(await sheetOf(THIRD, user)));
      await eventually(() => {
        expect(asked()).toBe(32);
      });
      await eventually(async () => {
        expect(
          await world.database.query(
            `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`,
          ),
        ).toEqual([]);
      });
      expect(answers).toEqual([]);
      mend();
      await Promise.all(waits);
      expect(answers.map(({ http, status }) => [http, status])).toEqual(times(32, () => [200, 200]));
    },
  );

  it('that throws is told as a refusal, and answers again once it is mended', async () => {
    shop.third = () => {
      throw new Error('password=hunter2');
    };
    const broken = await Promise.all(times(40, (user) => sheetOf(THIRD, user)));
    expect(broken.every(({ http, status }) => http === 200 && status === 500)).toBe(true);
    expect(JSON.stringify(broken)).not.toContain('hunter2');
    shop.third = () => Promise.resolve();
    expect(await sheetOf(THIRD, 1)).toMatchObject({ status: 200 });
  });

  it('that throws what it was given is logged without the customer: where it was, and the order, stay', async () => {
    await world.app.close();
    let log = '';
    world.app = await world.startInstance({ write: (line: string) => void (log += line) });
    const throws = (what: string): void => {
      shop.third = (asked, given) =>
        asked === what ? Promise.reject(new RangeError(`no ${what} for ${JSON.stringify(given)}`)) : Promise.resolve();
    };
    for (const what of ['policy', 'sheet']) {
      throws(what);
      expect(await world.get(`${THIRD}/ordersheet?ordersheet_id=coffee-1&zip_code=13494`, '4711')).toMatchObject({
        status: 500,
      });
    }
    throws('fulfilment');
    const bought = { prefix: THIRD, user: '4711', more: { shipping_address: ADDRESS } };
    const order = await world.orderAwaitingPayment('coffee', bought);
    await world.callback(order);
    await eventually(() => {
      for (const what of ['policy', 'sheet']) expect(log).toContain(`no ${what} for {\\"appUserId\\":\\"[cut]`);
      expect(log).toContain(`no fulfilment for {\\"partnerOrderId\\":\\"${order.id}`);
    });
    expect(log).toMatch(/"type":"RangeError".*no fulfilment .*shippingAddress.*hanging-shop\.spec/);
    expect(log).not.toMatch(/"4711|4711\\"|13494|판교역로|수령인|1111-?2222/);
  });

  it('whose order work hangs does not hold up the paid orders of others', async () => {
    hang('fulfilment');
    const stuck = await Promise.all(times(20, () => world.orderAwaitingPayment('coffee', { prefix: THIRD })));
    await Promise.all(stuck.map((order) => world.callback(order)));
    await eventually(async () => {
      const [row] = await world.database.query<{ count: string }>(
        `SELECT count(*) FROM payment.orders WHERE merchant = 'third' AND state = 'fulfilling'`,
      );
      expect(row?.count).toBe('20');
    });
    const orders = await Promise.all(times(5, () => world.paidOrder('coffee', { prefix: '/m/second' })));
    expect(orders).toHaveLength(5);
  });

  it('whose answer is no order sheet makes an error of that order only', async () => {
    const answers: unknown[] = ['text', 42, [], { lines: 'many' }, { lines: [null], totalAmount: 1 }];
    shop.sheets.odd = ({ appUserId }) => answers[Number(appUserId)] as never;
    const odd = await Promise.all(times(5, (user) => world.get(`/ordersheet?ordersheet_id=odd-${user}`, String(user))));
    expect(odd.map(({ http, status }) => [http, status])).toEqual(times(5, () => [200, 500]));
  });

  it('whose order sheet has no end is not kept', async () => {
    shop.sheets.endless = () => ({
      lines: times(201, () => ({ name: '커피', quantity: 1 })),
      totalAmount: 1_000,
      needsShipping: false,
    });
    shop.sheets.wordy = () => ({
      lines: [{ name: '커'.repeat(1_001), quantity: 1 }],
      totalAmount: 1_000,
      needsShipping: false,
    });
    expect(await world.get('/ordersheet?ordersheet_id=endless-1', '1')).toMatchObject({ status: 500 });
    expect(await world.get('/ordersheet?ordersheet_id=wordy-1', '1')).toMatchObject({ status: 500 });
  });
});

/** KakaoPay hangs for the second and third shop, and nobody gives up here: the first shop must not feel it. */
describe('a KakaoPay that hangs for two shops', () => {
  const HANGING = ['/m/second', '/m/third'];
  let world: World;
  let release: () => void = () => undefined;
  beforeAll(async () => {
    world = await World.start({ KAKAOPAY_TIMEOUT_MS: '3600000' });
  });
  afterEach(() => {
    release();
  });
  afterAll(() => world.stop());

  const hanging = ({ path }: { path: string }): boolean => path.startsWith('/online');
  /** @param count of each hanging shop, of all these operations together */
  const untilHung = (count: number, ...operations: Operation[]): Promise<void> =>
    eventually(() => {
      const hung = operations.reduce((sum, operation) => sum + (world.kakaopay.hung[operation] ?? 0), 0);
      expect(hung).toBeGreaterThanOrEqual(HANGING.length * count);
    });
  const hang = (): void => {
    release();
    release = world.kakaopay.hang(hanging);
  };
  const ordersOf = (count: number, make: (prefix: string) => Promise<OrderInHand>): Promise<OrderInHand[]> =>
    Promise.all(HANGING.flatMap((prefix) => times(count, () => make(prefix))));
  const subscribed = async (order: OrderInHand): Promise<string> => {
    const [row] = await world.database.query<{ id: string }>(
      `SELECT id FROM payment.subscriptions WHERE order_id = $1`,
      [order.id],
    );
    return row?.id ?? '';
  };
  const subscriptionIs = (id: string, state: string): Promise<void> =>
    eventually(async () => {
      expect((await world.operator(`subscriptions/${id}`)).body).toMatchObject({ state });
    });

  it('approves the payments of another, and looks at those that no callback came for', async () => {
    const stuck = await ordersOf(20, (prefix) => world.orderAwaitingPayment('coffee', { prefix }));
    hang();
    await Promise.all(stuck.map((order) => world.callback(order)));
    // A look that was under way when the callback came sends the approve as well as a job does.
    await untilHung(6, 'approve', 'order');
    await world.paidOrder();
    await Promise.all(stuck.map((order) => world.lookNow(order)));
    await untilHung(6 + 6, 'approve', 'order');
    const left = await world.orderAwaitingPayment();
    world.kakaopay.set(left.tid, { status: 'QUIT_PAYMENT' });
    await world.until(left, 'F');
  });

  it('gives the money of another back', async () => {
    const paid = await ordersOf(6, (prefix) => world.paidOrder('coffee', { prefix }));
    const order = await world.paidOrder();
    const cancel = ({ id }: OrderInHand) => world.cancel(id, 'hangs', { reason: '고객 요청' });
    hang();
    await Promise.all(paid.map(cancel));
    await untilHung(3, 'cancel');
    await cancel(order);
    await world.until(order, 'C');
  });

  it('charges, checks and ends the subscriptions of another', async () => {
    const subscribe = (prefix: string): Promise<OrderInHand> => world.paidOrder('subscription', { prefix });
    const stuck = await Promise.all((await ordersOf(6, subscribe)).map(subscribed));
    const [charged, ended] = await Promise.all([subscribe('').then(subscribed), subscribe('').then(subscribed)]);
    const makeDue = `UPDATE payment.subscriptions SET charge_at = now() - interval '1 minute', checked_at = now() - interval '2 days' WHERE id = ANY ($1)`;
    const handOut = async (ids: (string | undefined)[]): Promise<void> => {
      await world.database.query(makeDue, [ids]);
      const due = world.app.get<DueCharges>(DueCharges);
      await due.handOut();
      await due.handOutChecks();
    };
    hang();
    await handOut(stuck);
    // Four that are to be charged, and three that are checked.
    await untilHung(4 + 3, 'status');
    await handOut([charged]);
    await eventually(async () => {
      const { body } = await world.operator(`subscriptions/${charged}`);
      expect(body).toMatchObject({ periodsCharged: 2 });
    });
    const end = (id: string) =>
      world.operator(`subscriptions/${id}/end`, { method: 'POST', body: JSON.stringify({ reason: '고객 요청' }) });
    hang();
    await Promise.all(stuck.map(end));
    await untilHung(3, 'inactive');
    await end(ended);
    await subscriptionIs(ended, 'ended');
    // Each of these queues knows whose its jobs are.
    const queues = await world.database.query(
      `SELECT name, bool_and(group_id IS NOT NULL) AS known FROM pgboss.job WHERE data->'data' ? 'merchant' OR data->'data' ? 'orderId' GROUP BY 1`,
    );
    expect(queues).toHaveLength(6);
    expect(queues.every(({ known }) => known)).toBe(true);
  });
});
