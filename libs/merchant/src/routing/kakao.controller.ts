import { toUSVString } from 'node:util';
import {
  applyDecorators,
  BadRequestException,
  Controller,
  createParamDecorator,
  UseInterceptors,
} from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AnswerInTime, headerText } from '@biz/platform';
import type { Merchant } from '../registry/merchant';
import type { Relay } from '../relay/relay';
import type { KakaoRequest } from './kakao-check';

/**
 * A controller that Kakao calls: at the guide's own path for the default merchant, below `/m/{pathKey}` for any
 * (`KakaoCheck`). It answers in time.
 */
export const KakaoController = (): ClassDecorator =>
  applyDecorators(Controller(['', 'm/:pathKey']), UseInterceptors(AnswerInTime), ApiTags('Kakao'));

const requestOf = (context: ExecutionContext): KakaoRequest => context.switchToHttp().getRequest<KakaoRequest>();

/** The merchant the call is for, for a route that reads its request itself. */
export function merchantOf({ merchant }: KakaoRequest): Merchant {
  if (!merchant) throw new Error('a merchant is known to controllers of KakaoController only');
  return merchant;
}

/** The header `X-Kakao-AppUserId`, for a route that reads its request itself. */
export function appUserIdOf({ headers }: KakaoRequest): string | undefined {
  const given = headers['x-kakao-appuserid'];
  return typeof given === 'string' && given !== '' ? given : undefined;
}

/** The merchant the call is for. */
export const CurrentMerchant = createParamDecorator((_: unknown, context: ExecutionContext): Merchant =>
  merchantOf(requestOf(context)),
);

/** Longer texts are no relay id of anybody's. */
const MAX_RELAY_ID = 255;

/** The relay id (용도 ID) as it came: the header `X-Kakao-Plugin-Relay-Id` wins, then `relay_id` in the query, then in the body. */
export function sentRelayIdOf({ headers, query, body }: KakaoRequest): string | undefined {
  const header = headers['x-kakao-plugin-relay-id'];
  const given = [
    typeof header === 'string' ? headerText(header) : header,
    (query as { relay_id?: unknown } | undefined)?.relay_id,
    (body as { relay_id?: unknown } | undefined)?.relay_id,
  ].find((each: unknown) => each !== undefined && each !== null && each !== '');
  if (given === undefined) return undefined;
  // A text column holds any character but NUL, and no half of one that takes two.
  if (
    typeof given !== 'string' ||
    given.length > MAX_RELAY_ID ||
    given.includes('\0') ||
    toUSVString(given) !== given
  ) {
    throw new BadRequestException('요청 형식이 올바르지 않습니다. (relay_id)');
  }
  return given;
}

/** `begun`: the call goes on with what an earlier one began in time, so its relay id may be too old by now. */
type RelayAge = 'begun' | undefined;

function relayOf(age: RelayAge, context: ExecutionContext): Relay | undefined {
  const request = requestOf(context);
  const { plugin } = request.params as { plugin?: string };
  return request.relayIds?.admit(merchantOf(request), sentRelayIdOf(request), { plugin, begun: age === 'begun' });
}

/** The relay id of the call and what it is; 400 when the plugin requires one of ours and this is none. */
export const CurrentRelay = createParamDecorator<RelayAge, Relay | undefined>(relayOf);

/** As `CurrentRelay`, the id alone. */
export const RelayId = createParamDecorator<RelayAge, string | undefined>((age, context) => relayOf(age, context)?.id);

/** The header `X-Kakao-AppUserId` as it came, or nothing: what a missing or odd one means is the route's to say. */
export const AppUserId = createParamDecorator((_: unknown, context: ExecutionContext): string | undefined =>
  appUserIdOf(requestOf(context)),
);
