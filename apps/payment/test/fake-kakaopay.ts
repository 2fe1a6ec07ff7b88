import { randomBytes } from 'node:crypto';
import type { Clock } from '@biz/platform';
import { HttpStub, type StubAnswer, type StubRequest } from '@biz/testing';

export interface ReadyOrder {
  cid: string;
  partner_order_id: string;
  partner_user_id: string;
  total_amount: number;
  tax_free_amount: number;
  vat_amount: number;
}

const STANDING = '2026-11-23T12:00:00';

interface Payment extends ReadyOrder {
  tid: string;
  status: string;
  token: string;
  charges: number[];
  cancelled: number;
  sid?: string;
  approvedAt?: string;
  /** What `order` says of it instead: it lags, or speaks of another payment. */
  orderSays?: Record<string, unknown>;
}

/** A SID, as KakaoPay keeps it. */
interface Sid {
  sid: string;
  cid: string;
  userId: string;
  status: 'ACTIVE' | 'INACTIVE';
  lastApprovedAt: string;
  /** The tids of the charges that followed the first payment. */
  tids: string[];
}

export type Operation = 'approve' | 'order' | 'cancel' | 'inactive' | 'subscription' | 'status';

/** `work` says whether KakaoPay still does what was asked before it misbehaves. */
export type Fault = { work: boolean; until?: Promise<void> } & StubAnswer;

export const DROPPED_AFTER: Fault = { work: true, dropBefore: true };
export const DROPPED_BEFORE: Fault = { work: false, dropBefore: true };
export const BROKEN: Fault = { work: false, status: 502, text: 'bad gateway' };
export const BROKEN_AFTER: Fault = { work: true, status: 502, text: 'bad gateway' };
export const GARBAGE_AFTER: Fault = { work: true, status: 200, text: '<html>' };
export const refusal = (code: number, userMessage?: string): Fault => ({
  work: false,
  status: 400,
  json: { code, msg: 'refused', ...(userMessage && { extras: { method_result_message: userMessage } }) },
});

/** KakaoPay as a real HTTP server with a ledger, in both generations, that misbehaves when told to. */
export class FakeKakaoPay {
  private readonly payments = new Map<string, Payment>();
  private readonly bySid = new Map<string, Sid>();
  private readonly faults: Record<Operation, Fault[]> = {
    approve: [],
    order: [],
    cancel: [],
    inactive: [],
    subscription: [],
    status: [],
  };
  /** What time it is at KakaoPay; it stands still unless a test says otherwise. */
  clock?: Clock;
  private gate?: { opened: Promise<void>; open: () => void };
  private hanging?: { isHeld: (request: StubRequest) => boolean; ended: Promise<void> };
  /** How many calls of each operation hang. */
  readonly hung: Partial<Record<Operation, number>> = {};
  readonly inactiveSids: string[] = [];
  readonly sids: string[] = [];

  private constructor(private readonly stub: HttpStub) {}

  static async start(): Promise<FakeKakaoPay> {
    const stub = await HttpStub.start();
    const fake = new FakeKakaoPay(stub);
    for (const prefix of ['/v1/payment', '/online/v1/payment']) {
      stub.on(`POST ${prefix}/approve`, (request) => fake.serve('approve', request));
      stub.on(`POST ${prefix}/order`, (request) => fake.serve('order', request));
      stub.on(`POST ${prefix}/cancel`, (request) => fake.serve('cancel', request));
      stub.on(`POST ${prefix}/manage/subscription/inactive`, (request) => fake.serve('inactive', request));
      stub.on(`POST ${prefix}/manage/subscription/status`, (request) => fake.serve('status', request));
      stub.on(`POST ${prefix}/subscription`, (request) => fake.serve('subscription', request));
    }
    return fake;
  }

  get url(): string {
    return this.stub.url;
  }

  close(): Promise<void> {
    return this.stub.close();
  }

  /** The plugin calls ready and the buyer opens the screen. */
  ready(order: ReadyOrder): string {
    const tid = `T${randomBytes(9).toString('hex')}`;
    this.payments.set(tid, {
      ...order,
      tid,
      status: 'READY',
      token: randomBytes(10).toString('hex'),
      charges: [],
      cancelled: 0,
    });
    return tid;
  }

  /** The buyer types the password. @returns the pg_token */
  authenticate(tid: string): string {
    const payment = this.of(tid);
    payment.status = 'AUTH_PASSWORD';
    return payment.token;
  }

  set(tid: string, values: Partial<Payment>): void {
    Object.assign(this.of(tid), values);
  }

  /** KakaoPay knows nothing of a payment any more. */
  lose(tid: string): void {
    this.payments.delete(tid);
  }

