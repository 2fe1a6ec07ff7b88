import fc from 'fast-check';
import { choice, choices, combination, date, integer, numbers, text } from '../products/product-builders';
import type { Product, ProductGroup } from '../products/product.dto';
import { MAX_AMOUNT } from '../checker/product-reader';
import { priceSelection } from './price-selection';
import type { Answer, Selection } from './selection';

const shirt = (changes: Partial<Product> = {}): Product => ({
  id: 'shirt',
  kakaoId: '101:shirt',
  name: '셔츠',
  kind: 'commerce',
  price: 10_000,
  maxQuantity: 10,
  groups: [
    ...combination(
      ['사이즈', '색상'],
      [
        { values: ['S', '흰색'], stock: 3, maxQuantity: 10, extra: '1' },
        { values: ['S', '검정'], addPrice: 500, maxQuantity: 10, extra: '2' },
        { values: ['M', '검정'], addPrice: 700, maxQuantity: 10, stock: 0, extra: '3' },
      ],
    ),
    text('문구', { required: false }),
  ],
  ...changes,
});
const blackS: Answer[] = [
  { groupId: '사이즈', optionId: 'S' },
  { groupId: '색상', optionId: '검정', addPrice: 500, extra: '2' },
];
const select = (changes: Partial<Selection> = {}): Selection => ({
  productId: 'shirt',
  price: 10_000,
  quantity: 1,
  answers: blackS,
  ...changes,
});
const simple = (...groups: ProductGroup[]): Product => ({ id: 'p', name: '상품', kind: 'commerce', groups });
const answer = (...answers: Answer[]): Selection => ({ productId: 'p', answers });

const totalOf = (product: Product, selection: Selection): number => {
  const result = priceSelection(product, selection);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.priced.total;
};
const problemsOf = (product: Product, selection: Selection): string[] => {
  const result = priceSelection(product, selection);
  return result.ok ? [] : result.problems.map(({ message }) => message);
};
const CHANGED = '상품 정보가 변경되었습니다. 옵션을 다시 선택해 주세요.';

