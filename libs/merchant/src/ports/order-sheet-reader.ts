import { problemsLine, StrictFields } from '@biz/platform';
import type { Problem } from '@biz/platform';
import type { OrderAgreement, OrderLine, OrderSheet, ScheduledCharge, SubscriptionPlan } from './order-sheet-source';

/** KakaoPay's limit on names, codes and ids. */
const CODE = { max: 100 };
/** A sheet is kept with its order, for as long as orders are: no list and no text may grow without end. */
const TEXT = { max: 1_000 };
const MAX_LIST = 200;
/** The largest amount a PostgreSQL integer holds; far above what KakaoPay takes at once. */
const WON = { min: 0, max: 2_147_483_647 };
const PIECES = { min: 1, max: 1_000_000 };
const CYCLES = ['월', '주', '일', '년'] as const;

/** Won, rounded half up (guide: 소숫점이하 반올림). */
export function vatOf(totalAmount: number, taxFreeAmount: number): number {
  return Math.round((totalAmount - taxFreeAmount) / 11);
}

/** Why nobody can pay an order sheet; nothing when it is in order. */
export function orderSheetFault(sheet: unknown): string | undefined {
  const { problems } = readOrderSheet(sheet);
  return problems.length === 0 ? undefined : problemsLine(problems);
}

/**
 * Reads what a shop answers as an order sheet: its texts as visible lines, each thing that is wrong with its place. An
 * unknown field is wrong too, for money hangs on each: `taxfreeAmount`.
 */
export function readOrderSheet(input: unknown): { sheet: OrderSheet; problems: Problem[] } {
  const problems: Problem[] = [];
  const from = new StrictFields(input, '', problems);
  const sheet: OrderSheet = from.present({
    lines: from.list('lines', readLine, MAX_LIST) ?? from.missing('lines', []),
    totalAmount: from.neededInteger('totalAmount', WON),
    taxFreeAmount: from.integer('taxFreeAmount', WON),
    vatAmount: from.integer('vatAmount', WON),
    itemCode: from.id('itemCode', CODE),
    needsShipping: from.neededFlag('needsShipping'),
    agreements: from.list('agreements', readAgreement, MAX_LIST),
    productUrls: from.addresses('productUrls', MAX_LIST),
    subscription: from.inner('subscription', readPlan),
    repeatable: from.flag('repeatable'),
  });
  // What could not be read is told already, and would be told again by its sums.
  if (problems.length === 0) checkSheet(sheet, from);
  return { sheet, problems };
}

function readLine(from: StrictFields): OrderLine {
  return from.present({
    name: from.neededLine('name', TEXT),
    quantity: from.neededInteger('quantity', PIECES),
    productId: from.id('productId', TEXT),
    sku: from.id('sku', TEXT),
  });
}

function readAgreement(from: StrictFields): OrderAgreement {
  return from.present({
    company: from.neededLine('company', TEXT),
    title: from.neededLine('title', TEXT),
    url: from.address('url'),
  });
}

function readPlan(from: StrictFields): SubscriptionPlan {
  return from.present({
    message: from.neededLine('message', TEXT),
    billingCycle: from.oneOf('billingCycle', CYCLES),
    details: from.list('details', readCharge, MAX_LIST) ?? from.missing('details', []),
  });
}

function readCharge(from: StrictFields): ScheduledCharge {
  return from.present({
    date: from.neededMatching('date', isDay, DAY),
    amount: from.neededInteger('amount', WON),
    taxFreeAmount: from.integer('taxFreeAmount', WON),
  });
}

function checkSheet({ lines, totalAmount, agreements, subscription, ...sheet }: OrderSheet, from: StrictFields): void {
  const { taxFreeAmount = 0, vatAmount = vatOf(totalAmount, taxFreeAmount) } = sheet;
  if (lines.length === 0) from.wrong('lines', 'must not be empty');
  if (taxFreeAmount + vatAmount > totalAmount) {
    from.wrong('totalAmount', 'must not be less than its tax-free part and VAT together');
  }
  if (!subscription) {
    if (totalAmount === 0) from.wrong('totalAmount', 'must not be 0: only a subscription may cost nothing');
    return;
  }
  if (!agreements?.length) from.wrong('agreements', 'must not be empty for a subscription (order_agreements)');
  if (subscription.details.length === 0) from.wrong('subscription.details', 'must not be empty');
  subscription.details.forEach(({ amount, taxFreeAmount: free = 0 }, at) => {
    if (free > amount) from.wrong(`subscription.details[${at}].taxFreeAmount`, 'must not be more than the amount');
  });
}

const DAY = 'a day of the calendar, YYYY-MM-DD';

/** A day of the calendar, YYYY-MM-DD: no 31 February. */
function isDay(text: string): boolean {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
