import { BadRequestException, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBadRequestResponse, ApiResponse } from '@nestjs/swagger';
import { SyncStartQuery } from '@biz/kakao-dto';
import { CurrentMerchant, KakaoController, OpenedByCustomers, RelayIds, sentRelayIdOf } from '@biz/merchant';
import type { KakaoRequest, Merchant } from '@biz/merchant';
import { KakaoOrigins } from '@biz/platform';
import type { FastifyReply } from 'fastify';
import { continueAddress, relayIdOf } from '../login/continue-address';
import { Logins } from '../login/logins';
import { assertSyncPlugin } from '../sync-plugin';
import { StartedLogins } from './started-logins';

@KakaoController()
export class StartController {
  constructor(
    private readonly started: StartedLogins,
    private readonly logins: Logins,
    private readonly relayIds: RelayIds,
    private readonly origins: KakaoOrigins,
  ) {}

  /**
   * Begins a login of our own: on to Kakao's consent screen, with `state` and PKCE
   *
   * @remarks For links of the shop's own (a web page, a message). The customer comes back to `GET /callback` of the same browser.
   */
  @Get('start')
  @OpenedByCustomers()
  @ApiResponse({
    status: 302,
    description: 'On to `/oauth/authorize`; or to `continue` when the shop requires a relay id and this is none',
  })
  @ApiBadRequestResponse({ description: '`continue` is not an address of Kakao' })
  async start(
    @CurrentMerchant() merchant: Merchant,
    @Query() { continue: given }: SyncStartQuery,
    @Req() request: KakaoRequest,
    @Param('pathKey') pathKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    assertSyncPlugin(merchant);
    const next = given === undefined ? undefined : continueAddress(given, this.origins.talkPlugin);
    if (given !== undefined && next === undefined) {
      throw new BadRequestException('돌아갈 주소가 올바르지 않습니다. (continue)');
    }
    const relayId = sentRelayIdOf(request) ?? (next === undefined ? undefined : relayIdOf(next));
    const relay = this.relayIds.receive(merchant, relayId);
    void reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer');
    if (!this.relayIds.serves(merchant, relay)) {
      await this.logins.refuse(merchant, { reason: `relay_id_required: ${relay?.state ?? 'absent'}`, relay });
      if (next === undefined) throw new BadRequestException('유효하지 않거나 기간이 지난 요청입니다. (relay_id)');
      void reply.status(302).header('location', next);
      return;
    }
    const { location, cookie } = this.started.begin(merchant, { relayId, next, below: pathKey !== undefined });
    void reply.status(302).header('set-cookie', cookie).header('location', location);
  }
}
