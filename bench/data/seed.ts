import type { BenchDatabase } from '../machine/database-server';
import { HOT_PRODUCT, orderIdSql, PENDING_EVERY, PRODUCTS, userSql } from './ids';

/** Far from any sweep. */
const FAR = `now() + interval '10 years'`;
const SHEET = `'{"lines":[{"name":"아이스 아메리카노","quantity":2},{"name":"치즈 케이크","quantity":1}]}'::jsonb`;
/** Orders to a refund, and to a subscription. */
const ONE_IN = 100;
const AMOUNTS = '3, 13500, 0, 1227, false';

/**
 * So many orders as a shop has them after a while: nearly all paid, each with its attempt, its stock, its history
 * and what the shop was told.
 *
 * One in ten is `pending`, unless said; its attempt is one the reconciler does not look at.
 */
export async function seedOrders(
  database: BenchDatabase,
  count: number,
  pendingEvery: number = PENDING_EVERY,
): Promise<void> {
  const state = `CASE WHEN n % ${pendingEvery} = 0 THEN 'pending' ELSE 'paid' END`;
  const time = `timestamptz '2026-01-01' + n * interval '1 second'`;
  const id = orderIdSql('n');
  const rows = `generate_series(1, ${count}) n`;
  // Foreign keys hold by construction; the row-by-row check would double the time.
  await database.query(`SET session_replication_role = replica; SET synchronous_commit = off`);
  await database.query(
    `INSERT INTO payment.orders (id, merchant, sheet_id, app_user_id, state, item_name, quantity, total_amount, tax_free_amount,
       vat_amount, use_shipping, terms, stock_lines, attempt_id, expires_at, paid_at, created_at, updated_at)
     SELECT ${id}, 'demo-shop', 'sheet-' || n, ${userSql('n')}, ${state}, '아이스 아메리카노 외 1', ${AMOUNTS},
       ${SHEET}, '[]', ${orderIdSql('n')}, ${FAR}, ${time}, ${time}, ${time} FROM ${rows}`,
  );
  await database.query(
    `INSERT INTO payment.attempts (id, order_id, merchant, cid, tid, state, total_amount, tax_free_amount, vat_amount,
       charged_amount, expires_at, created_at, updated_at)
     SELECT ${id}, ${id}, 'demo-shop', 'TC0ONETIME', 'S' || substr(md5(n::text), 1, 19),
       CASE WHEN n % ${pendingEvery} = 0 THEN 'waiting' ELSE 'paid' END, 13500, 0, 1227, 13500, ${FAR}, ${time}, ${time} FROM ${rows}`,
  );
  await database.query(
    `INSERT INTO payment.history (id, order_id, subject, subject_id, to_state, actor, note, at)
     SELECT ${id}, ${id}, 'order', ${id}, 'open', 'kakao', 'T1', ${time} FROM ${rows}`,
  );
  await database.query(
    `INSERT INTO commerce.reservations (merchant_id, order_ref, state, lines)
     SELECT 'demo-shop', (${id})::text, CASE WHEN n % ${pendingEvery} = 0 THEN 'held' ELSE 'committed' END, '[]' FROM ${rows}`,
  );
  await database.query(
    `INSERT INTO merchant.deliveries (id, app, merchant, type, subject, ordering_key, state, created_at, settled_at)
     SELECT ${id}, 'payment', 'demo-shop', 'payment.paid', (${id})::text, (${id})::text, 'delivered', ${time}, ${time}
     FROM ${rows} WHERE n % ${pendingEvery} <> 0`,
  );
  await database.query(
    `INSERT INTO merchant.delivery_attempts (id, delivery_id, at, duration_ms, status, result)
     SELECT ${id}, ${id}, ${time}, 12, 200, 'accepted' FROM ${rows} WHERE n % ${pendingEvery} <> 0`,
  );
  await database.query(
    `INSERT INTO payment.callbacks (id, order_id, token_sealed, token_fingerprint, attempt_id, received_at)
     SELECT ${id}, ${id}, 'seeded', n::text, ${id}, ${time} FROM ${rows} WHERE n % ${pendingEvery} <> 0`,
  );
  await database.query(
    `INSERT INTO payment.refunds (id, order_id, attempt_id, merchant, state, cause, reason, idempotency_key, amount, tax_free_amount,
       vat_amount, restock, done_at, asked_at, created_at, updated_at)
     SELECT ${id}, ${id}, ${id}, 'demo-shop', 'done', 'operator', 'seeded', n::text, 13500, 0, 1227, true, ${time}, ${time}, ${time}, ${time}
     FROM ${rows} WHERE n % ${ONE_IN} = 1`,
  );
  await database.query(
    `INSERT INTO payment.subscriptions (id, order_id, merchant, app_user_id, state, cid, sid_sealed, item_name, quantity, plan,
       periods_charged, next_charge_on, next_amount, charge_at, checked_at, created_at, updated_at)
     SELECT ${id}, ${id}, 'demo-shop', ${userSql('n')}, 'active', 'TCSUBSCRIP', 'seeded', '정기 이용권', 1,
       '{"message":"첫달만 무료","billingCycle":"월","details":[]}', 1, date '2099-01-01', 5000, ${FAR}, ${FAR}, ${time}, ${time}
     FROM ${rows} WHERE n % ${ONE_IN} = 2`,
  );
  await database.query(
    `INSERT INTO commerce.stock (merchant_id, product_id, sku, on_hand)
     SELECT 'demo-shop', name, name, 1000000000 FROM (
       SELECT 'bench-' || p AS name FROM generate_series(0, ${PRODUCTS - 1}) p UNION ALL SELECT '${HOT_PRODUCT}') names`,
  );
  await database.query(`RESET session_replication_role; RESET synchronous_commit`);
  await settle(database);
}

/** Orders that wait for T2, numbered from `first`; `hot`: all of one product. */
export async function seedOpenOrders(
  database: BenchDatabase,
  first: number,
  count: number,
  hot: boolean,
): Promise<void> {
  const product = hot ? `'${HOT_PRODUCT}'` : `'bench-' || n % ${PRODUCTS}`;
  await database.query(`SET synchronous_commit = off`);
  await database.query(
    `INSERT INTO payment.orders (id, merchant, sheet_id, app_user_id, state, item_name, quantity, total_amount, tax_free_amount,
       vat_amount, use_shipping, terms, stock_lines, expires_at, created_at, updated_at)
     SELECT ${orderIdSql('n')}, 'demo-shop', 'sheet-' || n, ${userSql('n')}, 'open', '아이스 아메리카노 외 1', ${AMOUNTS}, ${SHEET},
       jsonb_build_array(jsonb_build_object('productId', ${product}, 'sku', ${product}, 'quantity', 1)), ${FAR}, now(), now()
     FROM generate_series(${first}, ${first + count - 1}) n`,
  );
  await database.query(`RESET synchronous_commit`);
}

/** As after a quiet night: statistics are fresh, and no checkpoint is due soon. */
export async function settle(database: BenchDatabase): Promise<void> {
  await database.query('VACUUM ANALYZE');
  await database.query('CHECKPOINT');
}
