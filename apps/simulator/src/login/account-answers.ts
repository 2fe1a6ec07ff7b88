import { BIG_ADDRESS_ID } from '../otp/people';
import type { Connection } from './accounts';

const ACCOUNT = {
  profile_needs_agreement: false,
  profile: {
    nickname: '루카',
    thumbnail_image_url: 'https://k.kakaocdn.net/dn/thumb.jpg',
    profile_image_url: 'https://k.kakaocdn.net/dn/profile.jpg',
    is_default_image: false,
    is_default_nickname: false,
  },
  name_needs_agreement: false,
  name: '김루카',
  has_email: true,
  email_needs_agreement: false,
  is_email_valid: true,
  is_email_verified: true,
  email: 'luka@example.com',
  has_phone_number: true,
  phone_number_needs_agreement: false,
  phone_number: '+82 10-0000-1234',
  has_age_range: true,
  age_range_needs_agreement: false,
  age_range: '30~39',
  has_birthyear: true,
  birthyear_needs_agreement: false,
  birthyear: '1990',
  has_birthday: true,
  birthday_needs_agreement: false,
  birthday: '0417',
  birthday_type: 'SOLAR',
  has_gender: true,
  gender_needs_agreement: false,
  gender: 'male',
  has_ci: true,
  ci_needs_agreement: false,
  ci: 'SIMULATEDciBhEpZ0o3S6eMzyqcXc1o2u3l4r5t6y7u8i9o0pASDFGHJKLzxcvbnmQWERTYUIOP1234567890abcdef==',
  ci_authenticated_at: '2026-01-02T03:04:05Z',
};

/** `GET /v2/user/me`. */
export function meAnswer({ userId, shape, connectedAt }: Connection): Record<string, unknown> {
  const base = { id: userId, connected_at: connectedAt.toISOString().replace(/\.\d{3}Z$/, 'Z') };
  switch (shape) {
    case 'full':
      return { ...base, kakao_account: ACCOUNT };
    case 'minimal':
      return {
        ...base,
        kakao_account: { profile_nickname_needs_agreement: false, profile: { nickname: '루카' } },
      };
    case 'no-consent':
      return {
        ...base,
        kakao_account: {
          has_email: true,
          email_needs_agreement: true,
          has_phone_number: true,
          phone_number_needs_agreement: true,
        },
      };
    case 'new-fields':
      return {
        ...base,
        synched_at: base.connected_at,
        kakao_account: { ...ACCOUNT, legal_region: 'KR', tags: ['new'] },
      };
  }
}

/** `GET /v2/user/service_terms`. */
export function termsAnswer({ userId, shape, connectedAt }: Connection): Record<string, unknown> {
  const agreedAt = connectedAt.toISOString().replace(/\.\d{3}Z$/, 'Z');
  const required = { tag: 'service_20260101', required: true, agreed: true, revocable: false, agreed_at: agreedAt };
  const optional = { tag: 'marketing_20260101', required: false, agreed: true, revocable: true, agreed_at: agreedAt };
  return { id: userId, service_terms: shape === 'minimal' ? [required] : [required, optional] };
}

/** `GET /v1/user/shipping_address`. */
export function addressesAnswer({ userId, shape }: Connection): Record<string, unknown> {
  if (shape === 'no-consent')
    return { user_id: userId, has_shipping_addresses: true, shipping_addresses_needs_agreement: true };
  if (shape === 'minimal') return { user_id: userId, has_shipping_addresses: false };
  return {
    user_id: userId,
    has_shipping_addresses: true,
    shipping_addresses_needs_agreement: false,
    shipping_addresses: [
      {
        id: BIG_ADDRESS_ID,
        name: '우리집',
        is_default: true,
        updated_at: 1_763_856_000,
        type: 'NEW',
        base_address: '경기도 성남시 분당구 판교역로 235',
        detail_address: 'H스퀘어 6층',
        receiver_name: '김루카',
        receiver_phone_number1: '010-0000-1234',
        receiver_phone_number2: '',
        zone_number: '13494',
        zip_code: '463-400',
      },
    ],
  };
}
