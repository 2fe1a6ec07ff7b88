import { AddressGate, Outbound } from '@biz/platform';
import { HttpStub, type StubAnswer } from '@biz/testing';
import {
  approveRefusal,
  cancelRefusal,
  chargeRefusal,
  kakaoPay,
  meaningOf,
  type KakaoPay,
  type KakaoPayApi,
} from './index';

const APPROVED = {
  aid: 'A5678901234567890123',
  tid: 'T1234567890123456789',
  cid: 'TC0ONETIME',
  partner_order_id: 'order-1',
  partner_user_id: 'user-1',
  payment_method_type: 'CARD',
  item_name: '초코파이',
  quantity: 1,
  amount: { total: 2200, tax_free: 0, vat: 200, point: 0, discount: 0, green_deposit: 0 },
  card_info: {
    kakaopay_purchase_corp: '카카오뱅크',
    kakaopay_issuer_corp: '국민카드',
    card_type: '신용',
    install_month: '00',
    approved_id: '12345678',
  },
  created_at: '2026-11-15T21:18:22',
  approved_at: '2026-11-15T21:20:47',
  tms_result: 'something undocumented',
};

const ORDERED = {
  tid: 'T1234567890123456789',
  cid: 'TC0ONETIME',
  status: 'PART_CANCEL_PAYMENT',
  partner_order_id: 'order-1',
  partner_user_id: 'user-1',
  payment_method_type: 'MONEY',
  amount: { total: 2200, tax_free: 100, vat: 191, point: 0, discount: 0 },
  canceled_amount: { total: 700, tax_free: 0, vat: 64, point: 0, discount: 0 },
  cancel_available_amount: { total: 1500, tax_free: 100, vat: 127, point: 0, discount: 0 },
  created_at: '2026-11-15T21:18:22',
  approved_at: '2026-11-15T21:20:47',
  payment_action_details: [
    { aid: 'A1', approved_at: '2026-11-15T21:20:47', amount: 2200, payment_action_type: 'PAYMENT' },
    { aid: 'A2', approved_at: '2026-11-16T00:00:00', amount: 700, payment_action_type: 'CANCEL' },
  ],
};

const APPROVE = {
  cid: 'TC0ONETIME',
  tid: 'T1234567890123456789',
  partnerOrderId: 'order-1',
  partnerUserId: 'user-1',
  pgToken: 'pg=token&한글',
  totalAmount: 2200,
};

