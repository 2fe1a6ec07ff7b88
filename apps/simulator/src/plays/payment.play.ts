import { setTimeout as delay } from 'node:timers/promises';
import { Addresses } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { readEnvelope } from '../checks/answers';
import { isFields } from '../checks/fields';
import { checkOrderSheet } from '../checks/ordersheet';
import { violation } from '../checks/violation';
import { PayError } from '../pay/pay-error';
import { PayRequest } from '../pay/pay-request';
import { readyAnswer } from '../pay/pay-answers';
import { OwnAddress } from '../own-address';
import { Cids } from '../payments/cids';
import type { Payment } from '../payments/payment';
import { Payments } from '../payments/payments';
import type { MerchantCall, Run } from '../scenarios/run';
import type { PaymentScenario } from '../scenarios/scenario.dto';
import { unwrap, withQuery } from '../screen/wrapped-url';
import { Pace } from '../time/pace';
import { callerHeaders } from './caller';
import { merchantUrl } from './merchant-urls';
import { judged } from './option.play';
import { PaymentWatch } from './payment-watch';

const SCREEN_MS = 300;
const LATE_MS = 5_000;

/** T1, ready, T2, the user at KakaoPay, T3, and T4 until the end (guide 6.2). */
@Injectable()
export class PaymentPlay {
  constructor(
    private readonly addresses: Addresses,
    private readonly address: OwnAddress,
    private readonly payments: Payments,
    private readonly cids: Cids,
    private readonly watch: PaymentWatch,
    private readonly pace: Pace,
  ) {}

  async play(run: Run, options: PaymentScenario, relayId: string | undefined): Promise<string> {
    // The relay id goes as relay_id in query and body here, not as a header (guide 6.2).
    const headers = callerHeaders(run, undefined);
    const sheet = await this.orderSheet(run, options, headers, relayId);
    if ('refused' in sheet) return `refused-${sheet.refused}`;
    const payment = this.ready(run, sheet.data, options);
    if (!payment) return 'broken';
    const { partnerOrderId } = payment;
    run.facts.partnerOrderId = partnerOrderId;
    run.facts.total = payment.amount.total;

    const accepted = await this.store(run, options, headers, payment, sheet.data, relayId);
    if (accepted !== 200) return `refused-${accepted}`;
    const current = run.has('t2-new-tid') ? await this.again(run, options, headers, sheet.data, relayId) : payment;
    if (!current) return 'broken';

    const status = this.watch.poll(run, options, headers, partnerOrderId, relayId);
    await this.user(run, current);
    // The abandoned screen was still open: the user finishes it too.
    if (current !== payment) await this.approveUrl(run, this.payments.user(payment.tid, 'authenticate'));
    return this.watch.judge(run, await status, current);
  }

  private async orderSheet(
    run: Run,
    options: PaymentScenario,
    headers: Record<string, string>,
    relayId: string | undefined,
  ): Promise<{ data: Record<string, unknown> } | { refused: number }> {
    const sheetId = options.orderSheetId ?? (run.kind === 'subscription' ? 'sheet-subscription' : 'sheet-coffee');
    const ask = async (zipCode?: string): Promise<{ status: number; data: unknown }> => {
      const query = new URLSearchParams({
        ordersheet_id: sheetId,
        ...(zipCode && { zip_code: zipCode }),
        ...(relayId && { relay_id: relayId }),
      });
      const url = `${merchantUrl(options, this.addresses, 'ordersheet', 'payment')}?${query.toString()}`;
      const call: MerchantCall = { what: 'T1 주문생성 (ordersheet)', method: 'GET', url, headers };
      return readEnvelope(await run.call(call, judged(checkOrderSheet)));
    };
    let answer = await ask();
    if (run.has('t1-twice')) answer = await ask();
    if (answer.status === 200 && isFields(answer.data) && answer.data.use_shipping === true) {
      const before = answer.data;
      answer = await ask(options.zipCode ?? '13494');
      const after = isFields(answer.data) ? answer.data : {};
      if (answer.status === 200 && after.partner_order_id !== before.partner_order_id) {
        run.find(violation('new-order', 'T1 with a zip_code gave another partner_order_id for the same order sheet'));
      }
    }
    if (answer.status !== 200 || !isFields(answer.data)) return { refused: answer.status };
    return { data: answer.data };
  }

  /** The plugin prepares the payment at KakaoPay with what T1 answered. */
  private ready(run: Run, data: Record<string, unknown>, options: PaymentScenario): Payment | undefined {
    const body = {
      ...Object.fromEntries(READY_FIELDS.filter((name) => data[name] !== undefined).map((name) => [name, data[name]])),
      cancel_url: data.cancel_url ?? `${this.address.origin}/mockup/cancelled`,
      fail_url: data.fail_url ?? `${this.address.origin}/mockup/failed`,
      ...(options.method && { payment_method_type: options.method }),
    };
    if (typeof data.cid === 'string' && data.cid.length === 10) {
      const secret = typeof data.cid_secret === 'string' ? { secret: data.cid_secret } : {};
      this.cids.register({ cid: data.cid, subscription: data.automatic_payment !== undefined, ...secret });
    }
    const started = performance.now();
    const note = (response: Record<string, unknown>, status: number): void => {
      run.note({
        from: 'plugin',
        to: 'kakaopay',
        what: '결제 준비 (ready)',
        request: { method: 'POST', url: `${this.address.origin}/v1/payment/ready`, headers: {}, body },
        response: { status, body: response, ms: Math.round(performance.now() - started) },
      });
    };
    try {
      const payment = this.payments.ready(new PayRequest(body));
      run.about(payment.tid, ['approve', 'order', 'cancel']);
      run.about(payment.partnerOrderId);
      run.facts.tid = payment.tid;
      note(readyAnswer(payment, this.address.origin), 200);
      return payment;
    } catch (error) {
      if (!(error instanceof PayError)) throw error;
      note({ code: error.code, msg: error.message }, error.status);
      run.find(violation('ready-refused', `KakaoPay refused T1's data at ready: ${error.code} ${error.message}`));
      return undefined;
    }
  }

