import { randomUUID } from 'node:crypto';
import { choice, choices, combination, numbers, Products } from '@biz/commerce';
import type { Product } from '@biz/commerce';
import { eventually, times } from '@biz/testing';
import type { TestApp } from '@biz/testing';
import { shop } from '../apps/payment/test/shops';
import type { Answer, OrderInHand, World } from '../apps/payment/test/world';
import { newUser, TaskChain } from './task-chain';
import type { Selected } from './task-chain';

/** What is chosen, priced, reserved, sold and given back. */
let chain: TaskChain;
let world: World;
let option: TestApp;

beforeAll(async () => {
  chain = await TaskChain.start();
  ({ world, option } = chain);
});
afterAll(() => chain.stop());

const save = (product: Product): Promise<Product> => chain.save(product);
const t1 = (id: string, prefix?: string): Promise<Answer> => chain.t1(id, prefix);
const t2 = (body: object, user: string, prefix?: string): Promise<Selected> => chain.t2(body, user, prefix);
const shirt = (
  id: string,
  changes: { price?: number; add?: number; extra?: string; stock?: number } = {},
): Product => ({
  id,
  name: '셔츠',
  kind: 'commerce',
  price: changes.price ?? 10_000,
  maxQuantity: 9,
  groups: [
    ...combination(
      ['사이즈', '색상'],
      [
        {
          values: ['S', '흰색'],
          addPrice: changes.add ?? 500,
          extra: changes.extra ?? 'S-W',
          stock: changes.stock ?? 9,
          maxQuantity: 9,
        },
        { values: ['M', '검정'], stock: 9, maxQuantity: 9 },
      ],
    ),
    numbers('연락처', { minLength: 10, maxLength: 11 }),
  ],
});

const whiteS = (id: string, quantity = 1): object => ({
  id,
  price: 10_000,
  quantity,
  option_groups: [
    { option_group_id: '사이즈', option_id: 'S' },
    { option_group_id: '색상', option_id: '흰색', add_price: 500, extra: 'S-W' },
    { option_group_id: '연락처', text: '01012345678' },
  ],
});
async function chosen(id: string, user: string, quantity = 1): Promise<string> {
  const answer = await t2(whiteS(id, quantity), user);
  expect(answer).toMatchObject({ status: 200 });
  return answer.data ?? '';
}
const sheetOf = (draft: string, user: string, prefix = ''): Promise<Answer> =>
  world.get(`${prefix}/ordersheet?ordersheet_id=${draft}`, user);

/** T1 and T2 of payment. */
async function agree(draft: string, user: string): Promise<OrderInHand> {
  const sheet = await world.sheet(draft, user);
  const tid = world.kakaopay.ready(sheet);
  const order = { id: sheet.partner_order_id, user, prefix: '', sheet, tid, token: world.kakaopay.authenticate(tid) };
  expect(await world.approve(order, tid)).toMatchObject({ status: 200 });
  return order;
}

/** T1, T2 and T3, to its end. */
async function pay(draft: string, user: string): Promise<OrderInHand> {
  const order = await agree(draft, user);
  await world.callback(order);
  await world.until(order, 'S');
  return order;
}

