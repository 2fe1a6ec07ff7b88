import { choice, choices, combination, integer, numbers, text } from '../products/product-builders';
import { acceptProduct, checkProduct, ProductRefused } from './product-checker';
import type { Product, ProductGroup } from '../products/product.dto';

const product = (changes: Partial<Product> = {}): Product => ({
  id: 'shirt',
  name: '셔츠',
  kind: 'commerce',
  price: 10_000,
  groups: [choice('색상', ['흰색', '검정'])],
  ...changes,
});
const with_ = (...groups: ProductGroup[]): Product => product({ groups });
const pathsOf = (input: unknown): string[] => checkProduct(input).map(({ path }) => path);

/** A chain of two by hand, to be broken: sizes S and M, a colour each. */
const chain = (): [ProductGroup, ProductGroup] =>
  combination(['사이즈', '색상'], [{ values: ['S', '흰색'] }, { values: ['M', '검정'] }]) as [
    ProductGroup,
    ProductGroup,
  ];
const optionOf = (group: ProductGroup, at: number, subGroup = 0) => group.subGroups![subGroup]!.options[at]!;

it('finds nothing in a product that is right', () => {
  expect(checkProduct(product())).toEqual([]);
  expect(checkProduct(with_(...chain(), text('문구', { required: false })))).toEqual([]);
});

it('reads no more options than a process can read in one go', () => {
  const options = Array.from({ length: 50_001 }, (_, at) => ({ id: `${at}`, value: `${at}` }));
  const groups = [1, 2].map((at) => ({ ...choice('색상', ['흰색']), subGroups: [{ id: `${at}`, options }] }));
  expect(checkProduct({ ...product(), groups })).toEqual([
    { path: 'groups', message: 'hold 100002 options; at most 100000' },
  ]);
});

it('tells everything at once, with the path to each', () => {
  const problems = checkProduct({
    id: 'x',
    kind: 'commerce',
    price: -1,
    minQuantity: 3,
    maxQuantity: 2,
    groups: [
      {
        id: 'a',
        name: 'a',
        kind: 'choice',
        subGroups: [{ id: 'a', options: [{ id: 'A' }, { id: 'A', value: 'A', addPrice: 1.5 }] }],
      },
      numbers('전화', { minLength: 11, maxLength: 10 }),
    ],
  });
  expect(problems.map(({ path }) => path)).toEqual([
    'name',
    'price',
    'groups[0].subGroups[0].options[0].value',
    'groups[0].subGroups[0].options[1].addPrice',
    'minQuantity',
    'groups[0].subGroups[0].options[1].id',
    'groups[1].minLength',
  ]);
  expect(problems.every(({ message }) => message !== '')).toBe(true);
});

it('names the product and its problems when it refuses', () => {
  const refuse = () => acceptProduct(product({ name: '', price: 0.5 }));
  expect(refuse).toThrow(ProductRefused);
  expect(refuse).toThrow(/product shirt: name must be .*; price must be/);
});

it('reads the texts of a customer as visible lines, and names those in which nothing is seen or that are too long', () => {
  const nfd = '아이스 아메리카노'.normalize('NFD');
  const { name, groups } = acceptProduct({
    ...product({ name: `${nfd}\r\n 500ml\u202E ` }),
    groups: [choice(nfd, [nfd, '👨‍👩‍👧‍👦'], { description: '첫 줄\n둘째 줄' })],
  });
  expect(name).toBe('아이스 아메리카노 500ml');
  expect(groups).toEqual([choice('아이스 아메리카노', ['아이스 아메리카노', '👨‍👩‍👧‍👦'], { description: '첫 줄 둘째 줄' })]);
  expect(acceptProduct(product({ name: '가'.repeat(100).normalize('NFD') })).name).toHaveLength(100);
  for (const blank of [' ', '\u200B\u2060', '\u3164', '\u202E\n', '\uD83D', '😀'.repeat(51)]) {
    expect(pathsOf(product({ name: blank }))).toEqual(['name']);
    expect(pathsOf(with_({ ...choice('a', ['x']), name: blank }))).toEqual(['groups[0].name']);
    expect(pathsOf(with_(choice('a', [{ id: 'x', value: blank }])))).toEqual([
      'groups[0].subGroups[0].options[0].value',
    ]);
  }
});

