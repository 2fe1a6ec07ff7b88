import { commerceSchema } from '@biz/commerce';
import { testDatabase, type TestDatabase } from '@biz/testing';
import { ATTEMPT_STATES } from '../src/attempts/attempt-status';
import { ORDER_STATES } from '../src/orders/order-status';
import { paymentSchema } from '../src/payment.schema';
import { REFUND_STATES } from '../src/refunds/refund-status';
import { SUBSCRIPTION_STATES } from '../src/subscriptions/subscription-status';

type Table = Record<string, { readonly final: boolean; readonly next: readonly string[] }>;

/** What may still move a state that is final: each a promise of docs/payment.md. */
const EXITS: Record<string, Record<string, readonly string[]>> = {
  orders: { paid: ['cancelled'], failed: ['open', 'pending', 'cancelled'], cancelled: ['open'] },
  attempts: {
    paid: ['refunded', 'surplus'],
    surplus: ['refunded'],
    failed: ['surplus', 'refunded', 'review'],
    expired: ['surplus', 'refunded', 'review'],
    review: ['paid', 'surplus', 'refunded', 'failed'],
  },
  refunds: {},
  subscriptions: {},
};

describe.each<[string, Table]>([
  ['orders', ORDER_STATES],
  ['attempts', ATTEMPT_STATES],
  ['refunds', REFUND_STATES],
  ['subscriptions', SUBSCRIPTION_STATES],
])('the states of %s', (name, table) => {
  const states = Object.keys(table);

  it('lead to states that exist', () => {
    for (const state of states) expect(states).toEqual(expect.arrayContaining([...(table[state]?.next ?? [])]));
  });

  it('all lead to an end', () => {
    const ends = new Set(states.filter((state) => table[state]?.final));
    for (let before = -1; before !== ends.size;) {
      before = ends.size;
      for (const state of states) if (table[state]?.next.some((next) => ends.has(next))) ends.add(state);
    }
    expect([...ends].sort()).toEqual([...states].sort());
  });

  it('end for good, but for the exits that are documented', () => {
    const exits = states.filter((state) => table[state]?.final && table[state].next.length > 0);
    expect(Object.fromEntries(exits.map((state) => [state, table[state]?.next]))).toEqual(EXITS[name]);
  });

  it('can each be reached', () => {
    const begins: Record<string, string> = {
      orders: 'open',
      attempts: 'waiting',
      refunds: 'requested',
      subscriptions: 'active',
    };
    const reached = new Set([begins[name]]);
    for (const state of reached) for (const next of table[state ?? '']?.next ?? []) reached.add(next);
    expect([...reached].sort()).toEqual([...states].sort());
  });
});

describe('the database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase(commerceSchema, paymentSchema);
  });
  afterAll(() => database.drop());

  it.each<[string, Table]>([
    ['orders', ORDER_STATES],
    ['attempts', ATTEMPT_STATES],
    ['refunds', REFUND_STATES],
    ['subscriptions', SUBSCRIPTION_STATES],
  ])('allows the states of %s, and no others', async (name, table) => {
    const [check] = await database.query<{ definition: string }>(
      `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conname = $1`,
      [`${name}_state`],
    );
    const allowed = [...(check?.definition.matchAll(/'([\w-]+)'/g) ?? [])].map(([, state]) => state);
    expect(allowed.sort()).toEqual(Object.keys(table).sort());
  });
});
