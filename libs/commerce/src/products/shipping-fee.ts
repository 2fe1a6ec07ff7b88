import type { ShippingRule } from './product-terms.dto';

/** A postal code as it is compared: old ones are also written 690-012. */
export const postalDigits = (code: string): string => code.replace(/[\s-]/g, '');

/**
 * Won for sending goods of a sum to a postal code.
 *
 * Codes of different kinds, five digits and six, are not compared: an area counts for the kind it is written in. Without
 * a code no area counts.
 */
export function shippingFee({ fee, freeFrom, areas = [] }: ShippingRule, goods: number, zipCode?: string): number {
  const code = postalDigits(zipCode ?? '');
  const area = areas.find(({ from, to }) => code.length === from.length && from <= code && code <= to);
  return (freeFrom !== undefined && goods >= freeFrom ? 0 : fee) + (area?.extra ?? 0);
}