  /** T2. @returns the guide's code */
  private async store(
    run: Run,
    options: PaymentScenario,
    headers: Record<string, string>,
    payment: Payment,
    data: Record<string, unknown>,
    relayId: string | undefined,
  ): Promise<number> {
    const call: MerchantCall = {
      what: 'T2 결제번호저장 (approve)',
      method: 'POST',
      url: merchantUrl(options, this.addresses, 'approve', 'payment'),
      headers,
      json: {
        partner_order_id: payment.partnerOrderId,
        tid: payment.tid,
        ...(data.use_shipping === true && { shipping_address: addressIn(options.zipCode ?? '13494') }),
        ...(relayId && { relay_id: relayId }),
      },
    };
    const judge = judged(() => []);
    const [answer] = run.has('t2-concurrent')
      ? await Promise.all([run.call(call, judge), run.call(call, judge)])
      : [await run.call(call, judge)];
    if (run.has('t2-twice')) await run.call(call, judge);
    return readEnvelope(answer).status;
  }

  /** The user goes back and starts the payment once more. */
  private async again(
    run: Run,
    options: PaymentScenario,
    headers: Record<string, string>,
    data: Record<string, unknown>,
    relayId: string | undefined,
  ): Promise<Payment | undefined> {
    const payment = this.ready(run, data, options);
    if (!payment) return undefined;
    const status = await this.store(run, options, headers, payment, data, relayId);
    if (status !== 200)
      run.find(violation('second-try', `T2 with a new tid was answered ${status}; a user may try again`));
    return payment;
  }

  /** What the user does at KakaoPay, and the call of the merchant that follows. */
  private async user(run: Run, payment: Payment): Promise<void> {
    await delay(this.pace.ms(SCREEN_MS));
    this.payments.user(payment.tid, 'open');
    const does = run.has('user-quits') ? 'quit' : run.has('user-fails') ? 'fail' : 'authenticate';
    await delay(this.pace.ms(SCREEN_MS));
    this.payments.user(payment.tid, does);
    const word = { authenticate: '결제 인증 (authenticates)', quit: '결제 취소 (quits)', fail: '인증 실패 (fails)' }[
      does
    ];
    run.note({
      from: 'user',
      to: 'kakaopay',
      what: word,
      request: { method: '', url: '', headers: {} },
      response: { body: { tid: payment.tid, status: payment.status }, ms: 0 },
    });
    if (run.has('tid-expired')) payment.expiresAt = run.now();
    if (does === 'authenticate') {
      if (run.has('t3-lost')) return;
      if (run.has('t3-late')) await delay(this.pace.ms(LATE_MS));
      await this.approveUrl(run, payment);
      if (run.has('t3-twice')) await this.approveUrl(run, payment);
      return;
    }
    const url = does === 'quit' ? payment.urls.cancel : payment.urls.fail;
    if (url.startsWith(this.address.origin)) return;
    const what = does === 'quit' ? '취소 URL (cancel_url)' : '실패 URL (fail_url)';
    await run.call({ what, method: 'GET', url, from: 'user' });
  }

  /** T3, through the talk-plugin wrapper when T1 asked for it. */
  private async approveUrl(run: Run, payment: Payment): Promise<void> {
    const { wrapping, inner } = unwrap(payment.urls.approval);
    run.facts.approvalUrl = wrapping;
    const url = withQuery(inner, {
      pg_token: run.has('t3-forged') ? 'forged-token' : (payment.pgToken ?? ''),
      partner_order_id: payment.partnerOrderId,
      partner_user_id: payment.partnerUserId,
    });
    const call: MerchantCall = {
      what: `T3 인증성공 callback (${wrapping})`,
      method: 'GET',
      url,
      from: wrapping === 'direct' ? 'kakaopay' : 'talk',
    };
    const judge = judged(() => []);
    await Promise.all([run.call(call, judge), ...(run.has('t3-concurrent') ? [run.call(call, judge)] : [])]);
  }
}

const READY_FIELDS = [
  'cid',
  'cid_secret',
  'partner_order_id',
  'partner_user_id',
  'item_name',
  'item_code',
  'quantity',
  'total_amount',
  'tax_free_amount',
  'vat_amount',
  'approval_url',
];

function addressIn(zipCode: string): Record<string, string> {
  const jeju = zipCode.startsWith('63');
  return {
    base_address: jeju ? '제주특별자치도 제주시 첨단로 242' : '경기도 성남시 분당구 판교역로 235',
    detail_address: '에이치스퀘어 엔동 6층',
    zone_code: zipCode,
    receiver_name: '수령인',
    receiver_mobile_number: '01011112222',
  };
}
