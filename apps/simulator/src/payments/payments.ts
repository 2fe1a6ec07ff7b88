import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Faults } from '../faults/faults';
import { SimulatorConfig } from '../simulator.config';
import { SimulatedTime } from '../time/simulated-time';
import { BoundedMap } from '../wire/bounded-map';
import { Cids } from './cids';
import { Ledger } from './ledger';
import { PayError, type PayErrorExtras } from '../pay/pay-error';
import type { PayRequest } from '../pay/pay-request';
import { defaultVat, noAmount, ON_SCREEN, type Payment, type PaymentAction, remaining } from './payment';
import { Subscriptions } from './subscriptions';

export type Generation = 'legacy' | 'open';

/** Single payments: ready, approve, order, cancel, and what the user does in between. */
@Injectable()
export class Payments {
  private readonly byTid = new BoundedMap<Payment>(10_000);
  private readonly lastCancel = new BoundedMap<string>(10_000);

  constructor(
    private readonly cids: Cids,
    private readonly subscriptions: Subscriptions,
    private readonly ledger: Ledger,
    private readonly faults: Faults,
    private readonly time: SimulatedTime,
    private readonly config: SimulatorConfig,
  ) {}

  ready(request: PayRequest): Payment {
    const cid = request.text('cid', 10);
    const cidSecret = request.optionalText('cid_secret', 24);
    const { subscription } = this.cids.check(cid, cidSecret);
    const total = request.int('total_amount');
    const taxFree = request.int('tax_free_amount');
    const vat = request.optionalInt('vat_amount') ?? defaultVat(total, taxFree);
    if (taxFree + vat > total || (total === 0 && !subscription)) throw new PayError(-722);
    if (total > this.config.payLimit) throw new PayError(-797);
    this.refuseOnOrder('pay.ready', [request.text('partner_order_id', 100)]);
    const createdAt = this.time.now();
    const payment: Payment = {
      tid: `T${createdAt.getTime().toString(16)}${randomBytes(5).toString('hex')}`.slice(0, 20).padEnd(20, '0'),
      cid,
      status: 'READY',
      partnerOrderId: request.text('partner_order_id', 100),
      partnerUserId: request.text('partner_user_id', 100),
      itemName: request.text('item_name', 100),
      quantity: request.int('quantity'),
      amount: {
        ...noAmount(),
        total,
        tax_free: taxFree,
        vat,
        green_deposit: request.optionalInt('green_deposit') ?? 0,
      },
      cancelled: noAmount(),
      method: request.optionalText('payment_method_type', 10) === 'CARD' ? 'CARD' : 'MONEY',
      urls: {
        approval: request.text('approval_url', 255),
        cancel: request.text('cancel_url', 255),
        fail: request.text('fail_url', 255),
      },
      createdAt,
      expiresAt: new Date(createdAt.getTime() + this.config.tidSeconds * 1_000),
      actions: [],
    };
    const itemCode = request.optionalText('item_code', 100);
    if (itemCode) payment.itemCode = itemCode;
    if (cidSecret) payment.cidSecret = cidSecret;
    this.byTid.set(payment.tid, payment);
    return payment;
  }

  /** What the user does on KakaoPay's screen. */
  user(tid: string, does: 'open' | 'authenticate' | 'quit' | 'fail'): Payment {
    const payment = this.byTid.get(tid);
    if (!payment) throw new PayError(-721);
    if (!ON_SCREEN.includes(payment.status)) throw new PayError(-783, undefined, payment.status);
    if (does === 'authenticate') payment.pgToken ??= randomBytes(10).toString('hex');
    payment.status = (
      { open: 'OPEN_PAYMENT', authenticate: 'AUTH_PASSWORD', quit: 'QUIT_PAYMENT', fail: 'FAIL_AUTH_PASSWORD' } as const
    )[does];
    return payment;
  }

  approve(request: PayRequest, generation: Generation): { payment: Payment; action: PaymentAction } {
    const payment = this.own(request, generation);
    const { tid } = payment;
    if (request.text('partner_order_id', 100) !== payment.partnerOrderId) throw new PayError(-706);
    if (request.text('partner_user_id', 100) !== payment.partnerUserId) throw new PayError(-707);
    const pgToken = request.text('pg_token', 200);
    if (payment.approvedAt) {
      this.refuseOnOrder('pay.approve', [tid, payment.partnerOrderId]);
      throw new PayError(-702);
    }
    if (ON_SCREEN.includes(payment.status)) {
      throw new PayError(this.time.now() >= payment.expiresAt ? -723 : -701);
    }
    if (payment.status !== 'AUTH_PASSWORD') throw new PayError(-783, undefined, payment.status);
    if (this.time.now() >= payment.expiresAt) throw new PayError(-723);
    if (pgToken !== payment.pgToken) throw new PayError(-708);
    const total = request.optionalInt('total_amount');
    if (total !== undefined && total !== payment.amount.total) throw new PayError(-722);
    const payload = request.optionalText('payload', 200);
    try {
      this.refuseOnOrder('pay.approve', [tid, payment.partnerOrderId]);
    } catch (error) {
      if (error instanceof PayError && error.code === -780) payment.status = 'FAIL_PAYMENT';
      throw error;
    }
    return { payment, action: this.charge(payment, payload) };
  }

