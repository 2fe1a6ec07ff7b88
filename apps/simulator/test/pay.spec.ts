import { ManualClock, startTestApp, type TestApp } from '@biz/testing';
import { simulatorApp } from '../src/simulator.module';
import { type Answer, call, get, post } from './http';

const clock = new ManualClock(new Date('2026-11-23T00:00:00Z'));
let simulator: TestApp;

beforeAll(async () => {
  simulator = await startTestApp(simulatorApp(), { clock, env: { SIMULATOR_SID_MONTHLY_LIMIT: '2' } });
});
afterAll(() => simulator.close());
beforeEach(() => post(`${simulator.url}/reset`));

type Form = Record<string, string>;

const legacy = (path: string, form: Form, headers: Form = { authorization: 'KakaoAK admin' }): Promise<Answer> =>
  call('POST', `${simulator.url}/v1/payment/${path}`, { form, headers });
const open = (path: string, json: object, headers: Form = { authorization: 'SECRET_KEY secret' }): Promise<Answer> =>
  call('POST', `${simulator.url}/online/v1/payment/${path}`, { json, headers });

const ORDER = {
  cid: 'TC0ONETIME',
  partner_order_id: 'order-1',
  partner_user_id: 'user-1',
  item_name: '아이스 아메리카노 외 1',
  quantity: '1',
  total_amount: '13500',
  tax_free_amount: '500',
  approval_url: 'http://127.0.0.1:1/approval',
  cancel_url: 'http://127.0.0.1:1/cancel',
  fail_url: 'http://127.0.0.1:1/fail',
};

const ready = async (fields: Form = {}): Promise<string> =>
  (await legacy('ready', { ...ORDER, ...fields })).json.tid as string;
const user = (tid: string, does: string): Promise<Answer> => post(`${simulator.url}/payments/${tid}/user`, { does });
const authenticated = async (fields: Form = {}): Promise<{ tid: string; pg_token: string }> => {
  const tid = await ready(fields);
  return { tid, pg_token: (await user(tid, 'authenticate')).json.pgToken as string };
};
const approval = (paid: Form, fields: Form = {}): Form => ({
  cid: 'TC0ONETIME',
  partner_order_id: 'order-1',
  partner_user_id: 'user-1',
  ...paid,
  ...fields,
});
const paid = async (fields: Form = {}): Promise<string> => {
  const payment = await authenticated(fields);
  const { cid = 'TC0ONETIME' } = fields;
  expect((await legacy('approve', approval(payment, { cid }))).status).toBe(200);
  return payment.tid;
};
const refund = (tid: string, amount: number, fields: Form = {}): Promise<Answer> =>
  legacy('cancel', {
    cid: 'TC0ONETIME',
    tid,
    cancel_amount: String(amount),
    cancel_tax_free_amount: '0',
    ...fields,
  });
const order = async (tid: string, cid = 'TC0ONETIME'): Promise<Answer['json']> =>
  (await legacy('order', { cid, tid })).json;
const ledger = async (query = ''): Promise<Answer['json']> => (await get(`${simulator.url}/ledger${query}`)).json;
const code = async (answer: Promise<Answer>): Promise<unknown> => (await answer).json.code;

describe('a payment', () => {
  it('is charged once the user has authenticated, and stands in the ledger', async () => {
    const payment = await authenticated();
    const answer = await legacy('approve', approval(payment, { total_amount: '13500', payload: 'p' }));
    expect(answer.json).toMatchObject({
      tid: payment.tid,
      amount: { total: 13500, tax_free: 500, vat: 1182 },
      approved_at: '2026-11-23T09:00:00',
      payload: 'p',
    });
    expect(answer.json).not.toHaveProperty('sid');
    expect(await ledger()).toMatchObject({
      items: [{ tid: payment.tid, charged: 13500, refunded: 0, status: 'SUCCESS_PAYMENT' }],
      sums: { charged: 13500, refunded: 0, kept: 13500 },
    });
  });

  it('passes through the statuses of order as the user goes on', async () => {
    const { tid } = { tid: await ready() };
    expect((await order(tid)).status).toBe('READY');
    await user(tid, 'open');
    expect((await order(tid)).status).toBe('OPEN_PAYMENT');
    await user(tid, 'authenticate');
    expect((await order(tid)).status).toBe('AUTH_PASSWORD');
    const quitter = await ready();
    await user(quitter, 'quit');
    expect((await order(quitter)).status).toBe('QUIT_PAYMENT');
    const unlucky = await ready();
    await user(unlucky, 'fail');
    expect((await order(unlucky)).status).toBe('FAIL_AUTH_PASSWORD');
    expect(await code(legacy('approve', approval({ tid: unlucky, pg_token: 'x' })))).toBe(-783);
  });

  it('made by one generation is approved by the other unless a setting says which knows it', async () => {
    const payment = await authenticated();
    const answer = await open('approve', approval(payment));
    expect(answer.json).toMatchObject({ tid: payment.tid, cid: 'TC0ONETIME' });
  });

  it('names card fields as its generation does', async () => {
    const [first, second] = [
      await authenticated({ payment_method_type: 'CARD' }),
      await authenticated({ payment_method_type: 'CARD' }),
    ];
    expect((await legacy('approve', approval(first))).json).toHaveProperty('card_info.issuer_corp');
    expect((await open('approve', approval(second))).json).toHaveProperty('card_info.kakaopay_issuer_corp');
  });
});

