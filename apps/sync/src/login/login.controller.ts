import { BadRequestException, Get, Logger, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBadRequestResponse, ApiHeader, ApiOkResponse, ApiResponse } from '@nestjs/swagger';
import { SyncCallbackQuery } from '@biz/kakao-dto';
import { CurrentMerchant, KakaoController, OpenedByCustomers, RelayIds, sentRelayIdOf } from '@biz/merchant';
import type { KakaoRequest, Merchant } from '@biz/merchant';
import { KakaoAnswer, KakaoOrigins, ok } from '@biz/platform';
import type { FastifyReply } from 'fastify';
import { assertSyncPlugin } from '../sync-plugin';
import { continueAddress, relayIdOf } from './continue-address';
import { Logins } from './logins';

@KakaoController()
export class LoginController {
  private readonly logger = new Logger(LoginController.name);

  constructor(
    private readonly logins: Logins,
    private readonly relayIds: RelayIds,
    private readonly origins: KakaoOrigins,
  ) {}

  /**
   * Plugin redirect URI (카카오싱크 플러그인 Redirect URI; guide 2.3): a customer returns from the consent screen.
   *
   * @remarks The code is exchanged, the user (`/v2/user/me`) and the service terms (`/v2/user/service_terms`) are read, the member is
   * created or linked, and the customer goes on to `continue`. Whatever fails on the way is recorded for the operator; the
   * customer returns to the chat all the same. When Kakao is slow the customer does not wait: the rest follows as durable work.
   */
  @Get('callback')
  @OpenedByCustomers()
  @ApiHeader({
    name: 'X-Kakao-Plugin-Relay-Id',
    required: false,
    description: 'Relay id (용도 ID); else `relay_id` in the query, else that of the launch link in `continue`',
  })
  @ApiResponse({ status: 302, description: 'On to `continue`, back to the chat (채팅방으로 복귀)' })
  @ApiOkResponse({ type: KakaoAnswer, description: 'Without `continue` (일반 로그인)' })
  @ApiBadRequestResponse({
    type: KakaoAnswer,
    description: '`continue` is not an address of Kakao, or neither `code` nor `error` is there',
  })
  async callback(
    @CurrentMerchant() merchant: Merchant,
    @Query() { code, continue: given, error, error_description: description }: SyncCallbackQuery,
    @Req() request: KakaoRequest,
    @Param('pathKey') pathKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<KakaoAnswer | undefined> {
    assertSyncPlugin(merchant);
    const address = given === undefined ? undefined : continueAddress(given, this.origins.talkPlugin);
    if (given !== undefined && address === undefined) {
      throw new BadRequestException('돌아갈 주소가 올바르지 않습니다. (continue)');
    }
    if (code === undefined && error === undefined) {
      throw new BadRequestException('요청 형식이 올바르지 않습니다. (code)');
    }
    const relayId = sentRelayIdOf(request) ?? (address === undefined ? undefined : relayIdOf(address));
    const relay = this.relayIds.receive(merchant, relayId);
    try {
      if (!this.relayIds.serves(merchant, relay)) {
        await this.logins.refuse(merchant, {
          error: 'relay_id_required',
          description: relay?.state ?? 'absent',
          relayId,
        });
      } else if (code === undefined) await this.logins.refuse(merchant, { error: error ?? '', description, relayId });
      else await this.logins.receive(merchant, { code, relayId, belowPathKey: pathKey !== undefined });
    } catch (fault) {
      if (address === undefined) throw fault;
      this.logger.error({ merchant: merchant.id, error: fault }, 'a login could not be stored');
    }
    // The address of this page holds the code.
    void reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer');
    if (address === undefined) return ok();
    void reply.status(302).header('location', address);
    return undefined;
  }
}