describe('the price', () => {
  it('is price × quantity plus every option with its quantity, the product quantity when it has none of its own', () => {
    expect(totalOf(shirt(), select())).toBe(10_500);
    expect(totalOf(shirt(), select({ quantity: 3 }))).toBe(31_500);
    const [size, colour] = blackS;
    expect(totalOf(shirt(), select({ quantity: 3, answers: [size!, { ...colour!, quantity: 2 }] }))).toBe(31_000);
  });

  it('takes what is absent at its default', () => {
    expect(totalOf(shirt({ defaultQuantity: 2 }), select({ quantity: undefined }))).toBe(21_000);
    expect(totalOf(simple(choice('색상', ['흰색'])), answer({ groupId: '색상', optionId: '흰색' }))).toBe(0);
  });

  it('names what to take from stock, one line to a sku', () => {
    const product = simple(
      choice('a', [{ value: 'x', sku: 'shared', stock: 9 }]),
      choice('b', [{ value: 'y', sku: 'shared', stock: 9 }, 'z']),
    );
    const result = priceSelection(
      { ...product, stock: 4 },
      answer({ groupId: 'a', optionId: 'x' }, { groupId: 'b', optionId: 'y' }),
    );
    expect(result.ok && result.priced.lines).toEqual([
      { productId: 'p', sku: 'p', quantity: 1 },
      { productId: 'p', sku: 'shared', quantity: 2 },
    ]);
  });

  it('never overflows', () => {
    const dear = shirt({ price: MAX_AMOUNT, maxQuantity: MAX_AMOUNT });
    expect(problemsOf(dear, select({ price: MAX_AMOUNT, quantity: 2, answers: blackS }))).toEqual([
      '주문할 수 없는 금액입니다. 수량과 옵션을 확인해 주세요.',
    ]);
    const tricky = simple(
      choices(
        'a',
        [
          { value: 'up', addPrice: MAX_AMOUNT, maxQuantity: MAX_AMOUNT },
          { value: 'down', addPrice: -MAX_AMOUNT, maxQuantity: MAX_AMOUNT },
        ],
        { maxSelect: 2 },
      ),
    );
    const both = answer(
      { groupId: 'a', optionId: 'up', addPrice: MAX_AMOUNT, quantity: MAX_AMOUNT },
      { groupId: 'a', optionId: 'down', addPrice: -MAX_AMOUNT, quantity: MAX_AMOUNT - 1 },
    );
    expect(problemsOf(tricky, both)).toHaveLength(1);
  });

  it('knows its tax-free part: of the product and of each option, never below 0 nor above the total', () => {
    const product: Product = {
      ...simple(
        choices(
          '추가',
          [
            { value: '원두', addPrice: 4_000, taxFreeAmount: 4_000, maxQuantity: 9 },
            { value: '포장', addPrice: 2_000 },
            { value: '쿠폰', addPrice: -8_000 },
            { value: '면세 할인', addPrice: -20_000, taxFreeAmount: -20_000 },
          ],
          { required: false, maxSelect: 4 },
        ),
      ),
      price: 15_000,
      taxFreeAmount: 10_000,
      maxQuantity: 9,
    };
    const prices = new Map([['원두', 4_000], ['포장', 2_000], ['쿠폰', -8_000], ['면세 할인', -20_000]]); // prettier-ignore
    const partOf = (quantity: number, ...options: string[]): [number, number] => {
      const answers = options.map((optionId) => ({
        groupId: '추가',
        optionId,
        addPrice: prices.get(optionId),
        quantity,
      }));
      const result = priceSelection(product, { productId: 'p', price: 15_000, quantity, answers });
      if (!result.ok) throw new Error(JSON.stringify(result.problems));
      return [result.priced.total, result.priced.taxFreeAmount];
    };
    expect(partOf(1)).toEqual([15_000, 10_000]);
    expect(partOf(3, '원두', '포장')).toEqual([63_000, 42_000]);
    expect(partOf(1, '쿠폰')).toEqual([7_000, 7_000]);
    expect(partOf(2, '원두', '포장', '면세 할인')).toEqual([2_000, 0]);
  });

  it('is refused below zero', () => {
    const product = simple(choice('a', [{ value: 'x', addPrice: -1 }]));
    expect(problemsOf(product, answer({ groupId: 'a', optionId: 'x', addPrice: -1 }))).toHaveLength(1);
  });
});