describe('a draft is priced again when it is paid', () => {
  it('and costs what was agreed while nothing of it has changed', async () => {
    const user = newUser();
    await save(shirt('same'));
    const draft = await chosen('same', user, 2);
    expect(await sheetOf(draft, user)).toMatchObject({ status: 200, data: { total_amount: 21_000, quantity: 2 } });
  });

  it('by the product as it is now: what does not touch the choice passes', async () => {
    const user = newUser();
    await save(shirt('renamed'));
    const draft = await chosen('renamed', user);
    await save({ ...shirt('renamed'), name: '새 셔츠', useShipping: true });
    expect(await sheetOf(draft, user)).toMatchObject({
      status: 200,
      data: { total_amount: 10_500, item_name: '새 셔츠', use_shipping: true },
    });
  });

  it.each<[string, Product, RegExp]>([
    ['the price rose', shirt('p', { price: 11_000 }), /가격이 변경되었습니다/],
    ['the price fell', shirt('p', { price: 9_000 }), /가격이 변경되었습니다/],
    ['the option’s price rose', shirt('p', { add: 900 }), /'색상' 항목의 가격이 변경되었습니다/],
    ['the prices changed and their sum did not', shirt('p', { price: 9_500, add: 1_000 }), /가격이 변경되었습니다/],
    ['the option means another article', shirt('p', { extra: 'S-W-2' }), /상품 정보가 변경되었습니다/],
    ['the option is gone', { ...shirt('p'), groups: shirt('p').groups.slice(2) }, /상품 정보가 변경되었습니다/],
    ['the option is sold out', shirt('p', { stock: 0 }), /품절/],
    [
      'a question was added',
      { ...shirt('p'), groups: [...shirt('p').groups, numbers('생년', { minLength: 4, maxLength: 4 })] },
      /'생년' 항목을 입력해 주세요/,
    ],
    [
      'a form wants another length',
      { ...shirt('p'), groups: [...shirt('p').groups.slice(0, 2), numbers('연락처', { minLength: 4, maxLength: 4 })] },
      /숫자 4자리로/,
    ],
    ['fewer may be bought', { ...shirt('p'), minQuantity: 2, defaultQuantity: 2 }, /구매 수량은/],
  ])('and is refused in Korean, never charged at the old price, when %s', async (_, changed, message) => {
    const [id, user] = [`changed-${randomUUID()}`, newUser()];
    await save(shirt(id));
    const draft = await chosen(id, user);
    await save({ ...changed, id });
    expect(await sheetOf(draft, user)).toMatchObject({
      http: 200,
      status: 500,
      message: expect.stringMatching(message) as string,
    });
    await save(shirt(id));
    expect(await sheetOf(draft, user)).toMatchObject({ status: 200, data: { total_amount: 10_500 } });
  });

  it('and is refused when somebody else bought the last piece, though the product has not changed', async () => {
    const [one, other] = [newUser(), newUser()];
    await save(shirt('last', { stock: 1 }));
    const drafts = [await chosen('last', one), await chosen('last', other)] as const;
    await pay(drafts[0], one);
    expect(await sheetOf(drafts[1], other)).toEqual({ http: 200, status: 500, message: '주문 상품이 품절되었습니다.' });
    expect(await t2(whiteS('last'), other)).toMatchObject({ status: 500, message: "'흰색' 상품은 품절되었습니다." });
  });

  it('but stands, with the piece it holds, while it is being paid', async () => {
    const user = newUser();
    await save(shirt('held', { stock: 1 }));
    const draft = await chosen('held', user);
    const sheet = await world.sheet(draft, user);
    const order = { id: sheet.partner_order_id, user };
    expect(await world.approve(order, world.kakaopay.ready(sheet))).toMatchObject({ status: 200 });
    expect(await world.sheet(draft, user)).toMatchObject({ partner_order_id: order.id, total_amount: 10_500 });
    await option.get(Products).save('first', shirt('held', { price: 50_000 }), { stock: 'keep' });
    expect(await world.sheet(draft, user)).toMatchObject({ partner_order_id: order.id, total_amount: 10_500 });
  });

  it('and is paid and refunded though its answers are erased under way', async () => {
    const user = newUser();
    await save(shirt('erased', { stock: 1 }));
    const onHand = () =>
      world.database.query(`SELECT on_hand FROM commerce.stock WHERE product_id = 'erased' AND sku = 'S:색상/흰색'`);
    const draft = await chosen('erased', user);
    const order = await agree(draft, user);
    await world.database.query('UPDATE commerce.drafts SET expires_at = created_at WHERE id = $1', [draft]);
    // Not before the shop knows what was chosen.
    await eventually(async () => {
      const erased = await fetch(`${option.url}/operator/drafts/${draft}`, {
        method: 'DELETE',
        headers: { authorization: 'Bearer dev-operator-token' },
      });
      expect(await erased.json()).toMatchObject({ state: 'expired', erasedAt: expect.any(String) as string });
    });
    await world.callback(order);
    await world.until(order, 'S');
    expect(await onHand()).toEqual([{ on_hand: 0 }]);
    expect((await world.cancel(order.id, randomUUID(), { reason: '고객 변심' })).http).toBe(202);
    await eventually(async () => {
      expect(await onHand()).toEqual([{ on_hand: 1 }]);
    });
  });

  it('and once paid is over: 300', async () => {
    const user = newUser();
    await save(shirt('once'));
    const draft = await chosen('once', user);
    await pay(draft, user);
    expect(await sheetOf(draft, user)).toMatchObject({ http: 200, status: 300 });
    await save(shirt('once', { price: 1 }));
    expect(await sheetOf(draft, user)).toMatchObject({ http: 200, status: 300 });
  });
});

