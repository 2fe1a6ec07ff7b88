import { fields, phone, present, presentOrAbsent, readObject, text } from './fields';
import type { ReceivedProfile, ShippingAddress } from './profile.dto';

/** Reads the raw answer of a profile OTP (guide 1.2). What the guide does not name stays in the raw text only. */
export function readProfile(raw: string): ReceivedProfile {
  const answer = readObject(raw);
  return present({
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
