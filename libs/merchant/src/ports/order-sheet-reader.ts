import { inKorea, problemsLine, StrictFields } from '@biz/platform';
import type { Problem } from '@biz/platform';
import { isCalendarDay } from '../definition/calendar-day';
import { CYCLE_UNITS, MOST_OF_UNIT, periodOf, samePeriod } from './billing-cycle';
import type { BillingPeriod } from './billing-cycle';
import { endOfPlan } from './order-sheet-source';
import type {
  OrderAgreement,
  OrderLine,
  OrderSheet,
  PlanEnd,
  ScheduledCharge,
  SubscriptionPlan,
} from './order-sheet-source';

/** KakaoPay's limit on names, codes and ids. */
const CODE = { max: 100 };
/** A sheet is kept with its order, for as long as orders are: no list and no text may grow without end. */
const TEXT = { max: 1_000 };
const MAX_LIST = 200;
/** The largest amount a PostgreSQL integer holds; far above what KakaoPay takes at once. */
const WON = { min: 0, max: 2_147_483_647 };
const PIECES = { min: 1, max: 1_000_000 };
const DAY_MS = 86_400_000;
const DAY = 'a day of the calendar before the year 2200, YYYY-MM-DD';

/** Won, rounded half up (guide: 소숫점이하 반올림). */
export function vatOf(totalAmount: number, taxFreeAmount: number): number {
  return Math.round((totalAmount - taxFreeAmount) / 11);
}

/** Why nobody can pay an order sheet; nothing when it is in order. */
export function orderSheetFault(sheet: unknown, now = new Date()): string | undefined {
  const { problems } = readOrderSheet(sheet, now);
  return problems.length === 0 ? undefined : problemsLine(problems);
}

/**
 * Reads what a shop answers as an order sheet: its texts as visible lines, each thing that is wrong with its place. An
 * unknown field is wrong too, for money hangs on each: `taxfreeAmount`.
 *
 * @param now no planned charge may be over by then
 */
export function readOrderSheet(input: unknown, now: Date): { sheet: OrderSheet; problems: Problem[] } {
  const problems: Problem[] = [];
  const from = new StrictFields(input, '', problems);
  const sheet: OrderSheet = from.present({
    lines: from.list('lines', readLine, MAX_LIST) ?? from.missing('lines', []),
    totalAmount: from.neededInteger('totalAmount', WON),
    shippingAmount: from.integer('shippingAmount', WON),
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
  if (problems.length === 0) checkSheet(sheet, now, from);
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

/** Period and end are kept as they were understood: a later version must not charge a buyer at other times, or longer. */
function readPlan(from: StrictFields): SubscriptionPlan {
  const billingCycle = from.neededLine('billingCycle', CODE);
  const details = from.list('details', readCharge, MAX_LIST) ?? from.missing('details', []);
  const ends = from.matching('ends', isEnd, `after-details, never or ${DAY}`) as PlanEnd | undefined;
  return from.present({
    message: from.neededLine('message', TEXT),
    billingCycle,
    every: from.inner('every', readPeriod) ?? periodOf(billingCycle),
    details,
    ends: endOfPlan({ details, ...(ends && { ends }) }),
  });
}

function readPeriod(from: StrictFields): BillingPeriod {
  const unit = from.oneOf('unit', CYCLE_UNITS);
  return from.present({ count: from.neededInteger('count', { min: 1, max: MOST_OF_UNIT[unit] }), unit });
}

function readCharge(from: StrictFields): ScheduledCharge {
  return from.present({
    date: from.neededMatching('date', isCalendarDay, DAY),
    amount: from.neededInteger('amount', WON),
    taxFreeAmount: from.integer('taxFreeAmount', WON),
  });
}

function checkSheet(
  { lines, totalAmount, agreements, subscription, ...sheet }: OrderSheet,
  now: Date,
  from: StrictFields,
): void {
  const { shippingAmount = 0, taxFreeAmount = 0, vatAmount = vatOf(totalAmount, taxFreeAmount) } = sheet;
  if (lines.length === 0) from.wrong('lines', 'must not be empty');
  if (taxFreeAmount + vatAmount > totalAmount) {
    from.wrong('totalAmount', 'must not be less than its tax-free part and VAT together');
  }
  if (shippingAmount > totalAmount)
    from.wrong('shippingAmount', 'must not be more than totalAmount: it is a part of it');
  if (!subscription) {
    if (totalAmount === 0) from.wrong('totalAmount', 'must not be 0: only a subscription may cost nothing');
    return;
  }
  if (!agreements?.length) from.wrong('agreements', 'must not be empty for a subscription (order_agreements)');
  checkPlan(subscription, totalAmount, inKorea(now).slice(0, 10), from);
}

function checkPlan(plan: SubscriptionPlan, totalAmount: number, today: string, from: StrictFields): void {
  const wrong = (field: string, message: string): void => {
    from.wrong(`subscription.${field}`, message);
  };
  const { billingCycle, details, ends } = plan;
  const period = periodOf(billingCycle);
  if (!plan.every) wrong('billingCycle', 'is in words of its own: say the period in `every` too');
  if (plan.every && period && !samePeriod(plan.every, period))
    wrong('every', 'must be the period that billingCycle says');
  const [first] = details;
  if (!first) wrong('details', 'must not be empty');
  else if (first.amount !== totalAmount) wrong('details[0].amount', 'must be totalAmount: it is the first payment');
  for (const [at, { date, amount, taxFreeAmount = 0 }] of details.entries()) {
    const before = details[at - 1];
    if (taxFreeAmount > amount) wrong(`details[${at}].taxFreeAmount`, 'must not be more than the amount');
    if (before && date <= before.date) wrong(`details[${at}].date`, 'must be later than the one before it');
    // The sheet may have been made a moment before midnight.
    if (date < (at === 0 ? dayBefore(today) : today)) wrong(`details[${at}].date`, 'must not be over');
    if (isCalendarDay(ends ?? '') && date > (ends ?? ''))
      wrong(`details[${at}].date`, 'must not be after the end of the plan');
  }
  if (ends === 'after-details' && details.length === 1) wrong('ends', 'must leave a charge after the first payment');
}

const isEnd = (text: string): boolean => text === 'after-details' || text === 'never' || isCalendarDay(text);

const dayBefore = (day: string): string => new Date(Date.parse(`${day}T00:00:00Z`) - DAY_MS).toISOString().slice(0, 10);
