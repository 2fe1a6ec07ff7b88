import { Stock } from '@biz/commerce';
import { Deliveries, type Merchant } from '@biz/merchant';
import { Clock, gather, Jobs, newId, prepared, Refusal, requestId, Vault } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { moveTo, ORDER } from '../history/move-to';
import { type Leaving, OrderUrlMaker } from '../sheets/order-urls';
import { Order } from '../orders/order.entity';
import type { OrderState } from '../orders/order-status';
import { orderFacts } from '../completion/order-facts';
import { APPROVE } from '../attempts/attempt-jobs';

export const TOKEN_CONTEXT = 'payment.callbacks.token';

/** What KakaoPay's redirect brings beside the token. */
export interface CallbackIds {
  /** Every one that was given: in the query, in the body, or several times. */
  partnerOrderIds: readonly unknown[];
  partnerUserIds: readonly unknown[];
}

/** One T3. */
interface Token {
  merchant: string;
  orderId: string;
  ids: CallbackIds;
  sealed: string;
  fingerprint: string;
  requestId: string | undefined;
}

/** What T3 must know of an order. */
interface Payable {
  id: string;
  merchant: string;
  appUserId: string;
  state: OrderState;
}

/** Of these states a token is news. */
const MAY_BE_PAID: readonly OrderState[] = ['open', 'pending', 'approving', 'failed'];

/**
 * Tokens of one order that KakaoPay has not taken: not asked yet, being asked, or refused. Each costs a row and a call to
 * KakaoPay, and only the buyer's own device knows the address that brings them; a payment brings one.
 */
const MAX_UNHEARD = 20;

/** Stored before, or now while its order has room. The order's row is locked, so concurrent calls cannot exceed it together. */
const ADD = `
  WITH given AS (
    SELECT t.*, row_number() OVER (PARTITION BY t.order_id, c.id IS NULL ORDER BY t.place) AS turn, c.id IS NULL AS is_new
      FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) WITH ORDINALITY AS t (id, order_id, sealed, fingerprint, place)
      LEFT JOIN payment.callbacks c ON c.order_id = t.order_id AND c.token_fingerprint = t.fingerprint
  ), fitting AS (
    SELECT * FROM given
     WHERE NOT is_new OR turn + (SELECT count(*) FROM (
             SELECT FROM payment.callbacks c LEFT JOIN payment.attempts a ON a.id = c.attempt_id
              WHERE c.order_id = given.order_id AND (a.id IS NULL OR a.state = 'approving') LIMIT ${MAX_UNHEARD}
           ) AS unheard) <= ${MAX_UNHEARD}
  ), added AS (
    INSERT INTO payment.callbacks (id, order_id, token_sealed, token_fingerprint, received_at)
    SELECT id, order_id, sealed, fingerprint, $5 FROM fitting WHERE is_new
    ON CONFLICT ON CONSTRAINT callbacks_once DO NOTHING
  )
  SELECT order_id AS "orderId", fingerprint, is_new AS "isNew" FROM fitting`;

const GATHERED = { size: 64, inFlight: 2 };

const LEAVINGS = {
  cancel: { to: 'cancelled', event: 'payment.cancelled', note: 'the buyer left by cancel_url', message: null },
  fail: { to: 'failed', event: 'payment.failed', note: 'KakaoPay led to fail_url', message: '결제에 실패했습니다.' },
} as const;

/** T3 and its sisters: stored, answered, and acted on by durable work. Unknown or foreign ones change nothing. */
@Injectable()
export class Callbacks {
  private readonly store = gather((tokens: readonly Token[]) => this.storeAll(tokens), GATHERED);

  constructor(
    private readonly dataSource: DataSource,
    private readonly urls: OrderUrlMaker,
    private readonly vault: Vault,
    private readonly jobs: Jobs,
    private readonly stock: Stock,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
  ) {}

  /** T3. The same token twice is stored once; calls of the same moment share one transaction. */
  async authenticated(merchant: Merchant, key: string, pgToken: string, ids: CallbackIds): Promise<void> {
    const orderId = this.urls.orderOf(key);
    if (orderId === undefined) throw new Refusal(300);
    await this.store({
      merchant: merchant.id,
      orderId,
      ids,
      sealed: await this.vault.seal(pgToken, TOKEN_CONTEXT),
      fingerprint: this.vault.fingerprint(pgToken, TOKEN_CONTEXT),
      requestId: requestId(),
    });
  }

  /** @returns for each of them nothing, or why not */
  private storeAll(tokens: readonly Token[]): Promise<(undefined | Error)[]> {
    return this.dataSource.transaction(async (manager) => {
      // The lock lets T2 see this token, or this see T2's attempt: one of the two starts the approval.
      const locked = await prepared<Payable>(
        manager,
        `SELECT id, merchant, app_user_id AS "appUserId", state FROM payment.orders WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`,
        [tokens.map(({ orderId }) => orderId)],
      );
      const orders = new Map(locked.map((order) => [order.id, order]));
      const answers = tokens.map((token) => refusalOf(token, orders.get(token.orderId)));
      const isNews = ({ orderId }: Token): boolean => MAY_BE_PAID.includes(orders.get(orderId)?.state ?? 'paid');
      const valid = tokens.filter((_, at) => answers[at] === undefined);
      const late = valid.filter((token) => !isNews(token));
      const known = new Set([
        ...(await this.add(manager, valid.filter(isNews))),
        ...(late.length > 0 ? await this.knownOf(manager, late) : []),
      ]);
      return tokens.map((token, at) => answers[at] ?? (known.has(placeOf(token)) ? undefined : new Refusal(300)));
    });
  }

