import type { OrderSheet } from './order-sheet-source';

/** KakaoPay's limit on names, codes and ids. */
const MAX_TEXT = 100;
/** The largest amount a PostgreSQL integer holds; far above what KakaoPay takes at once. */
const MAX_WON = 2_147_483_647;
/** A sheet is kept with its order, for as long as orders are: no list and no text may grow without end. */
const MAX_LIST = 200;
const MAX_NAME = 1_000;
const CYCLES = ['월', '주', '일', '년'];

/** Won, rounded half up (guide: 소숫점이하 반올림). */
export function vatOf(totalAmount: number, taxFreeAmount: number): number {
  return Math.round((totalAmount - taxFreeAmount) / 11);
}

/**
 * Why nobody can pay an order sheet; nothing when it is in order.
 *
 * Looks at types too: a sheet may come from JavaScript, or over HTTP.
 */
export function orderSheetFault(sheet: OrderSheet): string | undefined {
  if (!isObject(sheet)) return 'it is no order sheet';
  const { taxFreeAmount: taxFree = 0, vatAmount: vat = vatOf(sheet.totalAmount, taxFree) } = sheet;
  if (!isList(sheet.lines) || sheet.lines.length === 0) return 'it has no lines, or more than 200';
  if (!sheet.lines.every(({ name, quantity }) => isText(name) && isWhole(quantity, 1, 1_000_000))) {
    return 'a line lacks a name or a whole quantity of 1 or more';
  }
  if (!sheet.lines.every(({ productId, sku }) => isTextOrAbsent(productId) && isTextOrAbsent(sku))) {
    return 'productId and sku of a line must be texts';
  }
  if (!isWon(sheet.totalAmount) || !isWon(taxFree) || !isWon(vat)) return 'an amount is not whole won, 0 or more';
  if (taxFree + vat > sheet.totalAmount) return 'tax free and VAT are more than the total';
  if (typeof sheet.needsShipping !== 'boolean') return 'needsShipping is neither true nor false';
  if (sheet.repeatable !== undefined && typeof sheet.repeatable !== 'boolean')
    return 'repeatable is neither true nor false';
  if (!isTextOrAbsent(sheet.itemCode)) return 'the item code is no text';
  if ((sheet.itemCode?.length ?? 0) > MAX_TEXT) return 'the item code is longer than 100 characters';
  if (!isListOrAbsent(sheet.agreements)) return 'agreements are no list, or more than 200';
  if (sheet.agreements?.some(({ company, title, url }) => !isText(company) || !isText(title) || !isTextOrAbsent(url))) {
    return 'an agreement lacks its company or title';
  }
  if (!isListOrAbsent(sheet.productUrls) || sheet.productUrls?.some((url) => !isText(url))) {
    return 'productUrls are no list of addresses, or more than 200';
  }
  return subscriptionFault(sheet);
}

function subscriptionFault({ totalAmount, agreements, subscription }: OrderSheet): string | undefined {
  if (!subscription) return totalAmount === 0 ? 'only a subscription may cost nothing' : undefined;
  if (!agreements?.length) return 'a subscription needs agreements (order_agreements)';
  if (!isText(subscription.message)) return 'a subscription needs its message';
  if (!isList(subscription.details) || subscription.details.length === 0)
    return 'a subscription needs its planned charges (details)';
  if (!CYCLES.includes(subscription.billingCycle)) return 'the billing cycle is not 월, 주, 일 or 년';
  for (const { date, amount, taxFreeAmount = 0 } of subscription.details) {
    if (!isDay(date) || !isWon(amount)) return 'a planned charge lacks a day (YYYY-MM-DD) or whole won';
    if (!isWon(taxFreeAmount) || taxFreeAmount > amount) return 'a planned charge is tax-free for more than its amount';
  }
  return undefined;
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const isList = (value: unknown): boolean =>
  Array.isArray(value) && value.length <= MAX_LIST && value.every((each) => typeof each === 'string' || isObject(each));
const isListOrAbsent = (value: unknown): boolean => value === undefined || isList(value);
const isText = (value: unknown): boolean =>
  typeof value === 'string' && value !== '' && value.length <= MAX_NAME && !value.includes('\0');
const isTextOrAbsent = (value: unknown): boolean => value === undefined || isText(value);
const isWhole = (value: unknown, least: number, most: number): boolean =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
const isWon = (value: unknown): boolean => isWhole(value, 0, MAX_WON);

/** A day of the calendar, YYYY-MM-DD: no 31 February. */
function isDay(text: unknown): boolean {
  if (typeof text !== 'string') return false;
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
