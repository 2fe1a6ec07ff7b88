import { Body, HttpCode, Logger, Post, Res, ServiceUnavailableException } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBadRequestResponse, ApiBody, ApiConsumes, ApiResponse } from '@nestjs/swagger';
import { SecurityEventRefusal } from '@biz/kakao-dto';
import { CurrentMerchant, KakaoController } from '@biz/merchant';
import type { Merchant } from '@biz/merchant';
import { ReadsBodies } from '@biz/platform';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import { Failures } from '../login/failures';
import { assertSyncPlugin } from '../sync-plugin';
import { KeysUnavailable } from './kakao-keys';
import { Notices } from './notices';
import { InvalidToken, SecurityEvents } from './security-events';

@KakaoController()
export class EventsController {
  private readonly logger = new Logger(EventsController.name);

  constructor(
    private readonly securityEvents: SecurityEvents,
    private readonly notices: Notices,
    private readonly failures: Failures,
    private readonly dataSource: DataSource,
  ) {}

  /**
   * Account-state webhook (계정 상태 변경 웹훅): a signed security event token (SET, RFC 8935).
   *
   * @remarks Every event is recorded, without personal data. An unlinked user's data is erased, a disabled account is suspended,
   * an enabled one resumed, revoked tokens are forgotten. The same token again is answered 202 and changes nothing.
   */
  @Post('events')
  @HttpCode(202)
  @ReadsBodies('application/secevent+jwt', 'application/jwt', 'text/plain')
  @ApiConsumes('application/secevent+jwt', 'application/jwt', 'text/plain')
  @ApiBody({
    description: 'JWT signed by Kakao: `typ` secevent+jwt, RS256, `iss` KAKAO_AUTH_ORIGIN, `aud` the REST API key',
    schema: {
      type: 'string',
      example: 'eyJ0eXAiOiJzZWNldmVudCtqd3QiLCJhbGciOiJSUzI1NiIsImtpZCI6Ii4uLiJ9.eyIuLi4.c2ln',
    },
  })
  @ApiAcceptedResponse({ description: 'Taken; no body' })
  @ApiBadRequestResponse({ type: SecurityEventRefusal, description: 'Not taken, and not to be sent again' })
  @ApiResponse({ status: 503, description: "Kakao's key list cannot be had; to be sent again" })
  async receive(
    @CurrentMerchant() merchant: Merchant,
    @Body() token: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SecurityEventRefusal | undefined> {
    assertSyncPlugin(merchant);
    try {
      const events = await this.securityEvents.read(merchant, typeof token === 'string' ? token.trim() : '');
      await this.notices.receive(merchant.id, events);
      return undefined;
    } catch (error) {
      if (error instanceof KeysUnavailable) throw new ServiceUnavailableException();
      if (!(error instanceof InvalidToken)) throw error;
      const { err, description, signed } = error;
      this.logger.warn({ merchant: merchant.id, err }, 'security event token refused');
      // Strangers can send anything; what Kakao signed and we refuse is a fault of configuration.
      if (signed) {
        await this.failures.count(this.dataSource, { merchant: merchant.id, step: 'event', reason: err });
      }
      void reply.status(400).header('content-language', 'ko');
      return { err, description };
    }
  }
}