it('takes ids as they are, so they must be visible lines already', () => {
  for (const id of ['shirt\n', ' shirt', '셔츠'.normalize('NFD'), 'sh\u200Birt', 'shirt\u202E']) {
    expect(pathsOf(product({ id }))).toEqual(['id']);
    expect(pathsOf(with_(choice('a', [{ id: 'x', value: 'x', sku: id }])))).toEqual([
      'groups[0].subGroups[0].options[0].sku',
    ]);
  }
  // What the shop alone reads is handed back as it was.
  const extra = ' {"a":\n1}\u200B ';
  expect(acceptProduct(with_(choice('a', [{ value: 'x', extra }]))).groups[0]?.subGroups?.[0]?.options[0]?.extra).toBe(
    extra,
  );
});

it('names what it does not know and what is null, at any depth, instead of selling for another price', () => {
  expect(pathsOf({ ...product(), Price: 10 })).toEqual(['Price']);
  expect(pathsOf({ ...product(), price: null })).toEqual(['price']);
  const group = choice('a', ['x']);
  const [subGroup] = group.subGroups ?? [];
  const [option] = subGroup?.options ?? [];
  const deep = {
    ...group,
    Required: true,
    subGroups: [{ ...subGroup, options: [{ ...option, addprice: 1, sku: null }] }],
  };
  expect(pathsOf(with_(deep as never))).toEqual([
    'groups[0].subGroups[0].options[0].sku',
    'groups[0].subGroups[0].options[0].addprice',
    'groups[0].Required',
  ]);
});

