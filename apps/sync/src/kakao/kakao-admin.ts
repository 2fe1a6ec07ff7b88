import { Injectable } from '@nestjs/common';
import { KakaoOrigins, Outbound } from '@biz/platform';
import type { Outcome } from '@biz/platform';
import type { Merchant } from '@biz/merchant';
import { readShippingAddresses } from '../addresses/shipping-addresses';
import type { ShippingAddresses } from '../addresses/shipping-addresses';
import { stepOf } from './step';
import type { Step } from './step';

/** Kakao's word for a user who is not connected with the app, or not any more. */
const NOT_CONNECTED = 'HTTP 400 -101';

/** Calls about one user with the app's admin key (어드민 키): they need no token of the user. */
@Injectable()
export class KakaoAdmin {
  constructor(
    private readonly outbound: Outbound,
    private readonly origins: KakaoOrigins,
  ) {}

  /** 연결 끊기: ends the connection at Kakao; of a user who is not connected that is done already. */
  async unlink(merchant: Merchant, appUserId: string, timeoutMs: number): Promise<Step<true>> {
    const outcome = await this.outbound.send({
      method: 'POST',
      url: `${this.origins.api}/v1/user/unlink`,
      headers: {
        ...authorizationOf(merchant),
        'content-type': 'application/x-www-form-urlencoded;charset=utf-8',
      },
      body: targetOf(appUserId).toString(),
      timeoutMs,
    });
    const step = stepOf(outcome, ({ id }) => (String(id) === appUserId ? true : undefined));
    return step.kind === 'refused' && step.reason === NOT_CONNECTED ? { kind: 'done', value: true } : step;
  }

  /** 배송지 가져오기: one page of ten, the newest first behind the default address. */
  async shippingAddresses(
    merchant: Merchant,
    appUserId: string,
    { before, timeoutMs }: { before?: number; timeoutMs: number },
  ): Promise<Step<ShippingAddresses>> {
    const query = targetOf(appUserId);
    if (before !== undefined) query.set('from_updated_at', String(before));
    const outcome: Outcome = await this.outbound.send({
      method: 'GET',
      url: `${this.origins.api}/v1/user/shipping_address?${query.toString()}`,
      headers: authorizationOf(merchant),
      timeoutMs,
    });
    return stepOf(outcome, readShippingAddresses);
  }
}

const authorizationOf = ({ secrets }: Merchant): { authorization: string } => ({
  authorization: `KakaoAK ${secrets.adminKey}`,
});

const targetOf = (appUserId: string): URLSearchParams =>
  new URLSearchParams({ target_id_type: 'user_id', target_id: appUserId });
