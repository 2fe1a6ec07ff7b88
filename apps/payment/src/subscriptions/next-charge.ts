import type { SubscriptionPlan } from '@biz/merchant';

/** Won on a KST day, YYYY-MM-DD. */
export interface PlannedCharge {
  date: string;
  amount: number;
}

/**
 * The charge after so many periods: as `details` plans it, then one billing cycle after another at the last amount.
 *
 * Cycles count from the last planned day, so that the 31st falls on a shorter month's last day and returns to the 31st after it.
 */
export function plannedCharge({ details, billingCycle }: SubscriptionPlan, periodsCharged: number): PlannedCharge {
  const planned = details[periodsCharged];
  if (planned) return planned;
  const last = details.at(-1);
  if (!last) throw new RangeError('a plan has at least one charge');
  const cycles = periodsCharged - details.length + 1;
  return { date: addCycles(last.date, billingCycle, cycles), amount: last.amount };
}

/** Calendar days only: KST has no summer time, so no hour is involved. */
function addCycles(date: string, cycle: SubscriptionPlan['billingCycle'], count: number): string {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  switch (cycle) {
    case '일':
      return isoDay(year, month - 1, day + count);
    case '주':
      return isoDay(year, month - 1, day + 7 * count);
    case '월':
      return clampedDay(year, month - 1 + count, day);
    case '년':
      return clampedDay(year + count, month - 1, day);
  }
}

function clampedDay(year: number, month: number, day: number): string {
  const lastOfMonth = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return isoDay(year, month, Math.min(day, lastOfMonth));
}

function isoDay(year: number, month: number, day: number): string {
  return new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10);
}