  /** The next calls of an operation misbehave, one fault each. */
  next(operation: Operation, ...faults: Fault[]): void {
    this.faults[operation].push(...faults);
  }

  /** No call of an operation misbehaves any more. */
  forget(operation: Operation): void {
    this.faults[operation] = [];
  }

  /** The next call of an operation does its work, and is answered when the function it returns is called. */
  hold(operation: Operation): () => void {
    let release = (): void => undefined;
    const until = new Promise<void>((resolve) => (release = resolve));
    this.next(operation, { work: true, until });
    return release;
  }

  /** Approvals arrive and wait. */
  holdApprovals(): void {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    this.gate = { opened, open };
  }

  releaseApprovals(): void {
    this.gate?.open();
    this.gate = undefined;
  }

  /** Calls hang before KakaoPay does anything, whatever they ask for, until the function it returns is called. */
  hang(isHeld: (request: StubRequest) => boolean): () => void {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    this.hanging = { isHeld, ended };
    for (const operation of Object.keys(this.hung) as Operation[]) this.hung[operation] = 0;
    return () => {
      this.hanging = undefined;
      end();
    };
  }

  charged(tid: string): number[] {
    return this.of(tid).charges;
  }

  cancelled(tid: string): number {
    return this.of(tid).cancelled;
  }

  /** Won taken and not given back, of all payments. */
  get kept(): number {
    return [...this.payments.values()].reduce(
      (sum, { charges, cancelled }) => sum + charges.reduce((a, b) => a + b, 0) - cancelled,
      0,
    );
  }

  /** What each later charge of a user's subscriptions took, in order. */
  chargesOf(userId: string): { orderId: string; amount: number; at: string }[] {
    return [...this.bySid.values()]
      .filter((sid) => sid.userId === userId)
      .flatMap(({ tids }) => tids.map((tid) => this.of(tid)))
      .map(({ partner_order_id, total_amount, approvedAt = '' }) => ({
        orderId: partner_order_id,
        amount: total_amount,
        at: approvedAt,
      }));
  }

  /** What a person finds in KakaoPay's back office. */
  tidOf(orderId: string): string {
    return [...this.payments.values()].find((each) => each.partner_order_id === orderId)?.tid ?? '';
  }

  /** The key that the first payment of a subscription was answered with. */
  sidOf(tid: string): string | undefined {
    return this.of(tid).sid;
  }

  /** The buyer ends it in KakaoPay's app. */
  endSid(userId: string): void {
    for (const sid of this.bySid.values()) if (sid.userId === userId) sid.status = 'INACTIVE';
  }

  calls(operation: Operation): StubRequest[] {
    return this.stub.requests.filter(({ path }) => path.endsWith(`/${operation}`));
  }

  private of(tid: string): Payment {
    const payment = this.payments.get(tid);
    if (!payment) throw new Error(`no such tid ${tid}`);
    return payment;
  }

  private async serve(operation: Operation, request: StubRequest): Promise<StubAnswer> {
    if (this.hanging?.isHeld(request)) {
      this.hung[operation] = (this.hung[operation] ?? 0) + 1;
      await this.hanging.ended;
    }
    if (operation === 'approve' || operation === 'subscription') await this.gate?.opened;
    const open = request.path.startsWith('/online');
    const fields = open
      ? (request.json() as Record<string, unknown>)
      : (Object.fromEntries(request.form()) as Record<string, unknown>);
    const fault = this.faults[operation].shift();
    const answer = fault?.work === false ? {} : this[operation](fields, open);
    if (!fault) return answer;
    await fault.until;
    // A fault that is only slow answers all the same.
    const { status, text, dropBefore, dropAfter } = fault;
    const onlySlow = status === undefined && text === undefined && !dropBefore && !dropAfter;
    return { ...(onlySlow && answer), ...fault };
  }

  private refuse(code: number, open: boolean): StubAnswer {
    return { status: 400, json: open ? { error_code: code, error_message: 'refused' } : { code, msg: 'refused' } };
  }

  private approve(fields: Record<string, unknown>, open: boolean): StubAnswer {
    const payment = this.payments.get(String(fields.tid));
    if (!payment) return this.refuse(-721, open);
    if (payment.charges.length > 0) return this.refuse(-702, open);
    if (payment.status !== 'AUTH_PASSWORD') return this.refuse(-701, open);
    if (fields.pg_token !== payment.token) return this.refuse(-708, open);
    if (fields.partner_order_id !== payment.partner_order_id) return this.refuse(-706, open);
    if (Number(fields.total_amount) !== payment.total_amount) return this.refuse(-703, open);
    const subscription = payment.cid === 'TCSUBSCRIP';
    payment.status = subscription && payment.total_amount === 0 ? 'ISSUED_SID' : 'SUCCESS_PAYMENT';
    payment.charges.push(payment.total_amount);
    payment.approvedAt = this.now();
    if (subscription) this.issueSid(payment);
    return { json: { ...this.show(payment), aid: `A${payment.tid}`, ...(payment.sid && { sid: payment.sid }) } };
  }

