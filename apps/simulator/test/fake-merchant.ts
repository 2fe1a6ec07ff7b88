import { HttpStub, type StubAnswer, type StubRequest } from '@biz/testing';
import { call } from './http';

interface Order {
  id: string;
  tid?: string;
  status: 'W' | 'S' | 'F' | 'C';
  approving?: boolean;
}

const ok = (data?: unknown): StubAnswer => ({ json: { status: 200, ...(data !== undefined && { data }) } });

export const SHEET = {
  rest_api_key: 'app-key',
  cid: 'TC0ONETIME',
  partner_user_id: 'user-1',
  item_name: '아이스 아메리카노',
  quantity: 1,
  total_amount: 13_500,
  tax_free_amount: 0,
  order_agreements: [{ company: '가게', title: '동의' }],
  use_shipping: false,
};

export const PRODUCT = {
  id: 'p1',
  name: '머그',
  price: 1000,
  option_groups: [
    {
      id: '색상',
      name: '색상',
      type: 'SELECT',
      option_sub_groups: [
        {
          id: '색상',
          options: [
            { id: 'R', value: '빨강', stock: 0 },
            { id: 'B', value: '파랑', add_price: 500, stock: 3, extra: 'sku-7' },
          ],
        },
      ],
    },
    { id: '문구', name: '문구', type: 'TEXT' },
    { id: '전화', name: '전화', type: 'NUMBERS', min_length: 10, max_length: 11 },
    { id: '메모', name: '메모', type: 'TEXT', required: false },
  ],
};

/** A merchant server of a few lines, written from the guide alone; tests make it worse route by route. */
export async function fakeMerchant(simulator: () => string): Promise<HttpStub & { orders: Map<string, Order> }> {
  const orders = new Map<string, Order>();
  const stub = await HttpStub.start();
  const redeem = async (url: string): Promise<void> => {
    const version = url.endsWith('current_location') ? '&version=v2' : '';
    for (let attempt = 0; attempt < 5; attempt += 1) {
      try {
        const answer = await call('GET', `${url}?rest_api_key=app-key${version}`);
        if (answer.status === 200) {
          const images = (answer.json.secure_urls ?? []) as Record<string, string>[];
          for (const image of images.flatMap((each) => Object.values(each))) await download(image);
          return;
        }
      } catch {
        // tried again
      }
    }
  };
  const approve = async (order: Order, pgToken: string): Promise<void> => {
    if (order.approving) return;
    order.approving = true;
    const authorization = 'KakaoAK admin';
    const ids = { cid: 'TC0ONETIME', tid: order.tid ?? '' };
    const form = { ...ids, partner_order_id: order.id, partner_user_id: 'user-1', pg_token: pgToken };
    try {
      await call('POST', `${simulator()}/v1/payment/approve`, { form, headers: { authorization } });
    } catch {
      // unknown: order tells
    }
    const { json } = await call('POST', `${simulator()}/v1/payment/order`, { form: ids, headers: { authorization } });
    order.status = json.status === 'SUCCESS_PAYMENT' ? 'S' : 'F';
  };
  stub.on('POST /callback*', (request) => {
    const { otp } = request.json() as { otp: string };
    setTimeout(() => void redeem(otp), 20);
    return ok();
  });
  stub.on('GET /options', () => ok(PRODUCT));
  stub.on('POST /option', () => ok('draft-1'));
  stub.on('GET /ordersheet', (request) => {
    const id = `order-${request.query.get('ordersheet_id') ?? ''}`;
    if (!request.headers['x-kakao-appuserid'])
      return { json: { status: 400, message: '사용자를 확인할 수 없습니다.' } };
    orders.set(id, { id, status: 'W' });
    const wrapped = encodeURIComponent(`${stub.url}/done?order=${id}`);
    return ok({
      ...SHEET,
      partner_order_id: id,
      approval_url: `https://talk-plugin.kakao.com/kakaopay/callback?approval_url=${wrapped}`,
      cancel_url: `${stub.url}/cancel?order=${id}`,
      fail_url: `${stub.url}/fail?order=${id}`,
    });
  });
  stub.on('POST /order/approve', (request) => {
    const { partner_order_id: id, tid } = request.json() as Record<string, string>;
    const order = orders.get(id ?? '');
    if (order && tid) order.tid = tid;
    return order ? ok() : { json: { status: 300, message: '유효하지 않은 주문입니다.' } };
  });
  const orderOf = (request: StubRequest, field: string): Order | undefined =>
    orders.get(request.query.get(field) ?? '');
  stub.on('GET /done', (request) => {
    const order = orderOf(request, 'order');
    if (order) void approve(order, request.query.get('pg_token') ?? '');
    return ok();
  });
  const ends = (status: 'C' | 'F') => (request: StubRequest) => {
    const order = orderOf(request, 'order');
    if (order) order.status = status;
    return ok();
  };
  stub.on('GET /cancel', ends('C')).on('GET /fail', ends('F'));
  stub.on('GET /order/status', (request) => {
    const status = orderOf(request, 'order_id')?.status ?? 'F';
    return ok({ order_status: status, ...(status === 'F' && { message: '결제하지 못했습니다.' }) });
  });
  stub.on('GET /redirect', async (request) => {
    const code = request.query.get('code');
    if (code) {
      const form = {
        grant_type: 'authorization_code',
        client_id: 'app-key',
        redirect_uri: `${stub.url}/redirect`,
        code,
      };
      const { json } = await call('POST', `${simulator()}/oauth/token`, { form });
      const headers = { authorization: `Bearer ${String(json.access_token)}` };
      await call('GET', `${simulator()}/v2/user/me`, { headers });
    }
    return { status: 302, headers: { location: request.query.get('continue') ?? '/' } };
  });
  stub.on('POST /unlink', ok()).on('POST /events', { status: 202 });
  return Object.assign(stub, { orders });
}

async function download(url: string): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const response = await fetch(url);
      await response.arrayBuffer();
      if (response.ok) return;
    } catch {
      // tried again
    }
  }
}
