import { BadRequestException, Body, Get, HttpCode, Post, Query, UnauthorizedException } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiConsumes,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { UnlinkRequest } from '@biz/kakao-dto';
import { CurrentMerchant, KakaoCheck, KakaoController, merchantOf } from '@biz/merchant';
import type { KakaoRequest, Merchant } from '@biz/merchant';
import { KakaoAnswer, MalformedRequest, ok, ReadsBodies, sameSecret } from '@biz/platform';
import { withoutNumbers } from '@biz/privacy';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { DataSource } from 'typeorm';
import { Failures } from '../login/failures';
import { assertSyncPlugin } from '../sync-plugin';
import { Notices } from './notices';

@KakaoController()
@ApiHeader({
  name: 'Authorization',
  required: true,
  description: '`KakaoAK ` and the primary admin key (대표 어드민 키)',
})
@ApiOkResponse({ type: KakaoAnswer, description: 'Taken, also when the user is unknown' })
@ApiUnauthorizedResponse({ description: 'Not the admin key of this merchant' })
@ApiBadRequestResponse({ description: 'A field is missing, or `app_id` is another app' })
export class UnlinkController {
  constructor(
    private readonly notices: Notices,
    private readonly failures: Failures,
    private readonly dataSource: DataSource,
    kakao: KakaoCheck,
  ) {
    kakao.addFurther('/unlink', assertAdminKey);
  }

  @Get('unlink')
  @ApiOperation({
    summary: 'Unlink webhook (연결 해제 웹훅), method GET',
    description:
      "The customer disconnected the app: the member's personal data is erased, the shop hears `member.unlinked`.",
  })
  @ApiQuery({ name: 'app_id', example: '249344', description: '앱 ID' })
  @ApiQuery({ name: 'user_id', example: '9007199254740993', description: '회원번호' })
  @ApiQuery({ name: 'referrer_type', required: false, example: 'UNLINK_FROM_APPS', description: '연결 해제 요청 경로' })
  get(@CurrentMerchant() merchant: Merchant, @Query() query: Record<string, unknown>): Promise<KakaoAnswer> {
    return this.unlink(merchant, query);
  }

  @Post('unlink')
  @HttpCode(200)
  @ReadsBodies('application/x-www-form-urlencoded', 'application/json')
  @ApiConsumes('application/x-www-form-urlencoded', 'application/json')
  @ApiBody({ type: UnlinkRequest })
  @ApiOperation({
    summary: 'Unlink webhook (연결 해제 웹훅), method POST',
    description: 'The same as GET; fields may come as a form, as JSON or in the query.',
  })
  post(
    @CurrentMerchant() merchant: Merchant,
    @Query() query: Record<string, unknown>,
    @Body() body: Record<string, unknown> | undefined,
  ): Promise<KakaoAnswer> {
    return this.unlink(merchant, { ...query, ...body });
  }

  private async unlink(merchant: Merchant, fields: Record<string, unknown>): Promise<KakaoAnswer> {
    const request = plainToInstance(UnlinkRequest, fields);
    const errors = validateSync(request);
    if (errors.length > 0) throw MalformedRequest.from(errors);
    if (request.app_id !== merchant.app.id) {
      await this.failures.count(this.dataSource, {
        merchant: merchant.id,
        step: 'unlink',
        reason: 'OTHER_APP_ID',
      });
      throw new BadRequestException('다른 앱의 요청입니다. (app_id)');
    }
    await this.notices.unlink(merchant.id, request.user_id, withoutNumbers(request.referrer_type ?? 'UNKNOWN'));
    return ok();
  }
}

/** @throws UnauthorizedException for any header but `KakaoAK {admin key}` of the merchant */
function assertAdminKey(request: KakaoRequest): void {
  const merchant = merchantOf(request);
  assertSyncPlugin(merchant);
  const { adminKey } = merchant.secrets;
  if (!adminKey || !sameSecret(request.headers.authorization, `KakaoAK ${adminKey}`)) {
    throw new UnauthorizedException('어드민 키가 올바르지 않습니다.');
  }
}