describe('a refusal', () => {
  it.each([
    [-2, { pg_token: '' }],
    [-706, { partner_order_id: 'another' }],
    [-707, { partner_user_id: 'another' }],
    [-708, { pg_token: 'wrong' }],
    [-721, { tid: 'T0000000000000000000' }],
    [-722, { total_amount: '13501' }],
    [-731, { cid: 'XX00000000' }],
  ])('of approve is %i for %j', async (expected, fields) => {
    const answer = await legacy('approve', approval(await authenticated(), fields));
    expect([answer.status, answer.json.code]).toEqual([400, expected]);
    expect((await ledger()).sums).toMatchObject({ charged: 0 });
  });

  it('is −701 before the user authenticated, −723 after fifteen minutes, −702 when paid', async () => {
    const waiting = await ready();
    expect(await code(legacy('approve', approval({ tid: waiting, pg_token: 'x' })))).toBe(-701);
    const payment = await authenticated();
    await legacy('approve', approval(payment));
    expect(await code(legacy('approve', approval(payment)))).toBe(-702);
    const late = await authenticated();
    await post(`${simulator.url}/time/advance`, { seconds: 900 });
    expect(await code(legacy('approve', approval(late)))).toBe(-723);
    expect((await ledger()).sums).toMatchObject({ charged: 13500 });
  });

  it('is −733 when the cid_secret of ready or of the shop is missing', async () => {
    const secret = 'abcdefghijklmnopqrstuvwx';
    const payment = await authenticated({ cid_secret: secret });
    expect(await code(legacy('approve', approval(payment)))).toBe(-733);
    await post(`${simulator.url}/cids`, { cid: 'CT12345678', subscription: false, secret });
    expect(await code(legacy('ready', { ...ORDER, cid: 'CT12345678' }))).toBe(-733);
    expect((await legacy('ready', { ...ORDER, cid: 'CT12345678', cid_secret: secret })).status).toBe(200);
  });

  it('of ready names what does not fit', async () => {
    expect(await code(legacy('ready', { ...ORDER, item_name: 'x'.repeat(101) }))).toBe(-2);
    expect(await code(legacy('ready', { ...ORDER, approval_url: '' }))).toBe(-2);
    expect(await code(legacy('ready', { ...ORDER, approval_url: `http://${'x'.repeat(250)}` }))).toBe(-2);
    expect(await code(legacy('ready', { ...ORDER, total_amount: '13500.5' }))).toBe(-2);
    expect(await code(legacy('ready', { ...ORDER, tax_free_amount: '13501' }))).toBe(-722);
    expect(await code(legacy('ready', { ...ORDER, total_amount: '0', tax_free_amount: '0' }))).toBe(-722);
    expect(await code(legacy('ready', { ...ORDER, total_amount: '50000001' }))).toBe(-797);
  });

  it('is told in the words of the generation', async () => {
    expect((await open('order', { cid: 'TC0ONETIME', tid: 'T0' })).json).toEqual({
      error_code: -721,
      error_message: 'invalid tid!',
    });
    expect((await legacy('order', { cid: 'TC0ONETIME', tid: 'T0' })).json).toEqual({ code: -721, msg: 'invalid tid!' });
  });

  it('is 401 for a wrong scheme and −2 for the wrong kind of body', async () => {
    expect((await legacy('order', { tid: 'x' }, { authorization: 'SECRET_KEY x' })).status).toBe(401);
    expect((await open('order', { tid: 'x' }, { authorization: 'KakaoAK x' })).status).toBe(401);
    const url = `${simulator.url}/v1/payment/order`;
    const json = await call('POST', url, { json: {}, headers: { authorization: 'KakaoAK x' } });
    expect([json.status, json.json.code]).toEqual([400, -2]);
  });

  it('ordered by a test carries the method’s own message, and −780 ends the payment', async () => {
    const payment = await authenticated();
    const fault = { point: 'pay.approve', kind: 'refuse', resultCode: 'LACK_BALANCE', resultMessage: '잔액 부족' };
    await post(`${simulator.url}/faults`, fault);
    expect((await legacy('approve', approval(payment))).json).toEqual({
      code: -780,
      msg: 'approval failure!',
      extras: { method_result_code: 'LACK_BALANCE', method_result_message: '잔액 부족' },
    });
    expect((await order(payment.tid)).status).toBe('FAIL_PAYMENT');
    const second = await authenticated();
    await post(`${simulator.url}/faults`, { point: 'pay.approve', kind: 'refuse', code: -785 });
    expect(await code(legacy('approve', approval(second)))).toBe(-785);
    expect((await legacy('approve', approval(second))).status).toBe(200);
  });
});

