import {
  BadRequestException,
  Controller,
  Get,
  Header,
  NotFoundException,
  Param,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiExcludeEndpoint, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refuseForeignPage } from '../page/foreign-pages';
import { Payments } from '../payments/payments';
import { isWrapped, unwrap, withQuery } from './wrapped-url';

/** So much of a merchant's answer is handed on. */
const MOST_BYTES = 256 * 1024;

const STEPS = { pay: 'authenticate', quit: 'quit', fail: 'fail' } as const;

/** KakaoPay's payment screen for a browser, and the talk-plugin page its approval leads to. */
@ApiTags('KakaoPay: screens')
@Controller()
export class ScreenController {
  constructor(private readonly payments: Payments) {}

  /**
   * The wrapper around a merchant's approval_url: hands the approval of a payment on to it (승인 URL 래퍼).
   *
   * It calls no address but the one that the payment of this `pg_token` was prepared with.
   */
  @Get('kakaopay/callback')
  @ApiQuery({ name: 'approval_url', description: "The merchant's URL, encoded once or twice" })
  @ApiQuery({ name: 'pg_token', description: 'Proof that the user authenticated' })
  @ApiResponse({ status: 200, description: "The merchant's status and answer, as JSON or plain text" })
  @ApiResponse({ status: 400, description: 'No approval_url' })
  @ApiResponse({ status: 404, description: 'No payment with this pg_token was prepared with this approval_url' })
  @ApiResponse({ status: 502, description: 'The merchant did not answer' })
  async callback(@Query() query: Record<string, unknown>, @Res() reply: FastifyReply): Promise<void> {
    const { approval_url: wrapped, pg_token: pgToken } = query;
    if (typeof wrapped !== 'string' || wrapped === '') throw new BadRequestException('approval_url이 없습니다.');
    const payment = this.payments.list().find((each) => each.pgToken !== undefined && each.pgToken === pgToken);
    const inner = payment && unwrap(payment.urls.approval).inner;
    if (!payment || !inner || !isWrapped(wrapped, inner))
      throw new NotFoundException('이 승인 URL로 준비된 결제가 없습니다.');
    const fields = {
      pg_token: payment.pgToken ?? '',
      partner_order_id: payment.partnerOrderId,
      partner_user_id: payment.partnerUserId,
    };
    void reply.header('x-content-type-options', 'nosniff');
    try {
      const answer = await fetch(withQuery(inner, fields), { redirect: 'manual', signal: AbortSignal.timeout(10_000) });
      const isJson = /^application\/json\b/i.test(answer.headers.get('content-type') ?? '');
      void reply
        .status(answer.status)
        // Never HTML: it would run as a page of the simulator.
        .header('content-type', isJson ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8')
        .send(await beginningOf(answer));
    } catch (error) {
      void reply.status(502).send({ status: 502, message: `가맹점이 답하지 않았습니다: ${String(error)}` });
    }
  }

  @Get('mockup/v1/:tid/:page')
  @ApiExcludeEndpoint()
  @Header('content-type', 'text/html; charset=utf-8')
  page(@Param('tid') tid: string): string {
    const payment = this.payments.find(tid);
    if (!payment) throw new NotFoundException('그런 결제가 없습니다.');
    const button = (step: string, label: string): string =>
      `<p><a href="/mockup/v1/${tid}/do/${step}">${label}</a></p>`;
    return `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>카카오페이 (simulated)</title>
<body style="font:16px/1.6 system-ui;max-width:24rem;margin:3rem auto;padding:0 1rem">
<h1 style="font-size:1.2rem">카카오페이 <small>simulated</small></h1>
<p>${escapeHtml(payment.itemName)}<br><strong>${payment.amount.total.toLocaleString('ko-KR')}원</strong></p>
${button('pay', '결제하기 (pay)')}${button('quit', '취소 (quit)')}${button('fail', '인증 실패 (fail)')}</body>`;
  }

  @Get('mockup/v1/:tid/do/:step')
  @ApiExcludeEndpoint()
  act(
    @Param('tid') tid: string,
    @Param('step') step: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    refuseForeignPage(request);
    const does = Object.entries(STEPS).find(([name]) => name === step)?.[1];
    if (!does || !this.payments.find(tid)) throw new NotFoundException('그런 결제가 없습니다.');
    const { urls, pgToken } = this.payments.user(tid, does);
    const next = {
      authenticate: withQuery(urls.approval, { pg_token: pgToken ?? '' }),
      quit: urls.cancel,
      fail: urls.fail,
    };
    void reply.redirect(next[does], 302);
  }
}

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** An answer without end is left where it is. */
async function beginningOf({ body }: Response): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body ?? []) {
    pieces.push(Buffer.from(piece as Uint8Array));
    size += (piece as Uint8Array).length;
    if (size >= MOST_BYTES) break;
  }
  return Buffer.concat(pieces).subarray(0, MOST_BYTES);
}