  /**
   * Stores what is new, up to MAX_UNHEARD of an order, whose row is locked.
   *
   * @returns those that are stored now, or were before
   */
  private async add(manager: EntityManager, given: readonly Token[]): Promise<string[]> {
    if (given.length === 0) return [];
    const tokens = [...new Map(given.map((token) => [placeOf(token), token])).values()];
    const stored = await prepared<Pick<Token, 'orderId' | 'fingerprint'> & { isNew: boolean }>(manager, ADD, [
      tokens.map(() => newId()),
      tokens.map(({ orderId }) => orderId),
      tokens.map(({ sealed }) => sealed),
      tokens.map(({ fingerprint }) => fingerprint),
      this.clock.now(),
    ]);
    const asked = new Map(tokens.map((token) => [token.orderId, token]));
    const orderIds = new Set(stored.filter(({ isNew }) => isNew).map(({ orderId }) => orderId));
    const news = [...asked.values()].filter(({ orderId }) => orderIds.has(orderId));
    await this.jobs.addAll(
      APPROVE,
      news.map(({ orderId, merchant }) => ({ orderId, merchant })),
      manager,
      news.map(({ requestId }) => requestId),
    );
    return stored.map(placeOf);
  }

  /** Tokens that were stored before, of orders that no token can move any more. */
  private async knownOf(manager: EntityManager, tokens: readonly Token[]): Promise<Set<string>> {
    const rows = await prepared<Pick<Token, 'orderId' | 'fingerprint'>>(
      manager,
      `SELECT order_id AS "orderId", token_fingerprint AS fingerprint FROM payment.callbacks
        WHERE (order_id, token_fingerprint) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))`,
      [tokens.map(({ orderId }) => orderId), tokens.map(({ fingerprint }) => fingerprint)],
    );
    return new Set(rows.map(placeOf));
  }

  /** Gives the order up, unless it is not being paid or an approve call is already decided on. */
  async left(merchant: Merchant, key: string, how: Leaving, ids: CallbackIds): Promise<void> {
    const { to, event, note, message } = LEAVINGS[how];
    await this.dataSource.transaction(async (manager) => {
      const order = await this.find(manager, merchant, { key, how, ids });
      const at = this.clock.now();
      const moved = await moveTo(manager, ORDER, order.id, {
        to,
        by: 'buyer',
        note,
        at,
        from: ['pending'],
        set: { failure_message: message, left_by_buyer: to === 'cancelled' },
      });
      if (!moved) return;
      await manager.query(
        `UPDATE payment.attempts SET closed_at = $2, updated_at = $2 WHERE order_id = $1 AND closed_at IS NULL AND state = 'waiting'`,
        [order.id, at],
      );
      await this.stock.release(manager, order.merchant, order.id);
      await this.deliveries.add(manager, {
        merchant: order.merchant,
        type: event,
        subject: order.id,
        ...(order.relayId !== null && { relayId: order.relayId }),
        data: { ...orderFacts(order, to), ...(message !== null && { message }) },
      });
    });
  }

  /**
   * @throws Refusal 300 for an order that is unknown, another merchant's, not the one the redirect speaks of, or that is
   * being paid by an attempt which began before the address was made
   */
  private async find(
    manager: EntityManager,
    merchant: Merchant,
    { key, how, ids }: { key: string; how: Leaving; ids: CallbackIds },
  ): Promise<Order> {
    const left = this.urls.leftOrderOf(key, how);
    if (left === undefined) throw new Refusal(300);
    const order = await manager.findOne(Order, { where: { id: left.id }, lock: { mode: 'pessimistic_write' } });
    const refusal = refusalOf({ merchant: merchant.id, ids }, order ?? undefined);
    if (refusal || !order) throw refusal ?? new Refusal(300);
    if (order.state === 'pending' && order.attemptId === left.attemptId) throw new Refusal(300);
    return order;
  }
}

const placeOf = ({ orderId, fingerprint }: Pick<Token, 'orderId' | 'fingerprint'>): string =>
  `${orderId} ${fingerprint}`;

/** Why a redirect is not about this order: unknown, another merchant's, or other ids than its own. */
function refusalOf({ merchant, ids }: Pick<Token, 'merchant' | 'ids'>, order: Payable | undefined): Error | undefined {
  const meant =
    order?.merchant === merchant &&
    ids.partnerOrderIds.every((id) => id === order.id) &&
    ids.partnerUserIds.every((id) => id === order.appUserId);
  return meant ? undefined : new Refusal(300);
}