describe.each<KakaoPayApi>(['legacy', 'open'])('KakaoPay, %s generation', (api) => {
  let server: HttpStub;
  const outbound = new Outbound(new AddressGate(() => true));
  let pay: KakaoPay;

  beforeAll(async () => {
    server = await HttpStub.start();
    pay = kakaoPay(api, outbound, { origin: server.url, key: 'KEY', timeoutMs: 300 });
  });
  beforeEach(() => {
    server.requests.length = 0;
  });
  afterAll(async () => {
    await server.close();
    await outbound.close();
  });

  const serve = (status: number, json: unknown) => server.on('POST *', { status, json });
  const refusal = (code: number, extras?: object) =>
    api === 'legacy'
      ? { code, msg: 'approval failure!', extras }
      : { error_code: code, error_message: 'approval failure!', extras };

  it('sends an approval in its own dialect and reads the answer in plain words', async () => {
    serve(200, APPROVED);

    await expect(pay.approve({ ...APPROVE, cidSecret: 'abc' })).resolves.toEqual({
      kind: 'answered',
      value: {
        aid: 'A5678901234567890123',
        tid: 'T1234567890123456789',
        cid: 'TC0ONETIME',
        partnerOrderId: 'order-1',
        partnerUserId: 'user-1',
        method: 'CARD',
        amount: { total: 2200, taxFree: 0, vat: 200, point: 0, discount: 0 },
        card: {
          issuer: '국민카드',
          acquirer: '카카오뱅크',
          type: '신용',
          installMonths: 0,
          approvalNumber: '12345678',
        },
        approvedAt: new Date('2026-11-15T12:20:47Z'),
      },
    });
    const [seen] = server.requests;
    const sent = {
      cid: 'TC0ONETIME',
      cid_secret: 'abc',
      tid: 'T1234567890123456789',
      partner_order_id: 'order-1',
      partner_user_id: 'user-1',
      pg_token: 'pg=token&한글',
      total_amount: 2200,
    };
    if (api === 'legacy') {
      expect(seen).toMatchObject({ path: '/v1/payment/approve', headers: { authorization: 'KakaoAK KEY' } });
      expect(seen!.headers['content-type']).toBe('application/x-www-form-urlencoded;charset=utf-8');
      expect(Object.fromEntries(new URLSearchParams(seen!.body))).toEqual({ ...sent, total_amount: '2200' });
    } else {
      expect(seen).toMatchObject({ path: '/online/v1/payment/approve', headers: { authorization: 'SECRET_KEY KEY' } });
      expect(seen!.headers['content-type']).toBe('application/json');
      expect(JSON.parse(seen!.body)).toEqual(sent);
    }
  });

  it('says refused, with the sentence meant for the buyer, when KakaoPay refuses', async () => {
    serve(400, refusal(-780, { method_result_code: 'LACK_BALANCE', method_result_message: '잔액이 부족합니다.' }));
    await expect(pay.approve(APPROVE)).resolves.toEqual({
      kind: 'refused',
      code: -780,
      message: 'approval failure!',
      userMessage: '잔액이 부족합니다.',
    });
  });

  it('hands on what KakaoPay tells the buyer as one line that PostgreSQL can keep', async () => {
    const told = async (method_result_message: string) => {
      serve(400, refusal(-780, { method_result_message }));
      return (await pay.approve(APPROVE)) as { userMessage?: string };
    };
    expect((await told('잔액이\u0000\r\n부족합니다.\uD83D')).userMessage).toBe('잔액이 부족합니다.');
    expect(await told(' \u200B')).not.toHaveProperty('userMessage');
  });

  it.each<[string, StubAnswer]>([
    ['a 5xx', { status: 502, json: refusal(-780) }],
    ['a 4xx that is not KakaoPay’s', { status: 403, text: '<html>blocked</html>' }],
    ['a 4xx without a code', { status: 400, json: {} }],
    ['a 4xx whose code cannot be kept', { status: 400, json: refusal(-99_999_999_999) }],
    ['a 200 that is not JSON', { text: '<html></html>' }],
    ['a 200 without an amount', { json: { ...APPROVED, amount: undefined } }],
    ...[' ', '0x10', '1e3', '12,000', '1.0', '', null, -2_200, 2_147_483_648, '99999999999'].map(
      (total): [string, StubAnswer] => [
        `a 200 whose total is ${JSON.stringify(total)}`,
        { json: { ...APPROVED, amount: { total, tax_free: 0, vat: 0 } } },
      ],
    ),
    ['a 200 whose tid cannot be kept', { json: { ...APPROVED, tid: 'T123\0' } }],
    ['a 200 whose tid is half a character', { json: { ...APPROVED, tid: 'T123\uD83D' } }],
    ['a 200 whose total is no number', { json: { ...APPROVED, amount: { total: 'many', tax_free: 0, vat: 0 } } }],
    ['a 200 that is a list', { json: [APPROVED] }],
    ['a line cut before any answer', { dropBefore: true }],
    ['a line cut in the middle of an answer', { json: APPROVED, dropAfter: true }],
    ['silence', { json: APPROVED, delayMs: 5_000 }],
  ])('says unknown after %s', async (_what, behaviour) => {
    server.on('POST *', behaviour);
    await expect(pay.approve(APPROVE)).resolves.toMatchObject({ kind: 'unknown' });
  });

  it('says not-sent when nobody listens', async () => {
    const nobody = kakaoPay(api, outbound, { origin: 'http://127.0.0.1:1', key: 'KEY', timeoutMs: 300 });
    await expect(nobody.approve(APPROVE)).resolves.toMatchObject({ kind: 'not-sent' });
  });

  it('reads an order with what was cancelled', async () => {
    serve(200, ORDERED);
    await expect(pay.order({ cid: 'TC0ONETIME', tid: ORDERED.tid })).resolves.toEqual({
      kind: 'answered',
      value: {
        tid: 'T1234567890123456789',
        cid: 'TC0ONETIME',
        status: 'PART_CANCEL_PAYMENT',
        partnerOrderId: 'order-1',
        partnerUserId: 'user-1',
        method: 'MONEY',
        amount: { total: 2200, taxFree: 100, vat: 191, point: 0, discount: 0 },
        cancelledAmount: 700,
        availableAmount: 1500,
        approvedAt: new Date('2026-11-15T12:20:47Z'),
        cancelledAt: new Date('2026-11-15T15:00:00Z'),
        actions: [
          { aid: 'A1', type: 'PAYMENT', amount: 2200, at: new Date('2026-11-15T12:20:47Z') },
          { aid: 'A2', type: 'CANCEL', amount: 700, at: new Date('2026-11-15T15:00:00Z') },
        ],
      },
    });
  });

  it('reads the times of an order where it names them, and in their order', async () => {
    const [payment, cancel] = ORDERED.payment_action_details;
    const later = { ...cancel, aid: 'A3', approved_at: '2026-11-17T00:00:00' };
    serve(200, { ...ORDERED, approved_at: '', payment_action_details: [later, cancel, payment] });
    const answer = await pay.order({ cid: 'TC0ONETIME', tid: ORDERED.tid });
    expect(answer).toMatchObject({
      value: {
        approvedAt: new Date('2026-11-15T12:20:47Z'),
        cancelledAt: new Date('2026-11-16T15:00:00Z'),
        actions: [{ aid: 'A1' }, { aid: 'A2' }, { aid: 'A3' }],
      },
    });
  });

  it.each(['2026-02-30T00:00:00', '2026-11-31 00:00:00', '20261116', 'Nov 16 2026', 1_764_169_199_000, '없음'])(
    'reads %j as no time',
    async (last_approved_at) => {
      serve(200, { available: true, status: 'ACTIVE', last_approved_at });
      const { value } = (await pay.status({ cid: 'TCSUBSCRIP', sid: 'S123' })) as { value: object };
      expect(value).not.toHaveProperty('lastApprovedAt');
    },
  );

  it.each([{ sid: 'S999' }, { cid: 'TCOTHER000' }])(
    'says unknown when %j is another than was asked about',
    async (other) => {
      serve(200, { cid: 'TCSUBSCRIP', sid: 'S123', available: false, status: 'INACTIVE', ...other });
      const asked = { cid: 'TCSUBSCRIP', sid: 'S123' };
      await expect(pay.status(asked)).resolves.toMatchObject({ kind: 'unknown' });
      await expect(pay.inactive(asked)).resolves.toMatchObject({ kind: 'unknown' });
    },
  );

  it('always guards a cancel with what can still be cancelled', async () => {
    serve(200, {
      ...ORDERED,
      aid: 'A3',
      status: 'CANCEL_PAYMENT',
      approved_cancel_amount: { total: 1500 },
      canceled_amount: { total: 2200 },
      cancel_available_amount: { total: 0 },
      canceled_at: '2026-11-16T09:00:00',
    });
    const cancelled = await pay.cancel({
      cid: 'TC0ONETIME',
      tid: ORDERED.tid,
      amount: 1500,
      taxFreeAmount: 100,
      vatAmount: 127,
      availableAmount: 1500,
    });
    expect(cancelled).toMatchObject({
      kind: 'answered',
      value: { aid: 'A3', approvedCancelAmount: 1500, cancelledAmount: 2200, availableAmount: 0 },
    });
    const { body } = server.requests[0]!;
    const sent = api === 'legacy' ? Object.fromEntries(new URLSearchParams(body)) : (JSON.parse(body) as object);
    expect(Object.values(sent).map(String)).toEqual(['TC0ONETIME', ORDERED.tid, '1500', '100', '127', '1500']);
  });

  it('charges, ends and inspects a subscription', async () => {
    serve(200, { ...APPROVED, sid: 'S123' });
    const charged = await pay.subscription({
      cid: 'TCSUBSCRIP',
      sid: 'S123',
      partnerOrderId: 'order-2',
      partnerUserId: 'user-1',
      itemName: '정기 이용권',
      quantity: 1,
      totalAmount: 2200,
      taxFreeAmount: 0,
      vatAmount: 200,
    });
    expect(charged).toMatchObject({ kind: 'answered', value: { sid: 'S123', amount: { total: 2200 } } });

    serve(200, {
      cid: 'TCSUBSCRIP',
      sid: 'S123',
      status: 'INACTIVE',
      inactivated_at: '2026-11-16T09:00:00',
    });
    await expect(pay.inactive({ cid: 'TCSUBSCRIP', sid: 'S123' })).resolves.toEqual({
      kind: 'answered',
      value: { cid: 'TCSUBSCRIP', sid: 'S123', status: 'INACTIVE', inactivatedAt: new Date('2026-11-16T00:00:00Z') },
    });

    serve(200, { available: true, status: 'ACTIVE', last_approved_at: '2026-11-16T09:00:00' });
    await expect(pay.status({ cid: 'TCSUBSCRIP', sid: 'S123' })).resolves.toEqual({
      kind: 'answered',
      value: { available: true, status: 'ACTIVE', lastApprovedAt: new Date('2026-11-16T00:00:00Z') },
    });
    const prefix = api === 'legacy' ? '/v1/payment' : '/online/v1/payment';
    expect(server.requests.map(({ path }) => path)).toEqual([
      `${prefix}/subscription`,
      `${prefix}/manage/subscription/inactive`,
      `${prefix}/manage/subscription/status`,
    ]);
  });
});

