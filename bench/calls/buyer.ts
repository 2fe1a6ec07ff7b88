/** What Kakao's plugin does for one buyer, call by call, over HTTP. */
export interface Purchase {
  orderId: string;
  /** From the answer to T3 on, until T4 said `S`. */
  settledMs: number;
}

interface Answer {
  status: number;
  data?: Record<string, unknown>;
}

const LONGEST_MS = 20_000;

/** Opens an order sheet and begins to pay. @returns what T3 needs */
export async function begin(port: number, user: string): Promise<{ orderId: string; approvalPath: string }> {
  const sheet = await call(port, '/ordersheet?ordersheet_id=sheet-coffee', user);
  const orderId = String(sheet.data?.partner_order_id);
  const wrapped = new URL(String(sheet.data?.approval_url));
  const approval = new URL(wrapped.searchParams.get('approval_url') ?? wrapped.href);
  await call(port, '/order/approve', user, {
    partner_order_id: orderId,
    tid: `T${orderId.replaceAll('-', '').slice(-19)}`,
  });
  return { orderId, approvalPath: approval.pathname };
}

/** The buyer has authenticated: T3, then T4 until the order is paid. */
export async function finish(
  port: number,
  user: string,
  { orderId, approvalPath }: { orderId: string; approvalPath: string },
): Promise<Purchase> {
  const begun = performance.now();
  await call(port, `${approvalPath}?pg_token=${orderId}&partner_order_id=${orderId}&partner_user_id=${user}`);
  for (;;) {
    const { data } = await call(port, `/order/status?order_id=${orderId}`, user);
    const settledMs = performance.now() - begun;
    if (data?.order_status === 'S') return { orderId, settledMs };
    if (settledMs > LONGEST_MS) throw new Error(`an order is ${String(data?.order_status)} long after T3`);
  }
}

export async function buy(port: number, user: string): Promise<Purchase> {
  return finish(port, user, await begin(port, user));
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