describe('a shop with products of its own', () => {
  const SECOND = '/m/second';
  const tea = (changes: Partial<Product> = {}): Product => ({
    id: 'tea',
    kakaoId: '7:tea',
    name: '녹차',
    kind: 'commerce',
    price: 5_000,
    groups: [
      choice('크기', [
        { value: '작게', stock: 3 },
        { value: '크게', addPrice: 1_000, stock: 1 },
      ]),
    ],
    ...changes,
  });
  const bigTea = {
    id: '7:tea',
    price: 5_000,
    option_groups: [{ option_group_id: '크기', option_id: '크게', add_price: 1_000 }],
  };
  afterEach(() => {
    shop.products = () => Promise.resolve(undefined);
  });

  it('shows, checks, prices and prices again what its ProductSource says at that moment', async () => {
    const user = newUser();
    shop.products = (id) => Promise.resolve(['tea', '7:tea'].includes(id) ? tea() : undefined);
    expect(await t1('tea', SECOND)).toMatchObject({
      status: 200,
      data: { id: '7:tea', option_groups: [{ option_sub_groups: [{ options: [{ stock: 3 }, { stock: 1 }] }] }] },
    });
    const { data: draft = '' } = await t2(bigTea, user, SECOND);
    expect(await sheetOf(draft, user, SECOND)).toMatchObject({ status: 200, data: { total_amount: 6_000 } });

    shop.products = () => Promise.resolve(tea({ price: 5_500 }));
    expect(await sheetOf(draft, user, SECOND)).toMatchObject({
      status: 500,
      message: expect.stringMatching(/가격/) as string,
    });
    shop.products = () =>
      Promise.resolve(tea({ groups: [choice('크기', [{ value: '크게', addPrice: 1_000, stock: 0 }])] }));
    expect(await sheetOf(draft, user, SECOND)).toMatchObject({
      status: 500,
      message: "'크게' 상품은 품절되었습니다.",
    });
    shop.products = () => Promise.resolve(undefined);
    expect(await sheetOf(draft, user, SECOND)).toMatchObject({ status: 300 });
  });

  it.each<[string, () => Promise<Product | undefined>]>([
    [
      'breaks a rule of the guide',
      () => Promise.resolve(tea({ groups: [choices('크기', ['작게'], { maxSelect: 2 })] })),
    ],
    ['is no product', () => Promise.resolve('tea' as never)],
    ['is another product', () => Promise.resolve(tea({ id: 'coffee', kakaoId: undefined }))],
    ['never comes', () => new Promise(() => undefined)],
    ['is an error', () => Promise.reject(new Error('password=hunter2'))],
  ])('never hands Kakao an answer that %s', async (_, products) => {
    shop.products = products;
    const told = { http: 200, status: 500, message: '상품 정보를 불러오지 못했습니다. 잠시 후 다시 시도해 주세요.' };
    expect(await t1('tea', SECOND)).toEqual(told);
    expect(await t2(bigTea, newUser(), SECOND)).toEqual(told);
  });

  it('sells from the commerce tables what its ProductSource does not have', async () => {
    await option.get(Products).save('second', { id: 'gift', name: '선물', kind: 'commerce', price: 1_000, groups: [] });
    for (const nothing of [undefined, null]) {
      shop.products = () => Promise.resolve(nothing as undefined);
      expect(await t1('gift', SECOND)).toMatchObject({ status: 200, data: { name: '선물', price: 1_000 } });
    }
  });
});

