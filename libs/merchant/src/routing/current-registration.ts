import { createParamDecorator, NotFoundException } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { PluginRegistration } from '../definition/merchant-definition';
import { registrationOf } from '../definition/registrations';
import type { KakaoRequest } from './kakao-check';
import { merchantOf } from './kakao.controller';

type AppliedKind = 'option' | 'payment';

/**
 * The plugin whose key the address of a call ends in, of those that were applied for by the form.
 *
 * @returns nothing for an address without a key
 * @throws NotFoundException for a key of no plugin of this kind
 */
export function registrationOfCall(kind: AppliedKind, request: KakaoRequest): PluginRegistration | undefined {
  const { plugin } = request.params as { plugin?: string };
  if (plugin === undefined) return undefined;
  const found = registrationOf(merchantOf(request), kind, plugin);
  if (!found) throw new NotFoundException();
  return found;
}

/** As `registrationOfCall`, for the parameters of a route. */
export const CurrentRegistration = createParamDecorator<AppliedKind, PluginRegistration | undefined>(
  (kind, context: ExecutionContext) => registrationOfCall(kind, context.switchToHttp().getRequest<KakaoRequest>()),
);
