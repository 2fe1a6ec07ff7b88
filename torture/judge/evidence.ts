import type { StockLine } from '@biz/commerce';
import { EncryptionConfig, readConfig, Vault } from '@biz/platform';
import type { OrderState } from '../../apps/payment/src/orders/order-status';
import type { AttemptState } from '../../apps/payment/src/attempts/attempt-status';
import type { SidState } from '../../apps/payment/src/subscriptions/sid.entity';
import type { RefundState } from '../../apps/payment/src/refunds/refund-status';
import type { Withdrawal } from '../stories/operator';
import type { Story } from '../stories/story';
import type { Reader } from '../world/database';
import type { Booked, Kakao } from '../world/kakao';
import type { Received, Shop } from '../world/shop';

export interface OrderRow {
  id: string;
  merchant: string;
  state: OrderState;
  total: number;
  refunded: number;
  attempt: string | null;
  lines: StockLine[];
  review: string | null;
  draft: string | null;
  paidAt: Date | null;
  /** A later charge of one; nobody saw it on a screen. */
  subscription: string | null;
}

export interface AttemptRow {
  id: string;
  order: string;
  /** Of a later charge it comes with the answer. */
  tid: string | null;
  state: AttemptState;
  total: number;
  charged: number | null;
}

export interface RefundRow {
  id: string;
  order: string;
  attempt: string;
  state: RefundState;
  cause: string;
  amount: number;
  failure: string | null;
}

export interface HistoryRow {
  order: string;
  subject: string;
  subjectId: string;
  from: string | null;
  to: string;
  actor: string;
  note: string;
  at: Date;
}

export interface DeliveryRow {
  id: string;
  type: string;
  subject: string;
  state: string;
}

export interface ReservationRow {
  merchant: string;
  order: string;
  state: string;
  lines: StockLine[];
}

export interface SubscriptionRow {
  id: string;
  /** The order it began with, and that order's state. */
  order: string;
  first: string;
  state: string;
  /** What it is charged by, in the clear. */
  sid: string;
}

/** All that is known when a round is over: what we say, and what the world says. */
export interface Evidence {
  stories: readonly Story[];
  orders: OrderRow[];
  attempts: AttemptRow[];
  refunds: RefundRow[];
  history: HistoryRow[];
  deliveries: DeliveryRow[];
  stock: { merchant: string; sku: string; onHand: number; reserved: number }[];
  reservations: ReservationRow[];
  drafts: { id: string; order: string | null }[];
  subscriptions: SubscriptionRow[];
  /** Each SID that an answer of KakaoPay named for a first payment. */
  sids: { attempt: string; state: SidState; failure: string | null; createdAt: Date }[];
  /** First payments of subscriptions whose approve KakaoPay answered, and that we understood. */
  approved: string[];
  differences: { attempt: string; state: string; kinds: string[]; amount: number }[];
  withdrawals: readonly Withdrawal[];
  jobs: { name: string; state: string; count: number }[];
  /** What was on the shelf of each merchant at the begin. */
  initial: Record<string, number>;
  booked: Booked[];
  received: readonly Received[];
  fulfilled: ReadonlyMap<string, 'done' | 'refused'>;
  forged: number;
  /** T4 of every order, asked at the end. */
  shown: ReadonlyMap<string, string | undefined>;
}

/** Recurring work is never put aside, and always has a next time. */
const ONCE = `retry_limit < 1000000 AND name NOT LIKE '\\_\\_%'`;