describe('an answer that is lost', () => {
  it('after the work: the money moved, and order tells', async () => {
    const payment = await authenticated();
    await post(`${simulator.url}/faults`, { point: 'pay.approve', kind: 'drop-after', subject: payment.tid });
    await expect(legacy('approve', approval(payment))).rejects.toThrow();
    expect(await order(payment.tid)).toMatchObject({ status: 'SUCCESS_PAYMENT', amount: { total: 13500 } });
  });

  it('uses up one misbehaviour of several: the next call meets the next one', async () => {
    const payment = await authenticated();
    await post(`${simulator.url}/faults`, { point: 'pay.approve', kind: 'drop-after', subject: payment.tid });
    await post(`${simulator.url}/faults`, { point: 'pay.approve', kind: 'refuse', code: -797, subject: payment.tid });
    await expect(legacy('approve', approval(payment))).rejects.toThrow();
    expect((await order(payment.tid)).status).toBe('SUCCESS_PAYMENT');
    expect(await code(legacy('approve', approval(payment)))).toBe(-797);
  });

  it('before the work: nothing moved, and the same pg_token still works', async () => {
    const payment = await authenticated();
    await post(`${simulator.url}/faults`, { point: 'pay.approve', kind: 'drop-before' });
    await expect(legacy('approve', approval(payment))).rejects.toThrow();
    expect((await order(payment.tid)).status).toBe('AUTH_PASSWORD');
    expect((await legacy('approve', approval(payment))).status).toBe(200);
  });
});

describe('a cancel', () => {
  it('in parts leaves what is left, down to nothing, VAT and all', async () => {
    const tid = await paid();
    const first = await refund(tid, 3500, { cancel_tax_free_amount: '500', cancel_available_amount: '13500' });
    expect(first.json).toMatchObject({
      status: 'PART_CANCEL_PAYMENT',
      approved_cancel_amount: { total: 3500, tax_free: 500, vat: 273 },
      cancel_available_amount: { total: 10000, tax_free: 0, vat: 909 },
      canceled_at: '2026-11-23T09:00:00',
    });
    expect((await refund(tid, 10000, { cancel_available_amount: '10000' })).json).toMatchObject({
      status: 'CANCEL_PAYMENT',
      cancel_available_amount: { total: 0, tax_free: 0, vat: 0 },
    });
    expect((await ledger()).sums).toEqual({ charged: 13500, refunded: 13500, kept: 0 });
    const details = (await order(tid)).payment_action_details as Record<string, unknown>[];
    expect(details.map((each) => [each.payment_action_type, each.amount])).toEqual([
      ['PAYMENT', 13500],
      ['CANCEL', 3500],
      ['CANCEL', 10000],
    ]);
  });

  it('is refused when it asks for too much, twice, against its guard, or when nothing was paid', async () => {
    const tid = await paid();
    expect(await code(refund(tid, 13501))).toBe(-710);
    expect(await code(refund(tid, 1000, { cancel_tax_free_amount: '501' }))).toBe(-711);
    expect(await code(refund(tid, 1000, { cancel_available_amount: '12000' }))).toBe(-722);
    expect((await refund(tid, 1000, { cancel_available_amount: '13500' })).status).toBe(200);
    expect(await code(refund(tid, 1000, { cancel_available_amount: '13500' }))).toBe(-785);
    expect(await code(refund(await ready(), 1000))).toBe(-784);
    expect((await ledger()).sums).toMatchObject({ refunded: 1000 });
  });

  it('in part is impossible with a cup deposit', async () => {
    const tid = await paid({ green_deposit: '300' });
    expect(await code(refund(tid, 1000))).toBe(-784);
    expect((await refund(tid, 13500, { cancel_tax_free_amount: '500' })).status).toBe(200);
  });
});

