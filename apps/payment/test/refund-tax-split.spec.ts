import { eventually } from '@biz/testing';
import { refusal } from './fake-kakaopay';
import { shop } from './shops';
import { type OrderInHand, World } from './world';

describe('a refund of a part that names its tax-free part', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  /** 15,000 won of books, tax-free, and 6,000 won of shipping with 545 won of VAT. */
  const books = async (): Promise<OrderInHand> => {
    shop.sheets.books = () => ({
      lines: [{ name: '책', quantity: 1 }],
      ...{ totalAmount: 21_000, taxFreeAmount: 15_000, needsShipping: false },
    });
    return world.paidOrder('books');
  };
  const partsOf = async ({ id }: OrderInHand): Promise<number[][]> =>
    (await world.detail(id)).refunds.map(({ amount, taxFreeAmount, vatAmount }) => [amount, taxFreeAmount, vatAmount]);
  const sentOf = ({ tid }: OrderInHand): number[][] =>
    world.kakaopay.calls('cancel').flatMap((call) => {
      const sent = call.form();
      const won = ['cancel_amount', 'cancel_tax_free_amount', 'cancel_vat_amount'].map((name) =>
        Number(sent.get(name)),
      );
      return sent.get('tid') === tid ? [won] : [];
    });

  it('gives back that part, tells KakaoPay and the shop, and the parts add up', async () => {
    const order = await books();
    for (const [n, wish] of [
      { amount: 3_000, taxFreeAmount: 0 },
      { amount: 9_000, taxFreeAmount: 9_000 },
      {},
    ].entries()) {
      expect((await world.cancel(order.id, `k-${n}`, { reason: '배송비', ...wish })).http).toBe(202);
      await world.refundsDone(order, n + 1);
    }
    await world.until(order, 'C');
    const parts = [
      [3_000, 0, 273],
      [9_000, 9_000, 0],
      [9_000, 6_000, 272],
    ];
    expect(await partsOf(order)).toEqual(parts);
    expect(sentOf(order)).toEqual(parts);
    await eventually(() => {
      expect(world.about(order.id).filter(({ type }) => type === 'payment.cancelled')).toMatchObject(
        parts.map(([amount, taxFreeAmount, vatAmount]) => ({
          data: { refund: { amount, taxFreeAmount, vatAmount } },
        })),
      );
    });
  });

  it('is split in proportion without it', async () => {
    const order = await books();
    await world.cancel(order.id, 'k', { reason: '부분', amount: 3_000 });
    await world.refundsDone(order, 1);
    expect(sentOf(order)).toEqual([[3_000, 2_143, 78]]);
  });

  it('is another request with another part: 409', async () => {
    const order = await books();
    const wish = { reason: '배송비', amount: 3_000, taxFreeAmount: 0 };
    expect((await world.cancel(order.id, 'k', wish)).http).toBe(202);
    for (const other of [
      { reason: '배송비', amount: 3_000 },
      { ...wish, taxFreeAmount: 1 },
    ])
      expect((await world.cancel(order.id, 'k', other)).http).toBe(409);
    expect((await world.cancel(order.id, 'k', wish)).http).toBe(202);
    await world.refundsDone(order, 1);
    expect(await partsOf(order)).toEqual([[3_000, 0, 273]]);
  });

  it.each<[string, object]>([
    ['null', { amount: 3_000, taxFreeAmount: null }],
    ['less than nothing', { amount: 3_000, taxFreeAmount: -1 }],
    ['half a won', { amount: 3_000, taxFreeAmount: 0.5 }],
    ['text', { amount: 3_000, taxFreeAmount: '0' }],
    ['more than its amount', { amount: 3_000, taxFreeAmount: 3_001 }],
    ['a part of no amount', { taxFreeAmount: 0 }],
  ])('is refused and names the field: %s', async (_what, wish) => {
    const order = await books();
    const { http, body } = await world.cancel(order.id, 'k', { reason: 'x', ...wish });
    expect(http).toBe(400);
    const { problems } = body as { problems?: { path: string }[] };
    expect(new Set(problems?.map(({ path }) => path))).toEqual(new Set(['taxFreeAmount']));
    expect(await partsOf(order)).toEqual([]);
  });

  it('is never more than is left of either part, refunds under way included', async () => {
    const order = await books();
    const refused = async (amount: number, taxFreeAmount: number, left: string): Promise<void> => {
      const answer = await world.cancel(order.id, `k-${amount}-${taxFreeAmount}`, {
        reason: 'x',
        amount,
        taxFreeAmount,
      });
      const message = `taxFreeAmount: only ${left} part are left to refund, refunds under way included`;
      expect(answer).toMatchObject({ http: 422, body: { message } });
    };
    await refused(15_001, 15_001, '15000 won of the tax-free');
    await refused(6_001, 0, '6000 won of the taxable');
    await world.cancel(order.id, 'first', { reason: 'x', amount: 18_000, taxFreeAmount: 14_000 });
    await refused(1_001, 1_001, '1000 won of the tax-free');
    await refused(3_000, 0, '2000 won of the taxable');
    await world.cancel(order.id, 'rest', { reason: 'x', amount: 3_000, taxFreeAmount: 1_000 });
    await world.until(order, 'C');
    expect(await partsOf(order)).toEqual([
      [18_000, 14_000, 363],
      [3_000, 1_000, 182],
    ]);
  });

  it.each<[string, (order: OrderInHand, refundId: string) => Promise<unknown>]>([
    [
      'KakaoPay is asked again for a refund that failed',
      (_order, refundId) => world.operator(`refunds/${refundId}/retry`, { method: 'POST', body: '{}' }),
    ],
    [
      'a refund that failed is found at KakaoPay',
      ({ id, tid }) => {
        world.kakaopay.set(tid, { status: 'PART_CANCEL_PAYMENT', cancelled: 3_000 });
        return world.press('reconcile', id);
      },
    ],
  ])('stays so when %s', async (_what, mend) => {
    const order = await books();
    world.kakaopay.next('cancel', refusal(-721));
    const { body } = await world.cancel(order.id, 'k', { reason: '배송비', amount: 3_000, taxFreeAmount: 0 });
    await eventually(async () => {
      expect((await world.detail(order.id)).refunds).toMatchObject([{ state: 'failed' }]);
    });
    await mend(order, body.refund?.id ?? '');
    await world.refundsDone(order, 1);
    expect(await partsOf(order)).toEqual([[3_000, 0, 273]]);
  });
});
