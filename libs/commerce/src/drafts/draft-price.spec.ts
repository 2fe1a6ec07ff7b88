import { draftPrice } from './draft-price';

const shipping = {
  fee: 3_000,
  freeFrom: 30_000,
  areas: [
    { from: '63000', to: '63644', extra: 3_000 },
    { from: '690000', to: '699999', extra: 4_000 },
  ],
};
const draft = { total: 24_000, taxFreeAmount: 10_000, useShipping: true, terms: { shipping } };
const feeTo = (zipCode?: string, total = 24_000): number => draftPrice({ ...draft, total }, zipCode).shippingFee;

it('adds the fee, and the extra of an area by the postal code', () => {
  expect(draftPrice(draft, '13494')).toEqual({ shippingFee: 3_000, totalAmount: 27_000, taxFreeAmount: 10_000 });
  expect(draftPrice(draft, '63000')).toEqual({ shippingFee: 6_000, totalAmount: 30_000, taxFreeAmount: 10_000 });
  expect(['62999', '63000', '63644', '63645'].map((code) => feeTo(code))).toEqual([3_000, 6_000, 6_000, 3_000]);
});

it('reads a postal code of the old kind, with its dash or without', () => {
  expect(['690-012', '690012', ' 690 012', '689-999'].map((code) => feeTo(code))).toEqual([7_000, 7_000, 7_000, 3_000]);
});

it.each([undefined, '', '6300', '630000', '630001', 'abcde', '063000'])('counts no area for %p', (code) => {
  expect(feeTo(code)).toBe(3_000);
});

it('leaves the fee out from the sum on, never the extra', () => {
  expect([29_999, 30_000].map((total) => feeTo('13494', total))).toEqual([3_000, 0]);
  expect([29_999, 30_000].map((total) => feeTo('63000', total))).toEqual([6_000, 3_000]);
});

it('counts shipping as tax-free only where the rule says so', () => {
  const taxFree = { ...draft, terms: { shipping: { ...shipping, taxFree: true } } };
  expect(draftPrice(taxFree, '63000')).toEqual({ shippingFee: 6_000, totalAmount: 30_000, taxFreeAmount: 16_000 });
});

it('adds nothing without a rule, or to what is not sent', () => {
  expect(draftPrice({ ...draft, terms: {} }, '63000')).toMatchObject({ shippingFee: 0, totalAmount: 24_000 });
  expect(draftPrice({ ...draft, useShipping: false }, '63000')).toMatchObject({ shippingFee: 0, totalAmount: 24_000 });
});
