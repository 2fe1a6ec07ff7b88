import { namesKakaoError } from '@biz/platform';
import { fields, notUnderstood, phone, present, presentOrAbsent, readObject, text } from './fields';
import type { ReceivedProfile, ShippingAddress } from './profile.dto';

/**
 * Reads the raw answer of a profile OTP (guide 1.2). What the guide does not name stays in the raw text only.
 *
 * @throws UnreadableAnswer when nothing of a profile is in it: an empty profile is no result
 */
export function readProfile(raw: string): ReceivedProfile {
  const answer = readObject(raw);
  const profile: ReceivedProfile = present({
    appUserId: text(answer.app_user_id),
    nickname: text(answer.nickname),
    profileImageUrl: text(answer.profile_image_url),
    phoneNumber: phone(answer.phone_number),
    email: text(answer.email),
    shippingAddress: shippingAddress(answer.shipping_address),
    ageRange: text(answer.age_range),
    birthyear: text(answer.birthyear),
    birthday: text(answer.birthday),
    gender: text(answer.gender),
  });
  const isEmpty = Object.keys(profile).every((name) => name === 'appUserId');
  if (isEmpty && (profile.appUserId === undefined || namesKakaoError(answer)))
    throw notUnderstood(answer, 'the answer holds nothing of a profile');
  return profile;
}

function shippingAddress(value: unknown): ShippingAddress | undefined {
  const address = fields(value);
  if (!address) return undefined;
  return presentOrAbsent({
    id: text(address.id),
    baseAddress: text(address.base_address),
    detailAddress: text(address.detail_address),
    receiverName: text(address.receiver_name),
    receiverMobileNumber: phone(address.receiver_mobile_number),
    postNo: text(address.post_no),
    zoneCode: text(address.zone_code),
  });
}
