import type { ShippingAddress } from '@biz/merchant';

/** What the sealed address of an order opens with. */
export const ADDRESS_CONTEXT = 'payment.orders.address';

export const ADDRESS_CHANGED = '배송지가 변경되어 금액이 달라질 수 있습니다. 다시 시도해 주세요.';

/** The postal code that an order is priced for. */
export const zipCodeOf = ({ zoneCode, postNo }: ShippingAddress): string | undefined => zoneCode ?? postNo;

/** Whether the amounts were made for this address: for one of its codes, not for none or for one of another kind. */
export function isPricedFor(zipCode: string | null, { zoneCode, postNo }: ShippingAddress): boolean {
  const digits = (text: string): string => text.replaceAll('-', '');
  if (zipCode === null || zipCode === '') return false;
  return [zoneCode, postNo].some((code) => code !== undefined && digits(code) === digits(zipCode));
}

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