it.each<[string, unknown, string[]]>([
  ['nothing', undefined, ['', 'id', 'name', 'kind', 'groups']],
  ['a list', [], ['', 'id', 'name', 'kind', 'groups']],
  ['a price in words', product({ price: '10000' as never }), ['price']],
  ['a price beyond 32 bits', product({ price: 2 ** 31 }), ['price']],
  ['groups that are no list', product({ groups: {} as never }), ['groups', 'groups']],
  ['two groups of one id', with_(text('a'), text('a')), ['groups[1].id']],
  [
    'two sub-groups of one id',
    with_(choice('a', ['x']), { ...choice('b', ['x']), subGroups: choice('a', ['y']).subGroups! }),
    ['groups[1].subGroups[0].id'],
  ],
  ['two options of one id', with_(choice('a', ['x', 'x'])), ['groups[0].subGroups[0].options[1].id']],
  ['no options', with_(choice('a', [])), ['groups[0].subGroups[0].options']],
  ['a selection without sub-groups', with_({ id: 'a', name: 'a', kind: 'choice' }), ['groups[0].subGroups']],
  [
    'an empty list of sub-groups',
    with_({ id: 'a', name: 'a', kind: 'choice', subGroups: [] }),
    ['groups[0].subGroups'],
  ],
  ['a form with options', with_({ ...choice('a', ['x']), kind: 'text' }), ['groups[0].subGroups']],
  ['an unknown kind', with_({ ...text('a'), kind: 'colour' as never }), ['groups[0].kind', 'groups[0].subGroups']],
  [
    'numbers without lengths',
    with_({ id: 'a', name: 'a', kind: 'numbers' }),
    ['groups[0].minLength', 'groups[0].maxLength'],
  ],
  [
    'an integer without bounds',
    with_({ id: 'a', name: 'a', kind: 'integer' }),
    ['groups[0].minValue', 'groups[0].maxValue'],
  ],
  ['a length on a text', with_({ ...text('a'), maxLength: 5 }), ['groups[0].maxLength']],
  ['a placeholder on a text', with_({ ...text('a'), placeholder: '문구' }), ['groups[0].placeholder']],
  ['a default value on a selection', with_({ ...choice('a', ['x']), defaultValue: 'x' }), ['groups[0].defaultValue']],
  ['lengths the wrong way round', with_(numbers('a', { minLength: 11, maxLength: 10 })), ['groups[0].minLength']],
  ['values the wrong way round', with_(integer('a', { minValue: 9, maxValue: 1 })), ['groups[0].minValue']],
  [
    'a default that is too long',
    with_(numbers('a', { minLength: 1, maxLength: 2, defaultValue: '123' })),
    ['groups[0].defaultValue'],
  ],
  [
    'a default that is out of bounds',
    with_(integer('a', { minValue: 1, maxValue: 9, defaultValue: '10' })),
    ['groups[0].defaultValue'],
  ],
  ['quantities the wrong way round', product({ minQuantity: 3, maxQuantity: 2 }), ['minQuantity']],
  ['a least quantity over the default maximum', product({ minQuantity: 2 }), ['minQuantity']],
  ['a first quantity out of bounds', product({ maxQuantity: 3, defaultQuantity: 4 }), ['defaultQuantity']],
  ['an absent first quantity out of bounds', product({ minQuantity: 2, maxQuantity: 3 }), ['defaultQuantity']],
  ['no piece at all', product({ minQuantity: 0 }), ['minQuantity']],
  [
    'option quantities the wrong way round',
    with_(choice('a', [{ value: 'x', minQuantity: 2 }])),
    ['groups[0].subGroups[0].options[0].minQuantity'],
  ],
  [
    'a default option that is none',
    with_(choice('a', ['x'], { defaultOptionId: 'y' })),
    ['groups[0].subGroups[0].defaultOptionId'],
  ],
  [
    'two of a choice',
    with_({ ...choices('a', ['x', 'y'], { maxSelect: 2 }), kind: 'choice' }),
    ['groups[0].subGroups[0].maxSelect'],
  ],
  [
    'more choices than options',
    with_(choices('a', ['x', 'y'], { maxSelect: 3 })),
    ['groups[0].subGroups[0].maxSelect'],
  ],
  [
    'choices the wrong way round',
    with_(choices('a', ['x', 'y'], { minSelect: 2 })),
    ['groups[0].subGroups[0].minSelect'],
  ],
  ['none of a required group', with_(choices('a', ['x'], { minSelect: 0 })), ['groups[0].subGroups[0].minSelect']],
  [
    'counts without quantities',
    with_({ ...choices('a', ['x']), kind: 'counts' }),
    ['groups[0].subGroups[0].options[0].minQuantity', 'groups[0].subGroups[0].options[0].maxQuantity'],
  ],
  [
    'counts that cannot be reached',
    with_({
      ...choices('a', [{ value: 'x', minQuantity: 0, maxQuantity: 2 }], { minSelect: 3, maxSelect: 3 }),
      kind: 'counts',
    }),
    ['groups[0].subGroups[0].minSelect'],
  ],
  ['a price where nothing is sold', product({ kind: 'non-commerce' }), ['price']],
  [
    'an option price where nothing is sold',
    { id: 's', name: 's', kind: 'non-commerce', groups: [choice('a', [{ value: 'x', addPrice: 1 }])] },
    ['groups[0].subGroups[0].options[0].addPrice'],
  ],
  [
    'one stock counted twice',
    with_(
      choice('a', [
        { value: 'x', sku: 's', stock: 1 },
        { value: 'y', sku: 's', stock: 2 },
      ]),
    ),
    ['groups[0].subGroups[0].options[1].stock'],
  ],
  [
    'several sub-groups and nothing that leads there',
    with_({ ...choice('a', ['x']), subGroups: [...choice('a', ['x']).subGroups!, ...choice('b', ['x']).subGroups!] }),
    ['groups[0].subGroups'],
  ],
])('refuses %s', (_, input, paths) => {
  expect(pathsOf(input)).toEqual(paths);
});