  order(request: PayRequest, generation: Generation): Payment {
    const payment = this.own(request, generation);
    this.refuseOnOrder('pay.order', [payment.tid, payment.partnerOrderId]);
    return payment;
  }

  cancel(request: PayRequest, generation: Generation): { payment: Payment; action: PaymentAction } {
    const payment = this.own(request, generation);
    this.refuseOnOrder('pay.cancel', [payment.tid, payment.partnerOrderId]);
    const total = request.int('cancel_amount');
    const taxFree = request.int('cancel_tax_free_amount');
    const left = remaining(payment);
    const vat = request.optionalInt('cancel_vat_amount') ?? cancelVat(total, taxFree, left.total, left.vat);
    const guard = request.optionalInt('cancel_available_amount');
    const payload = request.optionalText('payload', 200);
    const print = JSON.stringify([total, taxFree, vat, guard, payload]);
    // Whoever repeats a cancel word for word after it worked asks for the money twice.
    if (guard !== undefined && this.lastCancel.get(payment.tid) === print) throw new PayError(-785);
    if (payment.status !== 'SUCCESS_PAYMENT' && payment.status !== 'PART_CANCEL_PAYMENT') throw new PayError(-784);
    if (total > left.total) throw new PayError(-710);
    if (taxFree > left.tax_free || vat > left.vat) throw new PayError(-711);
    if (total === 0 || (guard !== undefined && guard !== left.total)) throw new PayError(-722);
    if (payment.amount.green_deposit > 0 && total < payment.amount.total) throw new PayError(-784);
    const action: PaymentAction = { ...this.act('CANCEL', total, payload), taxFree, vat };
    payment.cancelled.total += total;
    payment.cancelled.tax_free += taxFree;
    payment.cancelled.vat += vat;
    payment.canceledAt = action.at;
    payment.status = payment.cancelled.total === payment.amount.total ? 'CANCEL_PAYMENT' : 'PART_CANCEL_PAYMENT';
    payment.actions.push(action);
    this.lastCancel.set(payment.tid, print);
    this.ledger.write(payment, action);
    return { payment, action };
  }

  /** A further charge on a SID: a new tid that is paid at once. */
  charge(payment: Payment, payload?: string): PaymentAction {
    const { subscription } = this.cids.check(payment.cid, payment.cidSecret);
    const free = payment.amount.total === 0;
    const action = this.act(free ? 'ISSUED_SID' : 'PAYMENT', payment.amount.total, payload);
    payment.status = free ? 'ISSUED_SID' : 'SUCCESS_PAYMENT';
    payment.approvedAt = action.at;
    payment.actions.push(action);
    if (subscription && !payment.sid) payment.sid = this.subscriptions.issue(payment, action.at).sid;
    this.byTid.set(payment.tid, payment);
    this.ledger.write(payment, action);
    return action;
  }

  find(tid: string): Payment | undefined {
    return this.byTid.get(tid);
  }

  list(): Payment[] {
    return [...this.byTid.values()];
  }

  clear(): void {
    this.byTid.clear();
    this.lastCancel.clear();
  }

  refuseOnOrder(
    point: 'pay.ready' | 'pay.approve' | 'pay.order' | 'pay.cancel' | 'pay.subscription',
    about: string[],
  ): void {
    const fault = this.faults.take(point, about, ['refuse']);
    if (!fault) return;
    const extras: PayErrorExtras = {};
    if (fault.resultCode) extras.method_result_code = fault.resultCode;
    if (fault.resultMessage) extras.method_result_message = fault.resultMessage;
    throw new PayError(fault.code, extras);
  }

  private own(request: PayRequest, generation: Generation): Payment {
    const cid = request.text('cid', 10);
    const secret = request.optionalText('cid_secret', 24);
    this.cids.check(cid, secret);
    const payment = this.byTid.get(request.text('tid', 20));
    const elsewhere = this.config.payGeneration !== 'any' && this.config.payGeneration !== generation;
    if (payment?.cid !== cid || elsewhere) throw new PayError(-721);
    if (payment.cidSecret !== undefined && payment.cidSecret !== secret) throw new PayError(-733);
    return payment;
  }

  private act(type: PaymentAction['type'], amount: number, payload: string | undefined): PaymentAction {
    return {
      aid: `A${randomBytes(10).toString('hex')}`.slice(0, 20),
      at: this.time.now(),
      amount,
      type,
      ...(payload && { payload }),
    };
  }
}

/** A cancel without VAT takes its share; the last one takes what is left, so that nothing remains by rounding. */
function cancelVat(total: number, taxFree: number, leftTotal: number, leftVat: number): number {
  return total === leftTotal ? leftVat : Math.min(defaultVat(total, taxFree), leftVat);
}
