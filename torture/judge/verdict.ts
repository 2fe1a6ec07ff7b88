import type { Evidence } from './evidence';

/** A promise that was not kept. */
export interface Broken {
  rule: string;
  what: string;
  /** Whose story tells how it came to that. */
  order?: string;
}

/** The story of an order: what the world did to it, and what we wrote down. */
export function tell(evidence: Evidence, order: string): string {
  const story = evidence.stories.find(({ orderId }) => orderId === order);
  const history = evidence.history
    .filter((row) => row.order === order)
    .map(
      ({ at, subject, subjectId, from, to, actor, note }) =>
        `  ${at.toISOString().slice(11, 23)}  ${subject} …${subjectId.slice(-4)}: ${from ?? '·'} → ${to} by ${actor}: ${note}`,
    );
  const booked = evidence.booked
    .filter(({ partnerOrderId }) => partnerOrderId === order)
    .map(
      ({ tid, status, charges, refunds }) =>
        `  ${tid}: ${status}, charged ${charges.join('+') || 0}, back ${refunds.join('+') || 0}`,
    );
  const told = evidence.received
    .filter(({ partnerOrderId }) => partnerOrderId === order)
    .map(({ id, type }) => `  ${type} …${id.slice(-4)}`);
  return [
    `Order ${order}${story ? ` of buyer ${story.plan.index}: ${story.plan.kind} at ${story.plan.merchant}` : ''}`,
    ...(story?.log ?? []).map((line) => `  ${line}`),
    'History:',
    ...history,
    'KakaoPay’s ledger:',
    ...booked,
    'The shop received:',
    ...told,
  ].join('\n');
}

/** Groups rows by a key, in their order. */
export function by<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

export const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);