it.each<[string, Partial<Selection>, string]>([
  ['another product', { productId: 'mug' }, CHANGED],
  ['another price', { price: 9_000 }, '상품 가격이 변경되었습니다. 옵션을 다시 선택해 주세요.'],
  ['no price', { price: undefined }, '상품 가격이 변경되었습니다. 옵션을 다시 선택해 주세요.'],
  ['too many', { quantity: 11 }, '구매 수량은 1~10개까지만 선택할 수 있습니다.'],
  ['none', { quantity: 0 }, '구매 수량은 1~10개까지만 선택할 수 있습니다.'],
  ['less than none', { quantity: -1 }, '구매 수량은 1~10개까지만 선택할 수 있습니다.'],
  ['an unknown group', { answers: [...blackS, { groupId: '무늬', optionId: '줄' }] }, CHANGED],
  ['no size', { answers: blackS.slice(1) }, "'사이즈' 항목을 선택해 주세요."],
  ['no colour', { answers: blackS.slice(0, 1) }, "'색상' 항목을 선택해 주세요."],
  ['nothing', { answers: [] }, "'사이즈' 항목을 선택해 주세요."],
  ['an unknown option', { answers: [{ groupId: '사이즈', optionId: 'XL' }] }, CHANGED],
  ['an empty option', { answers: [{ groupId: '사이즈' }, ...blackS.slice(1)] }, "'사이즈' 항목을 선택해 주세요."],
  [
    'a path that does not exist',
    {
      answers: [
        { groupId: '사이즈', optionId: 'M' },
        { groupId: '색상', optionId: '흰색', extra: '1' },
      ],
    },
    "'색상' 항목에서 선택할 수 없는 조합입니다. 옵션을 다시 선택해 주세요.",
  ],
  [
    'two sizes',
    { answers: [{ groupId: '사이즈', optionId: 'M' }, ...blackS] },
    "'사이즈' 항목은 1개만 선택할 수 있습니다.",
  ],
  ['the same size twice', { answers: [...blackS.slice(0, 1), ...blackS] }, "'S' 옵션이 중복 선택되었습니다."],
  [
    'another add price',
    { answers: [blackS[0]!, { ...blackS[1]!, addPrice: 0 }] },
    "'색상' 항목의 가격이 변경되었습니다. 옵션을 다시 선택해 주세요.",
  ],
  [
    'no add price',
    { answers: [blackS[0]!, { ...blackS[1]!, addPrice: undefined }] },
    "'색상' 항목의 가격이 변경되었습니다. 옵션을 다시 선택해 주세요.",
  ],
  [
    'a price for a form',
    { answers: [...blackS, { groupId: '문구', text: 'a', addPrice: 1 }] },
    "'문구' 항목의 가격이 변경되었습니다. 옵션을 다시 선택해 주세요.",
  ],
  ['another extra', { answers: [blackS[0]!, { ...blackS[1]!, extra: '1' }] }, CHANGED],
  [
    'too many of an option',
    { answers: [blackS[0]!, { ...blackS[1]!, quantity: 11 }] },
    "'검정' 옵션은 1~10개까지만 선택할 수 있습니다.",
  ],
  [
    'none of an option',
    { answers: [blackS[0]!, { ...blackS[1]!, quantity: 0 }] },
    "'검정' 옵션은 1~10개까지만 선택할 수 있습니다.",
  ],
  [
    'several of an option without bounds',
    { answers: [{ ...blackS[0]!, quantity: 2 }, blackS[1]!] },
    "'S' 옵션은 1개만 선택할 수 있습니다.",
  ],
  [
    'a form twice',
    { answers: [...blackS, { groupId: '문구', text: 'a' }, { groupId: '문구', text: 'b' }] },
    "'문구' 항목은 한 번만 입력할 수 있습니다.",
  ],
  [
    'more than is left',
    { quantity: 4, answers: [blackS[0]!, { groupId: '색상', optionId: '흰색', extra: '1' }] },
    "'흰색' 재고가 부족합니다. (남은 수량 3개)",
  ],
  [
    'what is sold out',
    {
      answers: [
        { groupId: '사이즈', optionId: 'M' },
        { groupId: '색상', optionId: '검정', addPrice: 700, extra: '3' },
      ],
    },
    "'검정' 상품은 품절되었습니다.",
  ],
])('refuses %s', (_, changes, first) => {
  expect(problemsOf(shirt(), select(changes))[0]).toBe(first);
});

it('knows the product by both of its ids', () => {
  expect(problemsOf(shirt(), select({ productId: '101:shirt' }))).toEqual([]);
});

it('finds all problems in one pass', () => {
  const result = priceSelection(
    shirt(),
    select({
      price: 1,
      quantity: 11,
      answers: [
        { groupId: '사이즈', optionId: 'S' },
        { groupId: '색상', optionId: '검정', addPrice: 1, extra: '9' },
      ],
    }),
  );
  expect(result).toEqual({
    ok: false,
    problems: [
      expect.objectContaining({ path: 'price' }),
      expect.objectContaining({ path: 'quantity' }),
      expect.objectContaining({ path: 'answers[1].quantity' }),
      expect.objectContaining({ path: 'answers[1].addPrice' }),
      expect.objectContaining({ path: 'answers[1].extra' }),
    ],
  });
});

it('refuses more of the product than it has in all', () => {
  expect(problemsOf({ ...shirt(), stock: 1 }, select({ quantity: 2 }))).toEqual([
    "'셔츠' 재고가 부족합니다. (남은 수량 1개)",
  ]);
});

