import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const PLANTS = [
  'no-guard',
  'no-snapshot-check',
  'early-release',
  'refused-repeat',
  'stale-look',
  'foreign-look',
  'refused-refund',
  'untold-charge',
  'outliving-subscription',
  'forgotten-sid',
  'untold-sold-out',
  'given-back-sid',
  'one-sid-of-an-order',
  'unnamed-give-up',
  'stale-refunded-amount',
] as const;
export type Plant = (typeof PLANTS)[number];

export interface Patch {
  file: string;
  /** What is replaced; it must stand there once. */
  text: string;
  by: string;
}

/** Bugs that somebody could really write. */
export const PATCHES: Record<Plant, Patch> = {
  // The UPDATE of a move no longer looks at the state it moves from.
  'no-guard': {
    file: 'apps/payment/src/history/move-to.js',
    text: 'WHERE t.state = ANY($2)',
    by: 'WHERE $2::text[] IS NOT NULL',
  },
  // What KakaoPay says it took is not compared with the order.
  'no-snapshot-check': {
    file: 'apps/payment/src/attempts/compare.js',
    text: '=> pairs.filter(',
    by: '=> [].filter(',
  },
  // A buyer who leaves frees the goods, although an approve call may be on its way.
  'early-release': {
    file: 'apps/payment/src/callbacks/callbacks.js',
    text: 'if (!moved)',
    by: 'await this.stock.release(manager, order.merchant, order.id);\n            if (!moved)',
  },
  // A refused approve is taken as proof about the one before it.
  'refused-repeat': {
    file: 'apps/payment/src/evidence/verdict.js',
    text: 'if (refusal && allClosed)',
    by: 'if (refusal)',
  },
  // What order says counts, though an approve is on its way.
  'stale-look': {
    file: 'apps/payment/src/evidence/verdict.js',
    text: 'if (last.sentAt.getTime() <= (0, evidence_1.lastActOf)(approves))',
    by: 'if (false)',
  },
  // Whatever order speaks of is taken for this payment.
  'foreign-look': {
    file: 'apps/payment/src/evidence/verdict.js',
    text: '(0, compare_1.foreignFields)(payment, payment.partnerUserId, said);',
    by: '[];',
  },
  // A refused cancel is taken as proof about the one before it.
  'refused-refund': {
    file: 'apps/payment/src/evidence/refund-verdict.js',
    text: '(until === -Infinity || (look && look.sentAt.getTime() > until))',
    by: 'true',
  },
  // A status that names no approval is taken to say that there was none.
  'untold-charge': {
    file: 'apps/payment/src/evidence/charge-verdict.js',
    text: 'return (lastApprovedAt !== undefined &&',
    by: 'return lastApprovedAt === undefined || (',
  },
  // The shop refuses the first order, and its subscription goes on.
  'outliving-subscription': {
    file: 'apps/payment/src/subscriptions/subscriptions.js',
    text: "Subscription, { orderId, state: 'active' })",
    by: "Subscription, { orderId, state: 'ended' })",
  },
  // A SID that no subscription uses counts as ended, and KakaoPay is not told.
  'forgotten-sid': {
    file: 'apps/payment/src/subscriptions/unused-sids.js',
    text: 'await this.calls.end(sid)',
    by: "{ note: 'ended' }",
  },
  // An order that T2 refused for sold-out goods has failed, and the shop is not told.
  'untold-sold-out': {
    file: 'apps/payment/src/approval/order-approval.js',
    text: 'news.map((order) => ({',
    by: "news.filter(({ state }) => state === 'failed').map((order) => ({",
  },
  // The buyer pays again after the shop's refusal, and is charged by the SID of the payment that was given back.
  'given-back-sid': {
    file: 'apps/payment/src/subscriptions/subscriptions.js',
    text: "WHERE attempt_id = $1 AND state = 'kept' RETURNING",
    by: `WHERE evidence_id = (SELECT s.evidence_id FROM payment.sids s JOIN payment.attempts a ON a.order_id = s.order_id
                                WHERE a.id = $1 ORDER BY s.created_at LIMIT 1) RETURNING`,
  },
  // The SID of a second payment is not kept: the review says that it was lost, though KakaoPay named it.
  'one-sid-of-an-order': {
    file: 'apps/payment/src/evidence/evidence-log.js',
    text: 'WHERE $2::text IS NOT NULL AND o.subscription_id IS NULL',
    by: `WHERE $2::text IS NOT NULL AND o.subscription_id IS NULL
     AND NOT EXISTS (SELECT FROM payment.sids s WHERE s.order_id = o.id)`,
  },
  // Money that belongs to no order is given up by an operator who names no amount, and no list keeps it.
  'unnamed-give-up': {
    file: 'apps/payment/src/operator/failed-refunds.js',
    text: "const isOfNoOrder = refund.cause !== 'operator' || (await manager.existsBy(attempt_entity_1.Attempt, { id: refund.attemptId, state: 'surplus' }));",
    by: 'const isOfNoOrder = false;',
  },
  // A new payment of an order keeps what went back of the one before.
  'stale-refunded-amount': {
    file: 'apps/payment/src/approval/attempt-start.js',
    text: 'failure_message = NULL, refunded_amount = 0,',
    by: 'failure_message = NULL,',
  },
};

/** A copy of the build with one of the bugs of the payment app. @returns its folder */
export const planted = (dist: string, plant: Plant): string => plantedPatch(dist, plant, PATCHES[plant]);

/** Copies the build and plants a bug in the copy. @returns the folder of the copy */
export function plantedPatch(dist: string, plant: string, { file, text, by }: Patch): string {
  // Inside the checkout, where Node finds the packages.
  const below = join(dist, '..', '.torture');
  mkdirSync(below, { recursive: true });
  const copy = mkdtempSync(join(below, `${plant}-`));
  cpSync(dist, copy, { recursive: true });
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(text).length !== 2)
    throw new Error(`--plant ${plant}: ${JSON.stringify(text)} does not stand once in ${file}`);
  writeFileSync(
    path,
    source.replace(text, () => by),
  );
  return copy;
}
