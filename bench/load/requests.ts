import { orderId, PENDING_EVERY, userOf } from '../data/ids';
import type { Requests } from './plan';

/** Requests as they go over the wire, made before the clock runs. */
export interface RequestList {
  list: Buffer[];
  /** Each may be sent once only. */
  once: boolean;
  /** What a right answer holds. */
  mark: Buffer;
}

/** So many different orders are asked about in a round. */
const DIFFERENT = 100_000;

export function requestsOf(requests: Requests): RequestList {
  switch (requests.kind) {
    case 'status': {
      const pending = Math.floor(requests.orders / PENDING_EVERY);
      const list = Array.from({ length: Math.min(DIFFERENT, pending) }, () => {
        const n = PENDING_EVERY * (1 + Math.floor(Math.random() * pending));
        return get(`/order/status?order_id=${orderId(n)}`, userOf(n));
      });
      return { list, once: false, mark: Buffer.from('"order_status":"W"') };
    }
    case 'sheet': {
      const list = Array.from({ length: requests.count }, (_, at) =>
        get('/ordersheet?ordersheet_id=sheet-coffee', String(5_000_000_000 + requests.first + at)),
      );
      return { list, once: true, mark: Buffer.from('"total_amount":13500') };
    }
    case 'approve': {
      const list = Array.from({ length: requests.count }, (_, at) => {
        const n = requests.first + at;
        const body = `{"partner_order_id":"${orderId(n)}","tid":"T${n.toString(16).padStart(18, '0')}"}`;
        return post('/order/approve', body, userOf(n));
      });
      return { list, once: true, mark: Buffer.from('"status":200') };
    }
    case 'paths': {
      const list = requests.paths.map((path) => get(path, requests.user));
      return { list, once: true, mark: Buffer.from('"status":200') };
    }
    case 'callbacks': {
      const { origin, first, count, segment = 'onetimeprofile' } = requests;
      const list = Array.from({ length: count }, (_, at) =>
        post('/callback', JSON.stringify({ otp: `${origin}/otp/bench${first + at}/${segment}` }), undefined),
      );
      return { list, once: true, mark: Buffer.from('"status":200') };
    }
    case 'path':
      return { list: [get(requests.path)], once: false, mark: Buffer.from('"status":200') };
  }
}

const headersOf = (user: string | undefined): string =>
  `Host: 127.0.0.1\r\nConnection: keep-alive\r\n${user === undefined ? '' : `X-Kakao-AppUserId: ${user}\r\n`}`;

const get = (path: string, user?: string): Buffer => Buffer.from(`GET ${path} HTTP/1.1\r\n${headersOf(user)}\r\n`);

const post = (path: string, body: string, user: string | undefined): Buffer =>
  Buffer.from(
    `POST ${path} HTTP/1.1\r\n${headersOf(user)}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