describe('several choices', () => {
  const product = simple(choices('추가', ['포장', '카드', '리본'], { minSelect: 2, maxSelect: 2, required: false }));
  const chosen = (...ids: string[]) =>
    problemsOf(product, answer(...ids.map((optionId) => ({ groupId: '추가', optionId }))));

  it('keeps to their bounds, or is left out', () => {
    expect(chosen('포장', '카드')).toEqual([]);
    expect(chosen()).toEqual([]);
    expect(chosen('포장')).toEqual(["'추가' 항목은 2개만 선택할 수 있습니다."]);
    expect(chosen('포장', '카드', '리본')).toEqual(["'추가' 항목은 2개만 선택할 수 있습니다."]);
    expect(chosen('포장', '포장')).toEqual(["'포장' 옵션이 중복 선택되었습니다."]);
  });

  it('are the same choices in any order', () => {
    const pick = (...ids: string[]) =>
      priceSelection(product, answer(...ids.map((optionId) => ({ groupId: '추가', optionId }))));
    expect(pick('카드', '포장')).toEqual(pick('포장', '카드'));
  });
});

describe('a selection without goods', () => {
  it('is refused when an optional question that leads on to a required one is left out', () => {
    const product = shirt();
    const [size, ...rest] = product.groups;
    // Such a product was saved before the checker refused it.
    const before = { ...product, groups: [{ ...size!, required: false }, ...rest] };
    expect(problemsOf(before, select({ answers: [] }))).toEqual(["'색상' 항목을 선택해 주세요."]);
    expect(problemsOf(before, select())).toEqual([]);
  });

  it.each(['choice', 'choices'] as const)('is refused when no piece of an option is taken (%s)', (kind) => {
    const group = { ...choice('색상', [{ value: '흰색', minQuantity: 0, maxQuantity: 3 }]), kind };
    const take = (quantity: number) => answer({ groupId: '색상', optionId: '흰색', quantity });
    expect(problemsOf(simple(group), take(0))).toEqual(["'흰색' 옵션은 1~3개까지만 선택할 수 있습니다."]);
    expect(problemsOf(simple(group), take(2))).toEqual([]);
  });
});

it('adds up the pieces of counts', () => {
  const group: ProductGroup = {
    ...choices(
      '도시락',
      [
        { value: '불고기', addPrice: 100, minQuantity: 0, maxQuantity: 3 },
        { value: '비빔밥', addPrice: 10, minQuantity: 1, maxQuantity: 3 },
      ],
      { minSelect: 3, maxSelect: 4 },
    ),
    kind: 'counts',
  };
  const count = (a: number, b: number) =>
    answer(
      { groupId: '도시락', optionId: '불고기', addPrice: 100, quantity: a },
      { groupId: '도시락', optionId: '비빔밥', addPrice: 10, quantity: b },
    );
  expect(totalOf(simple(group), count(2, 2))).toBe(220);
  expect(problemsOf(simple(group), count(1, 1))).toEqual(["'도시락' 항목은 3~4개까지만 선택할 수 있습니다."]);
  expect(problemsOf(simple(group), count(3, 2))).toEqual(["'도시락' 항목은 3~4개까지만 선택할 수 있습니다."]);
  expect(problemsOf(simple(group), count(4, 0))).toHaveLength(2);
});