describe('what statuses and codes say', () => {
  it.each([
    ['READY', 'wait'],
    ['AUTH_PASSWORD', 'authenticated'],
    ['ISSUED_SID', 'sid-issued'],
    ['SUCCESS_PAYMENT', 'paid'],
    ['PART_CANCEL_PAYMENT', 'cancelled'],
    ['QUIT_PAYMENT', 'failed'],
    ['ZID_CERTIFICATE', 'unknown'],
    ['toString', 'unknown'],
  ])('status %s means %s', (status, meaning) => {
    expect(meaningOf(status)).toBe(meaning);
  });

  it.each([
    [-701, 'wait'],
    [-702, 'look'],
    [-785, 'look'],
    [-708, 'wrong-token'],
    [-723, 'failed'],
    [-783, 'look'],
    [-780, 'failed'],
    [-12345, 'look'],
  ])('a refused approve with %i means %s', (code, meaning) => {
    expect(approveRefusal(code)).toBe(meaning);
  });

  it.each([
    [-785, 'look'],
    [-710, 'look'],
    [-781, 'later'],
    [-721, 'person'],
    [-12345, 'look'],
  ])('a refused cancel with %i means %s', (code, meaning) => {
    expect(cancelRefusal(code)).toBe(meaning);
  });

  it.each([
    [-751, 'ended'],
    [-752, 'failed'],
    [-753, 'person'],
    [-401, 'later'],
    [-785, 'look'],
    [-12345, 'look'],
  ])('a refused charge of a SID with %i means %s', (code, meaning) => {
    expect(chargeRefusal(code)).toBe(meaning);
  });
});
