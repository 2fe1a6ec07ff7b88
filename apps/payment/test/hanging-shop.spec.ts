import { eventually, times } from '@biz/testing';
import { shop } from './shops';
import { ADDRESS, type Answer, World } from './world';

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
      const waits = times(132, (user) => sheetOf(THIRD, user));
      const others = await Promise.all(times(20, (user) => sheetOf('', user)));
      expect(others.map(({ status }) => status)).toEqual(times(20, () => 200));
      const refused = await Promise.all(waits);
      expect(refused.map(({ http, status }) => [http, status])).toEqual(times(132, () => [200, 500]));
      expect(refused.every(({ message = '' }) => KOREAN.test(message))).toBe(true);
      // It answers in 300 ms when it waits (SHOP_TIMEOUT_MS); a hundred did not wait.
      const metrics = await (await fetch(`${world.app.url}/metrics`)).text();
      expect(metrics).toContain('shop_calls_total{merchant="third",lane="orders",outcome="late"} 32');
      expect(metrics).toContain('shop_calls_total{merchant="third",lane="orders",outcome="refused"} 100');
    },
  );

  it.each(['sheet', 'policy'] as const)(
    'that hangs is waited for with nothing of the database held (%s)',
    async (what) => {
      // Nobody gives up here: a transaction held for the shop would be there for as long as it is looked for.
      await world.stop();
      world = await World.start({ SHOP_TIMEOUT_MS: '60000' });
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