describe('forms', () => {
  const written = (group: ProductGroup, value: string | undefined) =>
    problemsOf(simple(group), answer({ groupId: group.id, text: value }));
  const phone = numbers('전화', { minLength: 10, maxLength: 11 });
  const days = integer('일수', { minValue: -5, maxValue: 365 });

  it.each<[ProductGroup, string]>([
    [text('문구'), '축하해 🎉'],
    [phone, '0101234567'],
    [phone, '01012345678'],
    [days, '-5'],
    [days, '365'],
    [days, '007'],
    [date('날짜'), '20261231'],
    [date('날짜'), '20240229'],
  ])('%p takes %p', (group, value) => {
    expect(written(group, value)).toEqual([]);
  });

  it.each<[ProductGroup, string | undefined, string]>([
    [text('문구'), undefined, "'문구' 항목을 입력해 주세요."],
    [text('문구'), '  ', "'문구' 항목을 입력해 주세요."],
    [phone, '010123456', "'전화' 항목: 숫자 10~11자리로 입력해 주세요."],
    [phone, '010123456789', "'전화' 항목: 숫자 10~11자리로 입력해 주세요."],
    [phone, '010-1234-56', "'전화' 항목: 숫자 10~11자리로 입력해 주세요."],
    [phone, '01012345678\n', "'전화' 항목: 숫자 10~11자리로 입력해 주세요."],
    [phone, '٠١٠١٢٣٤٥٦٧', "'전화' 항목: 숫자 10~11자리로 입력해 주세요."],
    [days, '366', "'일수' 항목: -5부터 365까지의 숫자만 입력할 수 있습니다."],
    [days, '-6', "'일수' 항목: -5부터 365까지의 숫자만 입력할 수 있습니다."],
    [days, '1.5', "'일수' 항목: -5부터 365까지의 숫자만 입력할 수 있습니다."],
    [days, '1e2', "'일수' 항목: -5부터 365까지의 숫자만 입력할 수 있습니다."],
    [days, '9'.repeat(400), "'일수' 항목: -5부터 365까지의 숫자만 입력할 수 있습니다."],
    [date('날짜'), '20260229', "'날짜' 항목: 있는 날짜를 YYYYMMDD 8자리로 입력해 주세요."],
    [date('날짜'), '20261301', "'날짜' 항목: 있는 날짜를 YYYYMMDD 8자리로 입력해 주세요."],
    [date('날짜'), '20260431', "'날짜' 항목: 있는 날짜를 YYYYMMDD 8자리로 입력해 주세요."],
    [date('날짜'), '2026-1-1', "'날짜' 항목: 있는 날짜를 YYYYMMDD 8자리로 입력해 주세요."],
    [date('날짜'), '00000101', "'날짜' 항목: 있는 날짜를 YYYYMMDD 8자리로 입력해 주세요."],
  ])('%p refuses %p', (group, value, message) => {
    expect(written(group, value)).toEqual([message]);
  });

  it('may be left out when they are not required, but are never wrong', () => {
    expect(written({ ...phone, required: false }, undefined)).toEqual([]);
    expect(written({ ...phone, required: false }, '1')).toHaveLength(1);
  });

  it('takes exactly the days of the calendar', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9999 }),
        fc.integer({ min: 0, max: 99 }),
        fc.integer({ min: 0, max: 99 }),
        (year, month, day) => {
          const value = [year, month, day].map((part, at) => String(part).padStart(at === 0 ? 4 : 2, '0')).join('');
          const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
          const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
          expect(written(date('날짜'), value).length === 0).toBe(day >= 1 && day <= days);
        },
      ),
    );
  });
});

it('prices every article of any combination, and no other', () => {
  const values = fc.constantFrom('S', 'M', 'L', 'a:b', '%');
  const skus = fc.uniqueArray(fc.record({ values: fc.tuple(values, values, values), addPrice: fc.nat(10_000) }), {
    selector: (sku) => JSON.stringify(sku.values),
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(skus, fc.tuple(values, values, values), fc.nat(1_000), (articles, path, price) => {
      const product: Product = {
        id: 'p',
        name: 'p',
        kind: 'commerce',
        price,
        groups: combination(['1', '2', '3'], articles),
      };
      const article = articles.find((each) => String(each.values) === String(path));
      const [one, two, three] = path;
      const result = priceSelection(product, {
        productId: 'p',
        price,
        answers: [
          { groupId: '1', optionId: one },
          { groupId: '2', optionId: two },
          { groupId: '3', optionId: three, addPrice: article?.addPrice ?? 0 },
        ],
      });
      expect(result.ok).toBe(article !== undefined);
      if (result.ok) expect(result.priced.total).toBe(price + (article?.addPrice ?? 0));
    }),
  );
});
