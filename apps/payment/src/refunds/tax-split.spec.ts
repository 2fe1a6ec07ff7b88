import { assert, integer, property, tuple, array } from 'fast-check';
import { type Parts, splitRefund } from './tax-split';

const payment = tuple(integer({ min: 1, max: 2_000_000 }), integer({ min: 0 }), integer({ min: 0 })).map(
  ([amount, a, b]): Parts => {
    const taxFree = a % (amount + 1);
    return { amount, taxFree, vat: b % (Math.floor((amount - taxFree) / 2) + 1) };
  },
);

describe('the tax of partial refunds', () => {
  it('adds up to the payment, for any sequence of refunds, and no part is ever odd', () => {
    assert(
      property(payment, array(integer({ min: 1, max: 300_000 }), { maxLength: 30 }), (charged, amounts) => {
        let before: Parts = { amount: 0, taxFree: 0, vat: 0 };
        for (const wanted of [...amounts, charged.amount]) {
          const left = charged.amount - before.amount;
          if (left === 0) break;
          const parts = splitRefund(charged, before, Math.min(wanted, left));
          expect(parts.taxFree).toBeGreaterThanOrEqual(0);
          expect(parts.vat).toBeGreaterThanOrEqual(0);
          expect(parts.taxFree + parts.vat).toBeLessThanOrEqual(parts.amount);
          before = {
            amount: before.amount + parts.amount,
            taxFree: before.taxFree + parts.taxFree,
            vat: before.vat + parts.vat,
          };
        }
        expect(before).toEqual(charged);
      }),
      { numRuns: 2_000 },
    );
  });

  it('splits as the whole is split', () => {
    const charged = { amount: 11_000, taxFree: 5_500, vat: 500 };
    expect(splitRefund(charged, { amount: 0, taxFree: 0, vat: 0 }, 1_100)).toEqual({
      amount: 1_100,
      taxFree: 550,
      vat: 50,
    });
  });
});
