import { FIVE_YEARS } from '@biz/platform';
import type { Purge } from '@biz/platform';

/**
 * No approve was ever called for any of its payments, and KakaoPay says of none that it took money: nothing can have been
 * charged. Whatever else is known of it is younger than `$1` as well.
 */
const WITHOUT_MONEY = `
  t.updated_at < $1 AND t.paid_at IS NULL AND t.refunded_amount = 0 AND t.subscription_id IS NULL
  AND NOT EXISTS (SELECT FROM payment.attempts a WHERE a.order_id = t.id
                   AND (a.calls > 0 OR a.charged_amount IS NOT NULL OR a.state NOT IN ('failed', 'expired') OR a.updated_at >= $1))
  AND NOT EXISTS (SELECT FROM payment.refunds r WHERE r.order_id = t.id)
  AND NOT EXISTS (SELECT FROM payment.decisions d WHERE d.order_id = t.id)
  AND NOT EXISTS (SELECT FROM payment.differences d WHERE d.order_id = t.id)
  AND NOT EXISTS (SELECT FROM payment.subscriptions s WHERE s.order_id = t.id)`;

/** Nothing of it is open, nothing moved for so long, and no subscription hangs on it. */
const OVER = `
  t.updated_at < $1
  AND NOT EXISTS (SELECT FROM payment.attempts a WHERE a.order_id = t.id
                   AND (a.state IN ('waiting', 'approving', 'surplus', 'review') OR a.updated_at >= $1))
  AND NOT EXISTS (SELECT FROM payment.refunds r WHERE r.order_id = t.id
                   AND (r.state IN ('requested', 'sending', 'failed') OR r.updated_at >= $1))
  AND NOT EXISTS (SELECT FROM payment.differences d WHERE d.order_id = t.id AND d.state = 'open')
  AND NOT EXISTS (SELECT FROM payment.sids s WHERE s.order_id = t.id AND s.state IN ('kept', 'ending'))
  AND NOT EXISTS (SELECT FROM payment.subscriptions s WHERE s.order_id = t.id)`;

const UNPAID = `t.state IN ('open', 'failed', 'cancelled')`;

/** Attempts, tokens, refunds, decisions and history are deleted with their order. A subscription comes before its first order. */
export const PAYMENT_PURGES: Purge[] = [
  {
    table: 'payment.callbacks',
    days: 90,
    since: 'received_at',
    where: `NOT EXISTS (SELECT FROM payment.attempts a WHERE a.order_id = t.order_id AND a.state IN ('waiting', 'approving'))`,
  },
  { table: 'payment.orders', days: 90, since: 'created_at', where: `${UNPAID} AND ${WITHOUT_MONEY}` },
  {
    table: 'payment.subscriptions',
    days: FIVE_YEARS,
    since: 'ended_at',
    where: `t.state = 'ended' AND NOT EXISTS (SELECT FROM payment.orders o WHERE o.subscription_id = t.id)`,
  },
  { table: 'payment.orders', days: FIVE_YEARS, since: 'created_at', where: `${UNPAID} AND ${OVER}` },
  { table: 'payment.orders', days: FIVE_YEARS, since: 'created_at', where: `t.state = 'paid' AND ${OVER}` },
];
