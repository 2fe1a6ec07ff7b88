import { endOfPlan, periodOf } from '@biz/merchant';
import type { BillingPeriod, ScheduledCharge, SubscriptionPlan } from '@biz/merchant';

/**
 * The charge after so many periods: as `details` plans it, then one billing cycle after another at the last amount.
 *
 * Cycles count from the last planned day that they do not lead to by themselves, so that the 31st falls on a shorter
 * month's last day and returns to the 31st after it, also where the plan names that last day. Every charge falls on a
 * later day than the one before it: a planned day that does not (it is over when the buyer subscribes, or stands twice)
 * becomes the next day of the billing cycle, at its own amount.
 *
 * @param startedOn KST day of the first payment
 */
export function plannedCharge(
  { details, billingCycle, every = periodOf(billingCycle) }: SubscriptionPlan,
  periodsCharged: number,
  startedOn: string,
): Required<ScheduledCharge> {
  const first = details[0];
  const terms = details[periodsCharged] ?? details.at(-1);
  if (!first || !terms || !every) throw new RangeError('a plan has a charge at least, and a period');
  let anchor = first.date;
  let cycles = 0;
  let day = anchor;
  let before = first.date > startedOn ? first.date : startedOn;
  for (let period = 1; period <= periodsCharged; period += 1) {
    const planned = details[period]?.date;
    if (planned !== undefined && planned > before) {
      // The last day of a short month may only stand for the 31st that was agreed on.
      if (planned === addCycles(anchor, every, cycles + 1)) [cycles, day] = [cycles + 1, planned];
      else [anchor, cycles, day] = [planned, 0, planned];
    } else {
      do day = addCycles(anchor, every, (cycles += 1));
      while (day <= before);
    }
    before = day;
  }
  return { date: day, amount: terms.amount, taxFreeAmount: terms.taxFreeAmount ?? 0 };
}

/**
 * The same for a plan that may end.
 *
 * @returns nothing when the plan is over: the buyer was shown no further charge
 */
export function nextCharge(
  plan: SubscriptionPlan,
  periodsCharged: number,
  startedOn: string,
): Required<ScheduledCharge> | undefined {
  const ends = endOfPlan(plan);
  if (ends === 'after-details' && periodsCharged >= plan.details.length) return undefined;
  const next = plannedCharge(plan, periodsCharged, startedOn);
  return ends === 'after-details' || ends === 'never' || next.date <= ends ? next : undefined;
}

/** Calendar days only: KST has no summer time, so no hour is involved. */
function addCycles(date: string, { count, unit }: BillingPeriod, cycles: number): string {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const units = count * cycles;
  switch (unit) {
    case 'day':
      return isoDay(year, month - 1, day + units);
    case 'week':
      return isoDay(year, month - 1, day + 7 * units);
    case 'month':
      return clampedDay(year, month - 1 + units, day);
    case 'year':
      return clampedDay(year + units, month - 1, day);
  }
}

function clampedDay(year: number, month: number, day: number): string {
  const lastOfMonth = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return isoDay(year, month, Math.min(day, lastOfMonth));
}

function isoDay(year: number, month: number, day: number): string {
  return new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10);
}