describe('a related chain', () => {
  it('refuses a link to no group, and to no sub-group', () => {
    const [size, colour] = chain();
    optionOf(size, 0).leadsTo = [{ groupId: '무늬', subGroupId: 'S:색상' }];
    expect(pathsOf(with_(size, colour))).toContain('groups[0].subGroups[0].options[0].leadsTo[0].groupId');
    optionOf(size, 0).leadsTo = [{ groupId: '색상', subGroupId: 'L:색상' }];
    expect(pathsOf(with_(size, colour))).toEqual([
      'groups[0].subGroups[0].options[0].leadsTo[0].subGroupId',
      'groups[1].subGroups[0]',
    ]);
  });

  it('refuses a simple group beside it, but not a form', () => {
    expect(pathsOf(with_(...chain(), choice('포장', ['선물'])))).toEqual(['groups[2]']);
    expect(pathsOf(with_(choice('포장', ['선물']), ...chain()))).toEqual(['groups[1]']);
    expect(pathsOf(with_(...chain(), numbers('전화', { minLength: 1, maxLength: 2 })))).toEqual([]);
  });

  it('refuses a second chain', () => {
    const second = combination(['무늬', '재질'], [{ values: ['줄', '면'] }]);
    expect(checkProduct(with_(...chain(), ...second))).toEqual([
      { path: 'groups[2]', message: 'starts a second related chain' },
    ]);
  });

  it('refuses a fork', () => {
    const [size, colour] = chain();
    optionOf(size, 1).leadsTo = [{ groupId: '무늬', subGroupId: '무늬' }];
    expect(pathsOf(with_(size, colour, choice('무늬', ['줄'])))).toContain('groups[0]');
    optionOf(size, 0).leadsTo?.push({ groupId: '무늬', subGroupId: '무늬' });
    expect(pathsOf(with_(size, colour, choice('무늬', ['줄'])))).toContain('groups[0].subGroups[0].options[0].leadsTo');
  });

  it('refuses a cycle, and a link to itself', () => {
    const [size, colour] = chain();
    optionOf(colour, 0).leadsTo = [{ groupId: '사이즈', subGroupId: '사이즈' }];
    optionOf(colour, 0, 1).leadsTo = [{ groupId: '사이즈', subGroupId: '사이즈' }];
    expect(pathsOf(with_(size, colour))).toEqual(['groups[1]']);
    const [own] = chain();
    for (const option of own.subGroups![0]!.options) option.leadsTo = [{ groupId: '사이즈', subGroupId: '사이즈' }];
    expect(pathsOf(with_(own))).toEqual(['groups[0]']);
  });

  it('refuses groups in another order than they are walked', () => {
    const [size, colour] = chain();
    expect(pathsOf(with_(colour, size))).toEqual(['groups[1]']);
  });

  it('refuses a path that ends early, and a sub-group that no option reaches', () => {
    const [size, colour] = chain();
    delete optionOf(size, 1).leadsTo;
    expect(pathsOf(with_(size, colour))).toEqual([
      'groups[0].subGroups[0].options[1].leadsTo',
      'groups[1].subGroups[1]',
    ]);
  });

  it('refuses an optional group on the way to a required one: left out, nothing would be chosen', () => {
    const [size, colour] = chain();
    expect(pathsOf(with_({ ...size, required: false }, colour))).toEqual(['groups[0].required']);
    expect(pathsOf(with_({ ...size, required: false }, { ...colour, required: false }))).toEqual([]);
    expect(pathsOf(with_(size, { ...colour, required: false }))).toEqual([]);
  });

  it('refuses several choices on the way', () => {
    const [size, colour] = chain();
    expect(pathsOf(with_({ ...size, kind: 'choices' }, colour))).toEqual(['groups[0].kind']);
    expect(pathsOf(with_(size, { ...colour, kind: 'choices' }))).toEqual([]);
  });
});
