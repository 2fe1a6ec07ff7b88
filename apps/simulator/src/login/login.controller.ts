import { createHash, randomUUID } from 'node:crypto';
import { ReadsBodies } from '@biz/platform';
import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Post,
  Query,
  Redirect,
  Req,
} from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiHeader, ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { OwnAddress } from '../own-address';
import { withQuery } from '../screen/wrapped-url';
import { SimulatorConfig } from '../simulator.config';
import { SimulatedTime } from '../time/simulated-time';
import { about, Played } from '../wire/played';
import { WireAnswer } from '../wire/wire-answer';
import { addressesAnswer, meAnswer, termsAnswer } from './account-answers';
import { Accounts, type Connection } from './accounts';
import { AuthorizeQuery, CodeMade, EventMade, EventOrder, NewCodeOrder, TokenRequest } from './login.dto';
import { SigningKeys } from './signing-key';

type Sent = Record<string, string | undefined>;

const REFRESH_SECONDS = 5_183_999;
const ACCESS_SECONDS = 21_599;

@ApiTags('kauth.kakao.com: login')
@Controller()
export class AuthController {
  constructor(
    private readonly accounts: Accounts,
    private readonly keys: SigningKeys,
    private readonly config: SimulatorConfig,
    private readonly time: SimulatedTime,
  ) {}

  /** 인가 코드 받기: the customer agrees to everything at once and goes back with a code. */
  @Get('oauth/authorize')
  @Redirect()
  @ApiResponse({ status: 302, description: 'To `redirect_uri`, with `code` and `state`' })
  @ApiResponse({
    status: 400,
    description: 'No `client_id`, `redirect_uri` or `response_type=code`, or PKCE that is not S256',
  })
  authorize(@Query() query: AuthorizeQuery): { url: string; statusCode: number } {
    const { client_id: clientId, redirect_uri: redirectUri, response_type, state, code_challenge: challenge } = query;
    const isPkce = challenge === undefined || query.code_challenge_method === 'S256';
    if (!clientId || !isWebAddress(redirectUri) || response_type !== 'code' || !isPkce) throw new BadRequestException();
    const { code } = this.accounts.createCode({ clientId, redirectUri, ...(challenge && { challenge }) });
    return { url: withQuery(redirectUri, { code, ...(state && { state }) }), statusCode: 302 };
  }

  /** 토큰 받기: exchanges an authorization code, once. */
  @ReadsBodies('application/json', 'application/x-www-form-urlencoded')
  @Post('oauth/token')
  @Played('token', 'kakao', '토큰 받기 (exchange the code)')
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ type: TokenRequest })
  @ApiResponse({ status: 200, description: 'access_token, refresh_token, expires_in, scope' })
  @ApiResponse({ status: 400, description: 'KOE320 code unknown, used or expired; KOE303 redirect URI differs' })
  @ApiResponse({ status: 401, description: 'KOE101 client_id unknown; KOE010 client_secret wrong' })
  token(@Headers('content-type') type: string | undefined, @Body() body: Partial<TokenRequest> | undefined): unknown {
    const form = { ...body };
    if (!type?.startsWith('application/x-www-form-urlencoded'))
      throw koe(400, 'invalid_request', 'KOE001', 'form expected');
    const keys = this.config.restApiKeys;
    if (!form.client_id || (keys.length > 0 && !keys.includes(form.client_id))) {
      throw koe(401, 'invalid_client', 'KOE101', 'Not exist client_id');
    }
    if (this.config.clientSecret && form.client_secret !== this.config.clientSecret) {
      throw koe(401, 'invalid_client', 'KOE010', 'Bad client credentials');
    }
    if (form.grant_type === 'refresh_token') {
      const renewed = this.accounts.refresh(form.refresh_token ?? '');
      if (!renewed) throw koe(400, 'invalid_grant', 'KOE322', 'expired_or_invalid_refresh_token');
      return tokenAnswer(renewed);
    }
    if (form.grant_type !== 'authorization_code')
      throw koe(400, 'unsupported_grant_type', 'KOE204', 'unsupported grant_type');
    const code = this.accounts.find(form.code ?? '');
    if (!code || code.used || this.time.now() >= code.expiresAt) {
      throw koe(400, 'invalid_grant', 'KOE320', 'authorization code not found');
    }
    if (code.challenge && code.challenge !== digestOf(form.code_verifier)) {
      throw koe(400, 'invalid_grant', 'KOE320', 'code_verifier does not match');
    }
    if (code.clientId && code.clientId !== form.client_id)
      throw koe(401, 'invalid_client', 'KOE101', 'Not exist client_id');
    if (!form.redirect_uri || (code.redirectUri && code.redirectUri !== form.redirect_uri)) {
      throw koe(400, 'invalid_grant', 'KOE303', 'Redirect URI mismatch.');
    }
    return tokenAnswer(this.accounts.exchange(code));
  }

  /** 공개키 목록: the keys that sign events. */
  @Get('.well-known/jwks.json')
  @Played('jwks', 'kakao', '공개키 목록 (JWKS)')
  @ApiResponse({ status: 200, description: 'JSON Web Key Set' })
  jwks(): unknown {
    return this.keys.jwks();
  }
}

