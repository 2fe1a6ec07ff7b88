/** What Kakao answers to an OTP. */
export const PROFILE = {
  nickname: '홍길동',
  phone_number: '+82 010-1234-5678',
  shipping_address: { id: '9223372036854775807', base_address: '경기도 성남시 분당구', receiver_name: '성춘향' },
  new_field: 'unknown to the guide',
};

/** What of it, and of the keys of the stage, stands nowhere in the clear. */
export const SECRETS = [
  '홍길동',
  '성춘향',
  '010-1234',
  '1012345678',
  '성남시',
  '9223372036854775807',
  'rest-key',
  'unknown to the guide',
  'unguessable',
];
