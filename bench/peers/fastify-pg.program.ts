import Fastify from 'fastify';
import { Pool } from 'pg';

/** `c`: T4 with as little as it takes, a named statement for each request. */
interface Row {
  state: string;
  app_user_id: string;
  failure_message: string | null;
  expires_at: Date;
}

const SHOWN: Record<string, string> = { paid: 'S', failed: 'F', cancelled: 'C' };

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const app = Fastify();

app.get<{ Querystring: { order_id: string } }>(
  '/order/status',
  {
    schema: {
      querystring: {
        type: 'object',
        required: ['order_id'],
        properties: {
          order_id: { type: 'string', pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' },
        },
      },
      response: {
        200: {
          type: 'object',
          properties: {
            status: { type: 'integer' },
            message: { type: 'string' },
            data: {
              type: 'object',
              properties: { order_status: { type: 'string' }, message: { type: 'string' } },
            },
          },
        },
      },
    },
  },
  async ({ headers, query }) => {
    const user = headers['x-kakao-appuserid'];
    if (typeof user !== 'string') return { status: 400, message: '유저의 인증 정보가 올바르지 않습니다.' };
    const { rows } = await pool.query<Row>({
      name: 'order-status',
      text: `SELECT state, app_user_id, failure_message, expires_at FROM payment.orders WHERE id = $1 AND merchant = $2`,
      values: [query.order_id, 'demo-shop'],
    });
    const [order] = rows;
    if (!order || (order.state === 'open' && order.expires_at <= new Date())) {
      return { status: 300, message: '유효하지 않은 주문입니다.' };
    }
    if (order.app_user_id !== user) return { status: 400, message: '유저의 인증 정보가 올바르지 않습니다.' };
    const shown = SHOWN[order.state] ?? 'W';
    return {
      status: 200,
      data: { order_status: shown, ...(shown === 'F' && { message: order.failure_message ?? '결제에 실패했습니다.' }) },
    };
  },
);

void app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