@ApiTags('kapi.kakao.com: user')
@ApiHeader({ name: 'Authorization', description: '`Bearer {access token}`' })
@ApiResponse({ status: 401, description: 'Unknown access token (−401)' })
@Controller()
export class UserController {
  constructor(
    private readonly accounts: Accounts,
    private readonly config: SimulatorConfig,
  ) {}

  /** 사용자 정보 조회: ids are JSON numbers beyond 2^53. */
  @Get('v2/user/me')
  @Played('me', 'kakao', '사용자 정보 (user/me)')
  @ApiResponse({ status: 200, description: 'id, connected_at, kakao_account' })
  me(@Headers() sent: Sent, @Req() request: FastifyRequest): unknown {
    return meAnswer(this.connected(sent, request));
  }

  /** 서비스 약관 동의 내역 조회. */
  @Get('v2/user/service_terms')
  @Played('terms', 'kakao', '서비스 약관 (service_terms)')
  @ApiResponse({ status: 200, description: 'id, service_terms[]' })
  terms(@Headers() sent: Sent, @Req() request: FastifyRequest): unknown {
    return termsAnswer(this.connected(sent, request));
  }

  /** 배송지 가져오기, by access token or by admin key with target_id. */
  @Get('v1/user/shipping_address')
  @Played('address', 'kakao', '배송지 (shipping_address)')
  @ApiResponse({ status: 200, description: 'user_id, shipping_addresses[]' })
  addresses(@Headers() sent: Sent, @Query() query: Sent, @Req() request: FastifyRequest): unknown {
    const target = this.byAdminKey(sent, query.target_id);
    if (target === undefined) return addressesAnswer(this.connected(sent, request));
    const connection = this.accounts.connectionOf(target);
    if (!connection) throw notConnected();
    about(request, connection.code);
    return addressesAnswer(connection);
  }

  /** 연결 끊기, by access token or by admin key with target_id. */
  @ReadsBodies('application/json', 'application/x-www-form-urlencoded')
  @Post('v1/user/unlink')
  @Played('unlink', 'kakao', '연결 끊기 (unlink)')
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiResponse({ status: 200, description: 'id of the unlinked user' })
  unlink(
    @Headers() sent: Sent,
    @Body() body: Record<string, string> | undefined,
    @Req() request: FastifyRequest,
  ): unknown {
    const target = this.byAdminKey(sent, body?.target_id);
    if (target !== undefined) {
      this.accounts.unlink(target);
      return { id: target };
    }
    const { userId } = this.connected(sent, request);
    this.accounts.unlink(userId);
    return { id: userId };
  }

  /** The user that a call with an admin key is about. */
  private byAdminKey({ authorization }: Sent, targetId: string | undefined): bigint | undefined {
    const adminKey = /^KakaoAK (.+)$/.exec(authorization ?? '')?.[1];
    const known = this.config.adminKeys;
    const valid = adminKey !== undefined && (known.length === 0 || known.includes(adminKey));
    return valid && /^\d+$/.test(targetId ?? '') ? BigInt(targetId ?? '') : undefined;
  }

  private connected(sent: Sent, request: FastifyRequest): Connection {
    const connection = this.accounts.connection(sent.authorization);
    about(request, connection.code);
    return connection;
  }
}

@ApiTags('Workbench')
@Controller('login')
export class LoginWorkbenchController {
  constructor(
    private readonly accounts: Accounts,
    private readonly keys: SigningKeys,
    private readonly time: SimulatedTime,
    private readonly address: OwnAddress,
  ) {}

  /** Makes a login code without calling anybody. */
  @Post('codes')
  @HttpCode(200)
  @ApiOkResponse({ type: CodeMade })
  code(@Body() { userId, ...order }: NewCodeOrder): CodeMade {
    return { code: this.accounts.createCode({ ...order, ...(userId && { userId: BigInt(userId) }) }).code };
  }

  /** Signs an event (SET) without sending it. */
  @Post('events')
  @HttpCode(200)
  @ApiOkResponse({ type: EventMade })
  async event(@Body() { claims }: EventOrder): Promise<EventMade> {
    const iat = Math.floor(this.time.now().getTime() / 1_000);
    return { token: await this.keys.sign({ iss: this.address.origin, iat, jti: randomUUID(), ...claims }) };
  }

  /** Signs with another key from now on, as Kakao does from time to time. */
  @Post('keys/rotate')
  @HttpCode(200)
  @ApiOkResponse({ description: 'Id of the new key' })
  async rotate(): Promise<{ kid: string }> {
    return { kid: await this.keys.rotate() };
  }
}

/** Kakao sends a browser to a registered address only; here, at least to no script and no file. */
const isWebAddress = (url: string): boolean => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);

const digestOf = (verifier: string | undefined): string =>
  createHash('sha256')
    .update(verifier ?? '')
    .digest('base64url');

const notConnected = (): WireAnswer => new WireAnswer(400, { msg: 'NotRegisteredUserException', code: -101 });

function tokenAnswer({ access, refresh }: { access: string; refresh: string }): unknown {
  return {
    token_type: 'bearer',
    access_token: access,
    expires_in: ACCESS_SECONDS,
    refresh_token: refresh,
    refresh_token_expires_in: REFRESH_SECONDS,
    scope: 'profile_nickname account_email phone_number shipping_address account_ci',
  };
}

function koe(status: number, error: string, code: string, description: string): WireAnswer {
  return new WireAnswer(status, { error, error_description: description, error_code: code });
}
