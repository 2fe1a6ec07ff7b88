import { array, assert, boolean, constant, integer, oneof, property, record, tuple } from 'fast-check';
import { leftOf, type Parts, splitRefund } from './tax-split';

/** Small ones too: there rounding bites. */
const won = (max: number) => oneof(integer({ min: 1, max: 12 }), integer({ min: 1, max }));

const payment = tuple(won(2_000_000), integer({ min: 0 }), integer({ min: 0 })).map(([amount, a, b]): Parts => {
  const taxFree = a % (amount + 1);
  return { amount, taxFree, vat: b % (Math.floor((amount - taxFree) / 2) + 1) };
});

const NOTHING: Parts = { amount: 0, taxFree: 0, vat: 0 };

const plus = (a: Parts, b: Parts): Parts => ({
  amount: a.amount + b.amount,
  taxFree: a.taxFree + b.taxFree,
  vat: a.vat + b.vat,
});

/** No part is negative, above what is left of it, or more than the refund has room for. */
function fits(parts: Parts, charged: Parts, before: Parts): boolean {
  const kinds = ['amount', 'taxFree', 'vat'] as const;
  return (
    kinds.every((kind) => parts[kind] >= 0 && parts[kind] <= charged[kind] - before[kind]) &&
    parts.taxFree + parts.vat <= parts.amount
  );
}

describe('the tax of partial refunds', () => {
  it('adds up to the payment, for any sequence of refunds, and no part is ever odd', () => {
    assert(
      property(payment, array(won(300_000), { maxLength: 30 }), (charged, amounts) => {
        let before = NOTHING;
        for (const wanted of [...amounts, charged.amount]) {
          const left = charged.amount - before.amount;
          if (left === 0) break;
          const parts = splitRefund(charged, before, Math.min(wanted, left));
          expect(fits(parts, charged, before)).toBe(true);
          before = plus(before, parts);
        }
        expect(before).toEqual(charged);
      }),
      { numRuns: 2_000 },
    );
  });

  it('adds up too when refunds fail after others were decided on', () => {
    const wish = record({ amount: won(300_000), fails: boolean() });
    assert(
      property(payment, array(wish, { maxLength: 20 }), (charged, wishes) => {
        const decided: Parts[] = [];
        const sum = () => decided.reduce(plus, NOTHING);
        for (const { amount, fails } of wishes) {
          const left = charged.amount - sum().amount;
          if (left === 0) break;
          const parts = splitRefund(charged, sum(), Math.min(amount, left));
          expect(fits(parts, charged, sum())).toBe(true);
          decided.push(parts);
          // Not this one but the oldest: what came after was split with it in mind.
          if (fails) decided.shift();
        }
        const left = charged.amount - sum().amount;
        if (left > 0) decided.push(splitRefund(charged, sum(), left));
        for (const parts of decided) expect(fits(parts, charged, NOTHING)).toBe(true);
        expect(sum()).toEqual(charged);
      }),
      { numRuns: 2_000 },
    );
  });

  it('adds up too when refunds name their tax-free part, as far as it fits', () => {
    const wish = record({ amount: won(300_000), named: oneof(won(300_000), constant(0), constant(undefined)) });
    assert(
      property(payment, array(wish, { maxLength: 20 }), (charged, wishes) => {
        let before = NOTHING;
        for (const { amount, named } of [...wishes, { amount: charged.amount, named: undefined }]) {
          const left = charged.amount - before.amount;
          if (left === 0) break;
          const asked = Math.min(amount, left);
          const { taxFree, taxable } = leftOf(charged, before);
          const parts = splitRefund(charged, before, asked, named);
          expect(fits(parts, charged, before)).toBe(true);
          if (named !== undefined && named <= Math.min(taxFree, asked) && asked - named <= taxable)
            expect(parts.taxFree).toBe(named);
          before = plus(before, parts);
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