export async function gatherEvidence(
  reader: Reader,
  {
    stories,
    initial,
    kakao,
    shop,
    withdrawals,
  }: {
    stories: readonly Story[];
    initial: Record<string, number>;
    kakao: Kakao;
    shop: Shop;
    withdrawals: readonly Withdrawal[];
  },
): Promise<Evidence> {
  const shown = new Map<string, string | undefined>();
  await Promise.all(
    stories.map(async (story) => {
      if (story.orderId !== undefined) shown.set(story.orderId, await story.t4());
    }),
  );
  return {
    stories,
    initial,
    withdrawals,
    shown,
    booked: kakao.booked(),
    received: shop.received,
    fulfilled: shop.fulfilled,
    forged: shop.forged,
    orders: await reader.rows(
      `SELECT id, merchant, state, total_amount AS total, refunded_amount AS refunded, attempt_id AS attempt,
              stock_lines AS lines, review_reason AS review, draft_id AS draft, paid_at AS "paidAt",
              subscription_id AS subscription FROM payment.orders ORDER BY id`,
    ),
    attempts: await reader.rows(
      `SELECT id, order_id AS order, tid, state, total_amount AS total, charged_amount AS charged FROM payment.attempts ORDER BY id`,
    ),
    refunds: await reader.rows(
      `SELECT id, order_id AS order, attempt_id AS attempt, state, cause, amount, failure_message AS failure FROM payment.refunds ORDER BY id`,
    ),
    history: await reader.rows(
      `SELECT order_id AS order, subject, subject_id AS "subjectId", from_state AS from, to_state AS to, actor, note, at
         FROM payment.history ORDER BY id`,
    ),
    deliveries: await reader.rows(`SELECT id, type, subject, state FROM merchant.deliveries ORDER BY place`),
    stock: await reader.rows(
      `SELECT merchant_id AS merchant, sku, on_hand AS "onHand", reserved FROM commerce.stock ORDER BY 1, 2`,
    ),
    reservations: await reader.rows(
      `SELECT merchant_id AS merchant, order_ref AS order, state, lines FROM commerce.reservations`,
    ),
    drafts: await reader.rows(`SELECT id, order_ref AS order FROM commerce.drafts`),
    subscriptions: await opened(
      await reader.rows(
        `SELECT s.id, s.order_id AS order, s.state, o.state AS first, s.sid_sealed AS sid
           FROM payment.subscriptions s JOIN payment.orders o ON o.id = s.order_id ORDER BY s.id`,
      ),
    ),
    sids: await reader.rows(
      `SELECT attempt_id AS attempt, state, failure, created_at AS "createdAt" FROM payment.sids`,
    ),
    approved: (
      await reader.rows<{ attempt: string }>(
        `SELECT DISTINCT e.attempt_id AS attempt FROM payment.evidence e JOIN payment.orders o ON o.id = e.order_id
          WHERE e.operation = 'approve' AND e.outcome = 'answered' AND o.terms ? 'subscription'`,
      )
    ).map(({ attempt }) => attempt),
    differences: await reader.rows(`SELECT attempt_id AS attempt, state, kinds, amount FROM payment.differences`),
    jobs: await reader.rows(
      `SELECT name, state::text, count(*)::int AS count FROM pgboss.job
        WHERE state::text <> 'completed' AND ${ONCE} GROUP BY 1, 2 ORDER BY 1, 2`,
    ),
  };
}

/** Subscriptions keep their SIDs sealed. */
async function opened(rows: SubscriptionRow[]): Promise<SubscriptionRow[]> {
  const vault = new Vault(readConfig(EncryptionConfig, {}));
  return Promise.all(
    rows.map(async (row) => ({ ...row, sid: await vault.open(row.sid, 'payment.subscriptions.sid') })),
  );
}

/** What still moves, in words; nothing once all is still. */
export async function unrest(reader: Reader): Promise<string[]> {
  const rows = await reader.rows<{ what: string; count: number }>(
    `SELECT 'order ' || state AS what, count(*)::int AS count FROM payment.orders
      WHERE state IN ('pending', 'approving', 'fulfilling') OR (state = 'open' AND expires_at > now()) GROUP BY 1
     UNION ALL SELECT 'attempt ' || state, count(*)::int FROM payment.attempts WHERE state IN ('waiting', 'approving') GROUP BY 1
     UNION ALL SELECT 'refund ' || state, count(*)::int FROM payment.refunds WHERE state IN ('requested', 'sending') GROUP BY 1
     UNION ALL SELECT 'SID ' || s.state, count(*)::int FROM payment.sids s JOIN payment.attempts a ON a.id = s.attempt_id
      WHERE (s.state = 'ending' AND s.failure IS NULL)
         OR (s.state = 'kept' AND a.state IN ('paid', 'surplus', 'refunded', 'failed', 'expired')) GROUP BY 1
     UNION ALL SELECT 'delivery', count(*)::int FROM merchant.deliveries WHERE state = 'pending' GROUP BY 1
     UNION ALL SELECT 'job ' || name || ' ' || state::text, count(*)::int FROM pgboss.job
      WHERE state::text IN ('created', 'retry', 'active') AND name <> 'dead' AND ${ONCE} GROUP BY 1`,
  );
  return rows.map(({ what, count }) => `${count} × ${what}`);
}
