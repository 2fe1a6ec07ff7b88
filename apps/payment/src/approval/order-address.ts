import type { ShippingAddress } from '@biz/merchant';

/** What the sealed address of an order opens with. */
export const ADDRESS_CONTEXT = 'payment.orders.address';

/** Codes of the two kinds cannot be compared with each other: then the shop's amounts are believed. */
export function isSamePlace(zipCode: string, { zoneCode, postNo }: ShippingAddress): boolean {
  const digits = (text: string): string => text.replaceAll('-', '');
  const zip = digits(zipCode);
  const comparable = [zoneCode, postNo]
    .filter((code) => code !== undefined)
    .map(digits)
    .filter((code) => code.length === zip.length);
  return comparable.length === 0 || comparable.includes(zip);
}