it('the shop is told what was selected, to be paid or only asked', async () => {
  const user = newUser();
  await save(shirt('told'));
  const bought = await chosen('told', user);
  const groups = [choice('맛', ['단맛', '짠맛']), numbers('연락처', { minLength: 10, maxLength: 11 })];
  await save({ id: 'ask', name: '설문', kind: 'non-commerce', groups });
  const answers = [
    { option_group_id: '맛', option_id: '짠맛' },
    { option_group_id: '연락처', text: '01012345678' },
  ];
  const { data: asked = '' } = await t2({ id: 'ask', option_groups: answers }, user);
  await eventually(() => {
    const told = world.delivered.filter(({ data }) => [bought, asked].includes(String(data.id)));
    expect(told.map(({ type, data }) => [type, data.productKind, data.total]).sort()).toEqual([
      ['option.selected', 'commerce', 10_500],
      ['option.selected', 'non-commerce', 0],
    ]);
    const { chosen: given } = told.find(({ data }) => data.id === asked)!.data;
    expect(given).toMatchObject([{ option: '짠맛' }, { kind: 'numbers', text: '01012345678' }]);
  });
  expect(await sheetOf(asked, user)).toMatchObject({ status: 500, message: '결제할 금액이 없는 주문입니다.' });
});

describe('stock is one truth', () => {
  const leftIn = (answer: Answer): number | undefined => {
    const { option_groups: groups } = answer.data as {
      option_groups: { option_sub_groups?: { id: string; options: { id: string; stock?: number }[] }[] }[];
    };
    const white = groups.flatMap((group) => group.option_sub_groups ?? []).find(({ id }) => id === 'S:색상');
    return white?.options[0]?.stock;
  };

  it('for thirty buyers of the last seven, who come through both apps at once, and for those who come after refunds', async () => {
    const pieces = 7;
    await save(shirt('rush', { stock: pieces }));
    const shown: number[] = [];
    const looking = { on: true };
    // Shoppers look on all the while: never less than nothing, never more than there is.
    const looks = (async () => {
      while (looking.on) shown.push(leftIn(await t1('rush')) ?? NaN);
    })();

    const buy = async (): Promise<OrderInHand | undefined> => {
      const user = newUser();
      const selected = await t2(whiteS('rush'), user);
      if (selected.status !== 200) {
        expect(selected).toMatchObject({ status: 500, message: "'흰색' 상품은 품절되었습니다." });
        return undefined;
      }
      const sheet = await sheetOf(selected.data ?? '', user);
      if (sheet.status !== 200) {
        expect(sheet).toMatchObject({ status: 500, message: '주문 상품이 품절되었습니다.' });
        return undefined;
      }
      const data = sheet.data as unknown as OrderInHand['sheet'];
      const tid = world.kakaopay.ready(data);
      const order = {
        id: data.partner_order_id,
        user,
        prefix: '',
        sheet: data,
        tid,
        token: world.kakaopay.authenticate(tid),
      };
      const approved = await world.approve(order, tid);
      if (approved.status !== 200) {
        expect(approved).toMatchObject({ status: 500, message: '주문 상품이 품절되었습니다.' });
        return undefined;
      }
      await world.callback(order);
      await world.until(order, 'S');
      return order;
    };
    const sold = (await Promise.all(times(30, buy))).filter((order) => order !== undefined);
    looking.on = false;
    await looks;

    expect(sold).toHaveLength(pieces);
    expect(shown.every((stock) => stock >= 0 && stock <= pieces)).toBe(true);
    expect(await world.stock('S:색상/흰색')).toBeDefined();
    expect(leftIn(await t1('rush'))).toBe(0);
    expect(await buy()).toBeUndefined();

    // Two come back to the shelf: T1 shows them, and two more are sold.
    for (const { id } of sold.slice(0, 2)) {
      expect((await world.cancel(id, randomUUID(), { reason: '고객 변심' })).http).toBe(202);
    }
    await eventually(async () => {
      expect(leftIn(await t1('rush'))).toBe(2);
    });
    const again = (await Promise.all(times(6, buy))).filter((order) => order !== undefined);
    expect(again).toHaveLength(2);
    expect(leftIn(await t1('rush'))).toBe(0);
    const [row] = await world.database.query<{ on_hand: number; reserved: number }>(
      `SELECT on_hand, reserved FROM commerce.stock WHERE merchant_id = 'first' AND product_id = 'rush' AND sku = 'S:색상/흰색'`,
    );
    expect(row).toEqual({ on_hand: 0, reserved: 0 });
  });
});
