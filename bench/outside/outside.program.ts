import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * KakaoPay and the shop's webhook, answering at once and in favour of the caller.
 *
 * What is measured is what our app adds. A tid that was never approved still waits for its buyer.
 */
const known = new Map<string, object>();

/** The first approve of such a tid has no answer that can be read. */
const LOST_ONCE = 'L';

const server = createServer((request, response) => {
  void bodyOf(request).then((body) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer(request.url ?? '', body)));
  });
});

function answer(path: string, body: string): object {
  if (!path.startsWith('/v1/payment/')) return {};
  const fields = Object.fromEntries(new URLSearchParams(body));
  const { tid = '', cid = '' } = fields;
  if (path.endsWith('/approve')) {
    const total = Number(fields.total_amount);
    const payment = paymentOf(tid, cid, fields.partner_order_id ?? '', fields.partner_user_id ?? '', total);
    if (tid.startsWith(LOST_ONCE) && !known.has(tid)) {
      known.set(tid, { ...payment, status: 'AUTH_PASSWORD' });
      return {};
    }
    known.set(tid, { ...payment, status: 'SUCCESS_PAYMENT' });
    return { ...payment, aid: `A${tid}` };
  }
  if (path.endsWith('/cancel')) {
    const amount = { total: Number(fields.cancel_amount) };
    const cancelled = {
      approved_cancel_amount: amount,
      canceled_amount: amount,
      cancel_available_amount: { total: 0 },
    };
    return { ...known.get(tid), ...cancelled, aid: `C${tid}`, status: 'CANCEL_PAYMENT' };
  }
  return known.get(tid) ?? { ...paymentOf(tid, cid, '-', '-', 0), status: 'READY' };
}

const paymentOf = (tid: string, cid: string, order: string, user: string, total: number): object => ({
  tid,
  cid,
  partner_order_id: order,
  partner_user_id: user,
  payment_method_type: 'MONEY',
  amount: { total, tax_free: 0, vat: Math.round(total / 11), point: 0, discount: 0 },
  approved_at: '2026-11-23T12:00:00',
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));
