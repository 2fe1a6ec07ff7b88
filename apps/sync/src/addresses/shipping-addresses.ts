import { readPhone } from '@biz/otp-client';
import { object, present, text } from '../kakao/tolerant';
import type { MemberAddress } from './addresses.dto';

export interface ShippingAddresses {
  addresses: MemberAddress[];
  /** The member has not agreed, and could. */
  needsAgreement: boolean;
}

/** @returns nothing when it is no answer of `/v1/user/shipping_address` */
export function readShippingAddresses(answer: Record<string, unknown>): ShippingAddresses | undefined {
  const list: unknown = answer.shipping_addresses ?? [];
  if (text(answer.user_id) === undefined || !Array.isArray(list)) return undefined;
  return {
    addresses: list.flatMap((entry: unknown) => {
      const address = readAddress(object(entry) ?? {});
      return address ? [address] : [];
    }),
    needsAgreement: answer.shipping_addresses_needs_agreement === true,
  };
}

function readAddress(given: Record<string, unknown>): MemberAddress | undefined {
  const id = text(given.id);
  if (id === undefined) return undefined;
  const seconds = Number(given.updated_at);
  return present({
    id,
    name: text(given.name),
    isDefault: given.is_default === true,
    updatedAt: seconds > 0 ? new Date(seconds * 1_000) : undefined,
    type: text(given.type),
    baseAddress: text(given.base_address),
    detailAddress: text(given.detail_address),
    receiverName: text(given.receiver_name),
    receiverPhone: readPhone(given.receiver_phone_number1),
    receiverPhone2: readPhone(given.receiver_phone_number2),
    zoneNumber: text(given.zone_number),
    zipCode: text(given.zip_code),
  });
}