describe('a subscription', () => {
  const first = async (total: string): Promise<Answer['json']> => {
    const payment = await authenticated({ cid: 'TCSUBSCRIP', total_amount: total, tax_free_amount: '0' });
    return (await legacy('approve', approval(payment, { cid: 'TCSUBSCRIP' }))).json;
  };
  const charge = (sid: string, fields: Form = {}): Promise<Answer> =>
    legacy('subscription', {
      cid: 'TCSUBSCRIP',
      sid,
      partner_order_id: 'order-2',
      partner_user_id: 'user-1',
      quantity: '1',
      total_amount: '5000',
      tax_free_amount: '0',
      ...fields,
    });
  const manage = (path: string, sid: string): Promise<Answer> =>
    legacy(`manage/subscription/${path}`, { cid: 'TCSUBSCRIP', sid });

  it('begins with a SID, without money when the first amount is 0', async () => {
    const free = await first('0');
    expect(String(free.sid)).toHaveLength(20);
    expect(await order(String(free.tid), 'TCSUBSCRIP')).toMatchObject({
      status: 'ISSUED_SID',
      payment_action_details: [{ payment_action_type: 'ISSUED_SID', amount: 0 }],
    });
    expect((await order(String((await first('5000')).tid), 'TCSUBSCRIP')).status).toBe('SUCCESS_PAYMENT');
  });

  it('is charged under new tids until it is ended', async () => {
    const sid = String((await first('0')).sid);
    const answer = (await charge(sid)).json;
    expect(answer).toMatchObject({ sid, amount: { total: 5000, vat: 455 }, partner_order_id: 'order-2' });
    expect((await manage('status', sid)).json).toMatchObject({ available: true, status: 'ACTIVE' });
    expect((await manage('inactive', sid)).json).toMatchObject({
      status: 'INACTIVE',
      inactivated_at: '2026-11-23T09:00:00',
    });
    expect((await manage('status', sid)).json).toMatchObject({ available: false, status: 'INACTIVE' });
    expect(await code(charge(sid))).toBe(-751);
    expect((await ledger(`?sid=${sid}`)).sums).toMatchObject({ charged: 5000 });
  });

  it('is refused for an unknown SID, another user, another shop, too often a month, or on order', async () => {
    const sid = String((await first('0')).sid);
    expect(await code(charge('S0000000000000000000'))).toBe(-750);
    expect(await code(charge(sid, { partner_user_id: 'another' }))).toBe(-753);
    expect(await code(charge(sid, { cid: 'TC0ONETIME' }))).toBe(-731);
    await post(`${simulator.url}/faults`, { point: 'pay.subscription', kind: 'refuse', code: -782 });
    expect(await code(charge(sid))).toBe(-782);
    expect([(await charge(sid)).status, (await charge(sid)).status]).toEqual([200, 200]);
    expect(await code(charge(sid))).toBe(-752);
  });
});

it('knows tids in one generation only when set so', async () => {
  const strict = await startTestApp(simulatorApp(), { env: { SIMULATOR_PAY_GENERATION: 'open' } });
  const headers = { authorization: 'KakaoAK admin' };
  const { json } = await call('POST', `${strict.url}/v1/payment/ready`, { form: ORDER, headers });
  const form = { cid: 'TC0ONETIME', tid: String(json.tid) };
  expect((await call('POST', `${strict.url}/v1/payment/order`, { form, headers })).json.code).toBe(-721);
  await strict.close();
});