  private issueSid(payment: Payment): void {
    const sid = `S${randomBytes(9).toString('hex')}`;
    payment.sid = sid;
    this.sids.push(sid);
    const { cid, partner_user_id: userId } = payment;
    this.bySid.set(sid, { sid, cid, userId, status: 'ACTIVE', lastApprovedAt: this.now(), tids: [] });
  }

  private subscription(fields: Record<string, unknown>, open: boolean): StubAnswer {
    const sid = this.bySid.get(String(fields.sid));
    if (sid?.cid !== fields.cid) return this.refuse(-750, open);
    if (sid?.status !== 'ACTIVE') return this.refuse(-751, open);
    if (fields.partner_user_id !== sid.userId) return this.refuse(-753, open);
    const [total, taxFree, vat] = ['total_amount', 'tax_free_amount', 'vat_amount'].map((name) => Number(fields[name]));
    if (!total) return this.refuse(-722, open);
    const tid = `T${randomBytes(9).toString('hex')}`;
    const payment: Payment = {
      ...{ tid, cid: sid.cid, status: 'SUCCESS_PAYMENT', token: '', charges: [total], cancelled: 0, sid: sid.sid },
      partner_order_id: String(fields.partner_order_id),
      partner_user_id: sid.userId,
      ...{ total_amount: total, tax_free_amount: taxFree ?? 0, vat_amount: vat ?? 0 },
      approvedAt: this.now(),
    };
    this.payments.set(tid, payment);
    sid.tids.push(tid);
    sid.lastApprovedAt = this.now();
    return { json: { ...this.show(payment), aid: `A${tid}`, sid: sid.sid } };
  }

  private status(fields: Record<string, unknown>, open: boolean): StubAnswer {
    const sid = this.bySid.get(String(fields.sid));
    if (!sid) return this.refuse(-750, open);
    const { status, lastApprovedAt } = sid;
    return { json: { available: status === 'ACTIVE', status, last_approved_at: lastApprovedAt } };
  }

  private order(fields: Record<string, unknown>, open: boolean): StubAnswer {
    const payment = this.payments.get(String(fields.tid));
    if (!payment) return this.refuse(-721, open);
    const { status, cancelled, orderSays } = payment;
    return { json: { ...this.show(payment), status, canceled_amount: { total: cancelled }, ...orderSays } };
  }

  private cancel(fields: Record<string, unknown>, open: boolean): StubAnswer {
    const payment = this.payments.get(String(fields.tid));
    if (!payment) return this.refuse(-721, open);
    const available = payment.charges.reduce((a, b) => a + b, 0) - payment.cancelled;
    const amount = Number(fields.cancel_amount);
    if (amount > available || Number(fields.cancel_available_amount) !== available) return this.refuse(-710, open);
    payment.cancelled += amount;
    payment.status = amount === available ? 'CANCEL_PAYMENT' : 'PART_CANCEL_PAYMENT';
    return {
      json: {
        ...this.show(payment),
        aid: `C${payment.tid}${payment.cancelled}`,
        status: payment.status,
        approved_cancel_amount: { total: amount },
        canceled_amount: { total: payment.cancelled },
        cancel_available_amount: { total: available - amount },
      },
    };
  }

  private inactive(fields: Record<string, unknown>): StubAnswer {
    this.inactiveSids.push(String(fields.sid));
    const sid = this.bySid.get(String(fields.sid));
    if (sid) sid.status = 'INACTIVE';
    return { json: { cid: fields.cid, sid: fields.sid, status: 'INACTIVE', inactivated_at: '2026-11-23T12:00:00' } };
  }

  private show(payment: Payment) {
    return {
      tid: payment.tid,
      cid: payment.cid,
      partner_order_id: payment.partner_order_id,
      partner_user_id: payment.partner_user_id,
      payment_method_type: 'MONEY',
      amount: {
        total: payment.total_amount,
        tax_free: payment.tax_free_amount,
        vat: payment.vat_amount,
        point: 0,
        discount: 0,
      },
      quantity: 1,
      created_at: '2026-11-23T11:59:00',
      ...(payment.charges.length > 0 && { approved_at: payment.approvedAt ?? STANDING }),
    };
  }

  /** Asia/Seoul, without an offset. */
  private now(): string {
    return this.clock ? new Date(this.clock.now().getTime() + 9 * 3_600_000).toISOString().slice(0, 19) : STANDING;
  }
}
