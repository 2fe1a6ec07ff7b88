import { randomUUID } from 'node:crypto';
import type { TestDatabase } from '@biz/testing';

type Row = Record<string, unknown>;

export interface OrderSeed {
  state: string;
  attempts?: { state: string; calls?: number; charged?: number }[];
  paidAt?: Date;
  refund?: string;
  decision?: true;
  /** It is the first order of one in this state, or pays a later period of one. */
  subscription?: 'active' | 'ended';
  period?: { of: string };
  updatedAt?: Date;
}

export const DAY_MS = 86_400_000;

/** Writes rows as the apps leave them, of any time; ids are drawn at random, so that nothing is found by them. */
export class EndedRows {
  private readonly tables = new Map<string, Row[]>();
  private periods = 1;

  constructor(private readonly database: TestDatabase) {}

  /** @returns ids of the orders */
  async orders(at: Date, seeds: readonly OrderSeed[]): Promise<string[]> {
    const ids = seeds.map((seed) => {
      const id = randomUUID();
      const whole = { total_amount: 1000, tax_free_amount: 0, vat_amount: 91 };
      const times = { created_at: at, updated_at: seed.updatedAt ?? at };
      this.put('payment.orders', {
        ...{ id, merchant: 'shop', sheet_id: id, app_user_id: '1', state: seed.state, item_name: 'mug', quantity: 1 },
        ...{ ...whole, ...times, use_shipping: false, terms: {}, stock_lines: [], expires_at: at },
        ...{ refunded_amount: seed.refund ? 1000 : 0, paid_at: seed.paidAt ?? null },
        ...{ review_reason: seed.state === 'review' ? 'unknown' : null },
        ...{ subscription_id: seed.period?.of ?? null, period: seed.period ? ++this.periods : null },
      });
      this.put('payment.history', {
        ...{ id: randomUUID(), order_id: id, subject: 'order', subject_id: id, to_state: seed.state, actor: 'kakao' },
        ...{ note: 'T1', at },
      });
      for (const { state, calls = 0, charged } of seed.attempts ?? []) {
        const attempt = randomUUID();
        this.put('payment.attempts', {
          ...{ id: attempt, order_id: id, merchant: 'shop', cid: 'c', tid: attempt, state, calls },
          ...{ looks: 0, compares: 0 },
          ...{ ...whole, ...times, expires_at: at, charged_amount: charged ?? null },
        });
        const token = { token_sealed: 'sealed', token_fingerprint: attempt, received_at: at };
        this.put('payment.callbacks', { id: randomUUID(), order_id: id, ...token });
        if (!seed.refund) continue;
        this.put('payment.refunds', {
          ...{ id: randomUUID(), order_id: id, attempt_id: attempt, merchant: 'shop', state: seed.refund },
          ...{ cause: 'operator', reason: 'r', idempotency_key: attempt, amount: 1000, tax_free_amount: 0 },
          ...{ vat_amount: 91, restock: true, asked_at: at, ...times },
        });
      }
      if (seed.decision)
        this.put('payment.decisions', {
          ...{ id: randomUUID(), order_id: id, idempotency_key: id, decision: 'refund', reason: 'r', made_at: at },
        });
      if (seed.subscription)
        this.put('payment.subscriptions', {
          ...{ id, order_id: id, merchant: 'shop', app_user_id: '1', state: seed.subscription, cid: 'c' },
          ...{ sid_sealed: 's', item_name: 'tea', quantity: 1, plan: {}, periods_charged: 1, tries: 0, ...times },
          ...{ checked_at: at, ended_at: seed.subscription === 'ended' ? at : null },
        });
      return id;
    });
    await this.write();
    return ids;
  }

  /** One row for each end that each other table knows. */
  async others(at: Date): Promise<void> {
    const merchant = 'shop';
    const ended = (states: string[]): string[] => states;
    this.insert(
      'commerce.reservations',
      ended(['released', 'returned', 'committed', 'held']).map((state) => ({
        ...{ merchant_id: merchant, order_ref: randomUUID(), state, lines: [], created_at: at },
        settled_at: state === 'held' ? null : at,
      })),
    );
    const draft = {
      ...{ merchant_id: merchant, product_id: 'mug', product_name: 'mug', product_kind: 'commerce', quantity: 1 },
      ...{ total: 1000, use_shipping: false, lines: [], created_at: at, expires_at: at, erase_at: at },
    };
    this.insert('commerce.drafts', [
      { ...draft, id: randomUUID(), chosen_sealed: null, paid_at: null, erased_at: at },
      { ...draft, id: randomUUID(), chosen_sealed: 'sealed', paid_at: null, erased_at: null },
      { ...draft, id: randomUUID(), chosen_sealed: null, paid_at: at, erased_at: at },
    ]);
    this.insert('commerce.refusals', [
      { id: randomUUID(), merchant_id: merchant, product_id: 'mug', problems: [], created_at: at },
    ]);
    const logins = ended(['joined', 'failed', 'refused', 'pending']).map((state) => ({
      ...{ id: randomUUID(), merchant, code_key: randomUUID(), state, below_path_key: true, received_at: at },
      settled_at: state === 'pending' ? null : at,
    }));
    this.insert('sync.logins', logins);
    this.insert('sync.failures', [
      { id: randomUUID(), merchant, login_id: logins[1]?.id, step: 'exchange', reason: 'KOE320', failed_at: at },
      { id: randomUUID(), merchant, login_id: null, step: 'event', reason: 'invalid_audience', failed_at: at },
    ]);
    this.insert('sync.notices', [
      {
        ...{ id: randomUUID(), merchant, source: 'event', type: 't', jti: randomUUID(), user_key: 'k', unlinks: false },
        ...{ effect: 'recorded', happened_at: at, received_at: at },
      },
    ]);
    this.members(at);
    this.captures(at);
    this.deliveries(at);
    await this.write();
  }

