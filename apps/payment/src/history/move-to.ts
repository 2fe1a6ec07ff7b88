import { newId, prepared } from '@biz/platform';
import type { EntityManager } from 'typeorm';
import { ATTEMPT_STATES, type AttemptState } from '../attempts/attempt-status';
import { ORDER_STATES, type OrderState } from '../orders/order-status';
import { REFUND_STATES, type RefundState } from '../refunds/refund-status';
import { SUBSCRIPTION_STATES, type SubscriptionState } from '../subscriptions/subscription-status';
import type { Actor, HistorySubject } from './history.entity';

interface Kind<State extends string> {
  readonly subject: HistorySubject;
  readonly table: string;
  readonly orderId: 'id' | 'order_id';
  readonly states: Record<State, { readonly next: readonly State[] }>;
}

export const ORDER: Kind<OrderState> = {
  subject: 'order',
  table: 'payment.orders',
  orderId: 'id',
  states: ORDER_STATES,
};
export const ATTEMPT: Kind<AttemptState> = {
  subject: 'attempt',
  table: 'payment.attempts',
  orderId: 'order_id',
  states: ATTEMPT_STATES,
};
export const REFUND: Kind<RefundState> = {
  subject: 'refund',
  table: 'payment.refunds',
  orderId: 'order_id',
  states: REFUND_STATES,
};
export const SUBSCRIPTION: Kind<SubscriptionState> = {
  subject: 'subscription',
  table: 'payment.subscriptions',
  orderId: 'order_id',
  states: SUBSCRIPTION_STATES,
};

/** Column names to values, written by code only. */
type Columns = Record<string, unknown>;

export interface Move<State extends string> {
  to: State;
  by: Actor;
  note: string;
  at: Date;
  /** Columns written with the state. */
  set?: Columns;
  /** Fewer states than the table allows. */
  from?: readonly State[];
  /** Columns that must still hold these values. */
  guard?: Columns;
}

/** The states from which a row may move to this one. */
export function statesBefore<State extends string>(kind: Kind<State>, to: State): State[] {
  return (Object.keys(kind.states) as State[]).filter((state) => kind.states[state].next.includes(to));
}

/**
 * Moves one row by one guarded UPDATE and writes its history row in the same statement.
 *
 * @returns false when the row is in no state that leads there, or the guard does not hold; then nothing changed
 */
export async function moveTo<State extends string>(
  manager: EntityManager,
  kind: Kind<State>,
  id: string,
  move: Move<State>,
): Promise<boolean> {
  return (await moveAll(manager, kind, [id], move)) > 0;
}

/** Moves several rows alike, each guarded for itself. @returns how many moved */
export async function moveAll<State extends string>(
  manager: EntityManager,
  kind: Kind<State>,
  ids: readonly string[],
  { to, by, note, at, set = {}, from, guard = {} }: Move<State>,
): Promise<number> {
  const before = statesBefore(kind, to).filter((state) => from === undefined || from.includes(state));
  const values: unknown[] = [ids, before, to, at, ids.map(() => newId()), kind.subject, by, note];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const guards = Object.entries(guard).map(
    ([column, value]) => ` AND t.${column} IS NOT DISTINCT FROM ${parameter(value)}`,
  );
  const assignments = Object.entries(set).map(([column, value]) => `, ${column} = ${parameter(value)}`);
  const moved = await prepared(
    manager,
    `WITH before AS (
       SELECT t.id, t.state, given.entry_id
         FROM unnest($1::uuid[], $5::uuid[]) AS given (id, entry_id) JOIN ${kind.table} t USING (id)
         WHERE t.state = ANY($2)${guards.join('')} ORDER BY t.id FOR UPDATE OF t
     ), moved AS (
       UPDATE ${kind.table} t SET state = $3, updated_at = $4${assignments.join('')}
         FROM before WHERE t.id = before.id RETURNING t.id, t.${kind.orderId} AS of_order, before.state AS was, before.entry_id
     )
     INSERT INTO payment.history (id, order_id, subject, subject_id, from_state, to_state, actor, note, at)
       SELECT entry_id, of_order, $6::text, id, was, $3::text, $7::text, $8::text, $4::timestamptz FROM moved RETURNING id`,
    values,
  );
  return moved.length;
}

/** Writes how a row began. */
export async function began(
  manager: EntityManager,
  entry: { subject: HistorySubject; orderId: string; id: string; state: string; by: Actor; note: string; at: Date },
): Promise<void> {
  await manager.query(
    `INSERT INTO payment.history (id, order_id, subject, subject_id, to_state, actor, note, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [newId(), entry.orderId, entry.subject, entry.id, entry.state, entry.by, entry.note, entry.at],
  );
}
