import { HttpException } from '@nestjs/common';

/** The guide's StatusCode table (6.2.1) without 200. */
export type RefusalStatus = 300 | 301 | 400 | 401 | 500;

const MESSAGES: Record<RefusalStatus, string> = {
  300: '유효하지 않은 주문입니다.',
  301: '매장 운영시간이 아닙니다.',
  400: '유저의 인증 정보가 올바르지 않습니다.',
  401: '사용이 제한된 유저입니다.',
  500: '요청을 처리하지 못했습니다.',
};

/** A business outcome other than success: HTTP 200 with the guide's code in `status`. The message is shown to the customer. */
export class Refusal extends HttpException {
  constructor(
    readonly code: RefusalStatus,
    message: string = MESSAGES[code],
  ) {
    super({ status: code, message }, 200);
  }
}
