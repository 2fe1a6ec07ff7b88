import { choice } from '../products/product-builders';
import type { Product } from '../products/product.dto';
import { acceptProduct, checkProduct } from './product-checker';

const book = (changes: object = {}): Product & Record<string, unknown> => ({
  id: 'book',
  name: '책',
  kind: 'commerce',
  price: 15_000,
  useShipping: true,
  taxFreeAmount: 15_000,
  shipping: {
    fee: 3_000,
    freeFrom: 30_000,
    taxFree: true,
    areas: [
      { name: '제주', from: '63000', to: '63644', extra: 3_000 },
      { from: '690000', to: '699999', extra: 3_000 },
    ],
  },
  agreements: [{ company: '데모샵', title: '구매조건 확인', url: 'https://shop.example/terms?a=1#b' }],
  productUrls: ['https://shop.example/책'],
  groups: [choice('포장', ['없음', { value: '선물', addPrice: 2_000, taxFreeAmount: 500 }])],
  ...changes,
});
const area = (changes: object) => ({ shipping: { fee: 0, areas: [{ from: '1', to: '2', extra: 0, ...changes }] } });
const first = (input: unknown) => checkProduct(input)[0];

it('takes what an order sheet may say, and keeps it', () => {
  expect(acceptProduct(book())).toEqual(book());
});

it.each<[string, object, string]>([
  ['shipping without a fee', { shipping: {} }, 'shipping.fee'],
  ['a fee below zero', { shipping: { fee: -1 } }, 'shipping.fee'],
  ['a fee that is a text', { shipping: { fee: '3000' } }, 'shipping.fee'],
  ['no fee', { shipping: { fee: null } }, 'shipping.fee'],
  ['shipping that is a number', { shipping: 3_000 }, 'shipping'],
  ['a field that is none', { shipping: { fee: 0, freefrom: 1 } }, 'shipping.freefrom'],
  ['free from nothing', { shipping: { fee: 0, freeFrom: 0 } }, 'shipping.freeFrom'],
  ['a word for yes', { shipping: { fee: 0, taxFree: 'yes' } }, 'shipping.taxFree'],
  ['goods that are not sent', { useShipping: false }, 'shipping'],
  ['goods of which nothing is said', { useShipping: undefined }, 'shipping'],
  ['a short postal code', area({ from: '6300', to: '63644' }), 'shipping.areas[0].from'],
  ['a postal code with a dash', area({ from: '63000', to: '63-644' }), 'shipping.areas[0].to'],
  ['a postal code as a number', area({ from: 63_000, to: '63644' }), 'shipping.areas[0].from'],
  ['postal codes of two kinds', area({ from: '63000', to: '690000' }), 'shipping.areas[0].to'],
  ['postal codes that run backwards', area({ from: '63644', to: '63000' }), 'shipping.areas[0].from'],
  ['an extra below zero', area({ from: '63000', to: '63644', extra: -1 }), 'shipping.areas[0].extra'],
  ['no extra', area({ from: '63000', to: '63644', extra: undefined }), 'shipping.areas[0].extra'],
  ['a tax-free part above the price', { taxFreeAmount: 15_001 }, 'taxFreeAmount'],
  ['a tax-free part of no price', { price: undefined, taxFreeAmount: 1 }, 'taxFreeAmount'],
  ['an agreement without its company', { agreements: [{ title: 'a' }] }, 'agreements[0].company'],
  ['an agreement without its title', { agreements: [{ company: 'a' }] }, 'agreements[0].title'],
  ['agreements that are none', { agreements: {} }, 'agreements'],
  ['more agreements than a draft keeps', { agreements: Array(201).fill({ company: 'a', title: 'b' }) }, 'agreements'],
  ['more product addresses than a draft keeps', { productUrls: Array(201).fill('https://a.kr') }, 'productUrls'],
])('refuses %s, by its path', (_, changes, path) => {
  expect(first(book(changes))?.path).toBe(path);
});

it.each([
  'javascript:alert(1)',
  ' https://shop.example',
  'https://shop.example/a b',
  'https://shop.example/\n',
  'https://user:password@shop.example',
  '//shop.example',
  'data:text/html,a',
  'https://',
  `https://shop.example/${'a'.repeat(250)}`,
  '',
  7,
  null,
])('refuses %p as an address', (url) => {
  expect(first(book({ productUrls: [url] }))?.path).toBe('productUrls[0]');
  expect(first(book({ agreements: [{ company: 'a', title: 'b', url }] }))?.path).toBe('agreements[0].url');
});

it('refuses an area that shares codes with an earlier one', () => {
  const areas = [
    { from: '63000', to: '63100', extra: 1 },
    { from: '63200', to: '63300', extra: 2 },
    { from: '63100', to: '63150', extra: 3 },
  ];
  expect(checkProduct(book({ shipping: { fee: 0, areas } }))).toEqual([
    { path: 'shipping.areas[2]', message: 'shares postal codes with areas[0]' },
  ]);
});

it.each<[number | undefined, number]>([
  [2_000, 2_001],
  [2_000, -1],
  [-2_000, 1],
  [-2_000, -2_001],
  [undefined, 1],
])('refuses of an option that adds %p the tax-free part %p', (addPrice, taxFreeAmount) => {
  const groups = [choice('포장', [{ value: '선물', addPrice, taxFreeAmount }])];
  expect(first(JSON.parse(JSON.stringify(book({ groups }))))?.path).toBe(
    'groups[0].subGroups[0].options[0].taxFreeAmount',
  );
});

it('knows none of it for a product that only asks', () => {
  const input = book({ kind: 'non-commerce', price: undefined, groups: [choice('포장', ['없음'])] });
  expect(checkProduct(JSON.parse(JSON.stringify(input))).map(({ path }) => path)).toEqual(
    expect.arrayContaining(['shipping', 'taxFreeAmount', 'agreements', 'productUrls']),
  );
});
