import { BadRequestException, Get, Logger, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBadRequestResponse, ApiHeader, ApiOkResponse, ApiResponse } from '@nestjs/swagger';
import { SyncCallbackAnswer, SyncCallbackQuery } from '@biz/kakao-dto';
import { CurrentMerchant, KakaoController, OpenedByCustomers, RelayIds, sentRelayIdOf } from '@biz/merchant';
import type { KakaoRequest, Merchant, Relay } from '@biz/merchant';
import { answeredTooLate, KakaoOrigins, ok, RuntimeConfig, withTimeout } from '@biz/platform';
import type { FastifyReply } from 'fastify';
import { StartedLogins } from '../start/started-logins';
import { assertSyncPlugin } from '../sync-plugin';
import { continueAddress, relayIdOf } from './continue-address';
import { Logins } from './logins';
import { reasonOf } from './refusal-reason';

@KakaoController()
export class LoginController {
  private readonly logger = new Logger(LoginController.name);

  constructor(
    private readonly logins: Logins,
    private readonly started: StartedLogins,
    private readonly relayIds: RelayIds,
    private readonly origins: KakaoOrigins,
    private readonly runtime: RuntimeConfig,
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
  @ApiResponse({
    status: 302,
    description:
      'On to `continue`, back to the chat (채팅방으로 복귀); by way of `user_match_url` when the shop wants to hear who they are and the login was begun here or came with a relay id that was issued for it',
  })
  @ApiOkResponse({ type: SyncCallbackAnswer, description: 'Without `continue` (일반 로그인)' })
  @ApiBadRequestResponse({
    description: '`continue` is not an address of Kakao, or neither `code` nor `error` is there',
  })
  async callback(
    @CurrentMerchant() merchant: Merchant,
    @Query() { code, continue: given, state, error, error_description: description }: SyncCallbackQuery,
    @Req() request: KakaoRequest,
    @Param('pathKey') pathKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SyncCallbackAnswer | undefined> {
    assertSyncPlugin(merchant);
    const came = given === undefined ? undefined : continueAddress(given, this.origins.talkPlugin);
    if (given !== undefined && came === undefined) {
      throw new BadRequestException('돌아갈 주소가 올바르지 않습니다. (continue)');
    }
    if (code === undefined && error === undefined) {
      throw new BadRequestException('요청 형식이 올바르지 않습니다. (code)');
    }
    const resumed = this.started.resume(merchant, state, request.headers.cookie);
    const begun = resumed && 'verifier' in resumed ? resumed : undefined;
    // What a login of ours began with is in its cookie; what stands in the address may be another's.
    const address = begun?.next ?? came;
    const relayId = begun?.relayId ?? sentRelayIdOf(request) ?? (came === undefined ? undefined : relayIdOf(came));
    const relay = this.relayIds.receive(merchant, relayId);
    const refusal =
      this.refusalOf(merchant, relay, resumed) ?? (code === undefined ? reasonOf(error, description) : undefined);
    const isExpected = begun !== undefined || relay?.state === 'issued';
    let userMatchUrl: string | undefined;
    try {
      if (refusal !== undefined) await this.inTime(this.logins.refuse(merchant, { reason: refusal, relay }));
      else if (code !== undefined) {
        const belowPathKey = pathKey !== undefined;
        const found = await this.inTime(
          this.logins.receive(merchant, { code, relayId, belowPathKey, verifier: begun?.verifier, isExpected }),
        );
        // It holds the shop's ticket for the owner of the code. In an address that a stranger sends to a customer, that
        // is the stranger: the customer's account at the shop would be linked to theirs (login CSRF).
        if (isExpected) userMatchUrl = found;
      }
    } catch (fault) {
      if (address === undefined) throw fault;
      this.logger.error({ merchant: merchant.id, error: fault }, 'a login could not be stored');
    }
    // The address of this page holds the code.
    void reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer');
    if (begun) void reply.header('set-cookie', this.started.over(merchant));
    if (address === undefined) return userMatchUrl === undefined ? ok() : { ...ok(), user_match_url: userMatchUrl };
    const onward = userMatchUrl === undefined ? address : withContinue(userMatchUrl, address);
    void reply.status(302).header('location', onward);
    return undefined;
  }

  /** Late enough to be stored, early enough that the customer still goes on to `continue` when it is not. */
  private inTime<T>(work: Promise<T>): Promise<T> {
    return withTimeout(work, this.runtime.workWithinMs, answeredTooLate);
  }

  private refusalOf(
    merchant: Merchant,
    relay: Relay | undefined,
    resumed: ReturnType<StartedLogins['resume']>,
  ): string | undefined {
    if (resumed && 'refused' in resumed) return resumed.refused;
    if (this.relayIds.serves(merchant, relay, { begun: resumed !== undefined })) return undefined;
    return `relay_id_required: ${relay?.state ?? 'absent'}`;
  }
}

/** The shop's page sends the customer on to the chat itself. */
function withContinue(userMatchUrl: string, address: string): string {
  const url = new URL(userMatchUrl);
  url.searchParams.set('continue', address);
  return url.href;
}
