/** Won. */
export interface Parts {
  amount: number;
  taxFree: number;
  vat: number;
}

/**
 * The tax-free and VAT parts of a partial refund, so that those of any sequence of refunds add up to the payment.
 *
 * Parts are taken from the running total, not from each refund: rounding never adds up. The last refund takes what is left.
 *
 * @param named the tax-free part that is wanted, as far as it fits; in proportion to the payment when absent
 */
export function splitRefund(charged: Parts, before: Parts, amount: number, named?: number): Parts {
  const left = charged.amount - before.amount;
  const { taxable: taxableLeft } = leftOf(charged, before);
  if (amount >= left) return { amount: left, taxFree: charged.taxFree - before.taxFree, vat: charged.vat - before.vat };
  const after = before.amount + amount;
  const taxFree = within(
    named ?? share(charged.taxFree, after, charged.amount) - before.taxFree,
    Math.max(0, amount - taxableLeft),
    Math.min(amount, charged.taxFree - before.taxFree),
  );
  const taxable = charged.amount - charged.taxFree;
  const taxableAfter = after - before.taxFree - taxFree;
  const vat = within(
    share(charged.vat, taxableAfter, taxable) - before.vat,
    0,
    Math.min(amount - taxFree, charged.vat - before.vat),
  );
  return { amount, taxFree, vat };
}

/** Won of the tax-free and of the taxable part that are not given back. */
export function leftOf(charged: Parts, before: Parts): { taxFree: number; taxable: number } {
  const taxFree = charged.taxFree - before.taxFree;
  return { taxFree, taxable: charged.amount - before.amount - taxFree };
}

function share(whole: number, part: number, of: number): number {
  return of === 0 ? 0 : Math.round((whole * part) / of);
}

function within(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
