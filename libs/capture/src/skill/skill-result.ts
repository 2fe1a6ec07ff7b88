import type { KakaoOrigins } from '@biz/platform';
import { isImageUrl, isOtpUrl } from '@biz/otp-client';
import type { OtpKind } from '@biz/otp-client';
import type { Callback } from '../intake/inbox';
import { readService } from '../intake/service';
import { readSkillPayload } from './skill-payload';
import type { SkillPicture } from './skill-payload';

export type SkillCallback = Pick<Callback, 'otp' | 'answer' | 'service'>;

/** The result of a plugin of this kind in a skill payload, as a callback would bring it; none when nothing was understood. */
export function resultIn(payload: unknown, kind: OtpKind, origins: KakaoOrigins): SkillCallback | undefined {
  const { addresses, pictures, expire, extra } = readSkillPayload(payload);
  const bySize = pictures.flatMap((picture) => Object.values(picture));
  const otp = [...addresses, ...bySize].find((each) => isOtpUrl(each, kind, origins.talkPlugin));
  if (otp !== undefined) return { otp, ...(kind === 'location' && { service: readService(extra) }) };
  if (kind !== 'image') return undefined;
  const alone = addresses
    .filter((address) => !bySize.includes(address))
    .map((original): SkillPicture => ({ original }));
  const secureUrls = [...pictures, ...alone].flatMap((picture) => {
    const kept = Object.entries(picture).filter(([, url]) => isImageUrl(url, origins.image));
    return kept.length > 0 ? [Object.fromEntries(kept)] : [];
  });
  if (secureUrls.length === 0) return undefined;
  return {
    otp: secureUrls.flatMap((picture) => Object.values(picture)).join(' '),
    answer: JSON.stringify({ secure_urls: secureUrls, expire }),
  };
}

/** Whether a body is what a chat bot posts: it says what the customer did, or who they are. */
export function isSkillPayload(body: unknown): boolean {
  const { action, userRequest } = (body ?? {}) as { action?: unknown; userRequest?: unknown };
  return !Array.isArray(body) && ((action ?? null) !== null || (userRequest ?? null) !== null);
}

/** Whether a payload holds nothing that could be a result: its block has no parameters, or empty ones. */
export function isWithoutParameters(payload: unknown): boolean {
  const { action } = payload as { action?: unknown };
  if (typeof action !== 'object' || action === null || Array.isArray(action)) return false;
  const { params, detailParams } = action as { params?: unknown; detailParams?: unknown };
  return !holdsAnything(params) && !holdsAnything(detailParams);
}

/** A body is 32 levels deep at most. */
function holdsAnything(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() !== '';
  if (typeof value === 'object' && value !== null) return Object.values(value).some(holdsAnything);
  return value !== undefined && value !== null;
}
