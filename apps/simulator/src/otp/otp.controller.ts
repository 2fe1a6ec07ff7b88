import { Body, Controller, Get, HttpCode, NotFoundException, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { OwnAddress } from '../own-address';
import { Played } from '../wire/played';
import { OtpAnswers } from './otp-answers';
import { NewOtpOrder, OtpMade } from './otp.dto';
import { type Otp, otpPath, Otps } from './otps';

@ApiTags('talk-plugin.kakao.com: OTP')
@Controller('otp')
export class OtpController {
  constructor(private readonly otps: Otps) {}

  /** Redeems an OTP URL (사용자 정보조회 API, guide 1.2, 3.3 and 4.3). */
  @Get(':token/:path')
  @Played('otp', 'talk', 'OTP 조회 (redeem the OTP URL)')
  @ApiParam({ name: 'token', description: 'Token of the callback' })
  @ApiParam({
    name: 'path',
    description: 'What is handed over',
    enum: ['onetimeprofile', 'profile', 'current_location', 'secure_image'],
  })
  @ApiQuery({ name: 'rest_api_key', description: 'REST API key of the app', example: 'demo-rest-api-key' })
  @ApiQuery({
    name: 'version',
    required: false,
    description: '`v2` for current_location; without it the deprecated v1',
  })
  @ApiResponse({ status: 200, description: 'The personal data, the location or the signed image URLs' })
  @ApiResponse({ status: 401, description: 'rest_api_key is missing or not the one of the app' })
  @ApiResponse({ status: 404, description: 'No such OTP, or of another kind' })
  @ApiResponse({ status: 410, description: 'Expired after 10 minutes (SIMULATOR_OTP_EXPIRED_STATUS may make it 404)' })
  redeem(
    @Param('token') token: string,
    @Param('path') path: string,
    @Query('rest_api_key') key?: string,
    @Query('version') version?: string,
  ): unknown {
    return this.otps.redeem(token, path, key, version);
  }
}

@ApiTags('Workbench')
@Controller('otps')
export class OtpsController {
  constructor(
    private readonly answers: OtpAnswers,
    private readonly otps: Otps,
    private readonly address: OwnAddress,
  ) {}

  /** Makes an OTP URL without calling anybody. */
  @Post()
  @HttpCode(200)
  @ApiOperation({ description: 'For tests that send the callback to the merchant themselves.' })
  @ApiOkResponse({ type: OtpMade })
  make(@Body() order: NewOtpOrder): OtpMade {
    return this.shown(this.answers.make(order, this.address.origin));
  }

  /** Shows an OTP URL and how often it was redeemed. */
  @Get(':token')
  @ApiParam({ name: 'token', description: 'Token of the OTP URL' })
  @ApiOkResponse({ type: OtpMade })
  show(@Param('token') token: string): OtpMade {
    const otp = this.otps.find(token);
    if (!otp) throw new NotFoundException('그런 OTP가 없습니다.');
    return this.shown(otp);
  }

  private shown({ token, expiresAt, redeemed, ...otp }: Otp): OtpMade {
    return {
      token,
      otp: `${this.address.origin}${otpPath({ token, expiresAt, redeemed, ...otp })}`,
      expiresAt,
      redeemed,
    };
  }
}
