/** What Kakao's plugin does for one buyer, call by call, over HTTP. */
interface Answer {
  status: number;
  data?: Record<string, unknown>;
}

const LONGEST_MS = 20_000;

/** What T3 and its sisters need. */
export interface Begun {
  port: number;
  user: string;
  orderId: string;
  approvalPath: string;
}

/** Opens an order sheet and begins to pay, with a tid of these first letters. */
export async function begin(port: number, user: string, tid = 'T'): Promise<Begun> {
  const sheet = await call(port, '/ordersheet?ordersheet_id=sheet-coffee', user);
  const orderId = String(sheet.data?.partner_order_id);
  const wrapped = new URL(String(sheet.data?.approval_url));
  const approval = new URL(wrapped.searchParams.get('approval_url') ?? wrapped.href);
  await call(port, '/order/approve', user, {
    partner_order_id: orderId,
    tid: tid + orderId.replaceAll('-', '').slice(-19),
  });
  return { port, user, orderId, approvalPath: approval.pathname };
}

/** The buyer has authenticated: T3, then T4 until the order is paid. @returns milliseconds */
export async function finish({ port, user, orderId, approvalPath }: Begun): Promise<number> {
  const begun = performance.now();
  await call(port, `${approvalPath}?pg_token=${orderId}&partner_order_id=${orderId}&partner_user_id=${user}`);
  for (;;) {
    const { data } = await call(port, `/order/status?order_id=${orderId}`, user);
    const took = performance.now() - begun;
    if (data?.order_status === 'S') return took;
    if (took > LONGEST_MS) throw new Error(`an order is ${String(data?.order_status)} long after T3`);
  }
}

/** The buyer leaves KakaoPay's screen, or is led away from it. */
export async function leave({ port, approvalPath }: Begun, how: 'cancel' | 'fail'): Promise<void> {
  await call(port, approvalPath.replace('callback', how));
}

async function call(port: number, path: string, user?: string, body?: object): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    headers: {
      ...(user !== undefined && { 'X-Kakao-AppUserId': user }),
      ...(body && { 'Content-Type': 'application/json' }),
    },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as Answer;
  if (answer.status !== 200) throw new Error(`${path.split('?')[0] ?? ''} answered ${JSON.stringify(answer)}`);
  return answer;
}