  private members(at: Date): void {
    const members = ['joined', 'suspended', 'unlinked', 'erased'].map((state) => ({
      ...{ id: randomUUID(), merchant: 'shop', app_user_id: randomUUID(), state, joined_at: at, seen_at: at },
      ended_at: state === 'unlinked' || state === 'erased' ? at : null,
    }));
    this.insert('sync.members', members);
    this.insert(
      'sync.consents',
      members.map(({ id }) => ({
        ...{ id: randomUUID(), member_id: id, tag: 'service', action: 'agreed', actor: 'member', at, recorded_at: at },
      })),
    );
  }

  private captures(at: Date): void {
    const captures = ['delivered', 'lost', 'held'].map((end) => ({
      ...{ id: randomUUID(), kind: 'image', merchant: 'shop', plugin: 'image', otp_fingerprint: randomUUID() },
      ...{ state: end === 'held' ? 'delivered' : 'erased', consent: {}, received_at: at, deadline_at: at, tries: 1 },
      ...{ due_at: at, erase_at: at, changed_at: at, delivered_at: end === 'lost' ? null : at },
      erased_at: end === 'held' ? null : at,
    }));
    this.insert('capture.captures', captures);
    this.insert(
      'capture.files',
      captures.map(({ id, state }) => ({
        ...{ id: randomUUID(), capture_id: id, picture: 1, variant: 'original', attempts: 1 },
        ...{ state: state === 'erased' ? 'erased' : 'stored', due_at: at, deadline_at: at },
      })),
    );
  }

  private deliveries(at: Date): void {
    const deliveries = ['delivered', 'failed', 'pending'].map((state) => ({
      ...{ id: randomUUID(), app: 'payment', merchant: 'shop', type: 'payment.paid', subject: 's', state, tries: 1 },
      ...{ ordering_key: 's', created_at: at, due_at: at, settled_at: state === 'pending' ? null : at, place: 1 },
    }));
    this.insert('merchant.deliveries', deliveries);
    this.insert(
      'merchant.delivery_attempts',
      deliveries.map(({ id }) => ({ id: randomUUID(), delivery_id: id, at, duration_ms: 1, result: 'ok' })),
    );
  }

  private put(table: string, row: Row): void {
    this.insert(table, [row]);
  }

  private insert(table: string, rows: readonly Row[]): void {
    this.tables.set(table, [...(this.tables.get(table) ?? []), ...rows]);
  }

  /** In one round trip. All rows of a table name the same columns. */
  private async write(): Promise<void> {
    const statements = [...this.tables].map(([table, rows]) => {
      const columns = Object.keys(rows[0] ?? {}).join(', ');
      return `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $rows$${JSON.stringify(rows)}$rows$)`;
    });
    this.tables.clear();
    await this.database.query(statements.join(';\n'));
  }
}

/** Ended without money, and nothing can have been charged. */
export const WITHOUT_MONEY: OrderSeed[] = [
  { state: 'open' },
  { state: 'failed' },
  { state: 'failed', attempts: [{ state: 'expired' }] },
  { state: 'cancelled', attempts: [{ state: 'failed' }, { state: 'expired' }] },
];
/** Money, or what may be money, or a person's decision. */
export const MAYBE_MONEY: OrderSeed[] = [
  { state: 'paid', attempts: [{ state: 'paid', calls: 1, charged: 1000 }], paidAt: new Date(0) },
  { state: 'paid', attempts: [{ state: 'paid', charged: 0 }], paidAt: new Date(0) },
  { state: 'cancelled', attempts: [{ state: 'refunded', calls: 1, charged: 1000 }], refund: 'done' },
  { state: 'failed', attempts: [{ state: 'failed', calls: 1 }] },
  { state: 'failed', attempts: [{ state: 'expired', calls: 2 }] },
  { state: 'cancelled', attempts: [{ state: 'expired' }, { state: 'failed', calls: 1 }] },
  { state: 'failed', attempts: [{ state: 'failed' }], decision: true },
  { state: 'cancelled', attempts: [{ state: 'failed', charged: 1000 }] },
  { state: 'cancelled', paidAt: new Date(0) },
];
/** Not over, however old. */
export const OPEN: OrderSeed[] = [
  { state: 'pending', attempts: [{ state: 'waiting' }] },
  { state: 'approving', attempts: [{ state: 'approving', calls: 1 }] },
  { state: 'fulfilling', attempts: [{ state: 'paid', calls: 1, charged: 1000 }] },
  { state: 'review', attempts: [{ state: 'review', calls: 1 }] },
  { state: 'failed', attempts: [{ state: 'review', calls: 1 }] },
  { state: 'failed', attempts: [{ state: 'surplus', calls: 1, charged: 1000 }] },
  { state: 'cancelled', attempts: [{ state: 'waiting' }] },
  { state: 'cancelled', attempts: [{ state: 'refunded', calls: 1, charged: 1000 }], refund: 'failed' },
  { state: 'paid', attempts: [{ state: 'paid', calls: 1, charged: 1000 }], subscription: 'active' },
];
