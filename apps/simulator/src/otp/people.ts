export const PROFILE_SHAPES = [
  'full',
  'minimal',
  'no-address',
  'big-ids',
  'foreign-phone',
  'new-fields',
  'empty',
] as const;
export type ProfileShape = (typeof PROFILE_SHAPES)[number];

export const LOCATION_SHAPES = ['full', 'no-road', 'no-detail', 'unavailable', 'new-fields'] as const;
export type LocationShape = (typeof LOCATION_SHAPES)[number];

/** Beyond 2^53: a reader that uses floating point loses the last digits. */
export const BIG_USER_ID = 9007199254740993n;
export const BIG_ADDRESS_ID = 9223372036854775807n;

const ADDRESS = {
  id: 4029384n,
  base_address: '경기도 성남시 분당구 판교역로 235',
  detail_address: 'H스퀘어 6층',
  receiver_name: '김루카',
  receiver_mobile_number: '+82 010-0000-1234',
  post_no: '463400',
  zone_code: '13494',
};

/** A user without a picture of their own; the address was not asked for. */
const PERSON = {
  nickname: 'lukas',
  phone_number: '+82 10-0000-1234',
  email: 'lukas@example.com',
  age_range: '30~39',
  birthyear: '1990',
  birthday: '0417',
  gender: 'male',
};

const PROFILE = {
  ...PERSON,
  profile_image_url: 'https://t1.kakaocdn.net/kakaocorp/admin/main-banner/123',
  shipping_address: ADDRESS,
};

/** What `GET …/onetimeprofile` answers (guide 1.2). */
export function profileAnswer(shape: ProfileShape): Record<string, unknown> {
  switch (shape) {
    case 'full':
      return PROFILE;
    case 'minimal':
      return { nickname: 'lukas' };
    case 'no-address':
      return PERSON;
    case 'big-ids':
      return { ...PROFILE, shipping_address: { ...ADDRESS, id: BIG_ADDRESS_ID } };
    case 'foreign-phone':
      return {
        ...PROFILE,
        phone_number: '+86 10-0000-0000',
        shipping_address: { ...ADDRESS, id: 'AAAAAA', receiver_mobile_number: '+86 10-0000-0000' },
      };
    case 'new-fields':
      return {
        ...PROFILE,
        pronouns: 'they',
        loyalty: { tier: 'gold', since: '2025-01-01' },
        shipping_address: { ...ADDRESS, entrance: '공동현관 #1234', coordinates: [37.4, 127.1] },
      };
    case 'empty':
      return {};
  }
}

const LAND = {
  address_name: '경기 성남시 분당구 삼평동 681',
  region_1depth_name: '경기',
  region_2depth_name: '성남시 분당구',
  region_3depth_name: '삼평동',
  mountain_yn: 'N',
  main_address_no: '681',
  sub_address_no: '',
};

const ROAD = {
  address_name: '경기도 성남시 분당구 판교역로 235',
  region_1depth_name: '경기',
  region_2depth_name: '성남시 분당구',
  region_3depth_name: '',
  road_name: '판교역로',
  underground_yn: 'N',
  main_building_no: '235',
  sub_building_no: '',
  building_name: '에이치스퀘어 엔동',
  zone_no: '13494',
};

const POINT = { latitude: 37.40201073377386, longitude: 127.10849451749681 };

/** What `GET …/current_location` answers (guide 3.3). */
export function locationAnswer(shape: LocationShape, version: string | undefined): Record<string, unknown> {
  if (shape === 'unavailable') return { is_usable_user: false };
  if (version !== 'v2') {
    // The deprecated v1: the guide only says that it had a six-digit post code in the land address.
    return { ...POINT, land_address: { ...LAND, zip_code: '463400' }, road_address: ROAD };
  }
  const land = { ...POINT, land_address: LAND };
  const full = { ...land, road_address: ROAD, detail: '8층 카카오' };
  switch (shape) {
    case 'full':
      return full;
    case 'no-road':
      return { ...land, detail: '8층 카카오' };
    case 'no-detail':
      return { ...land, road_address: ROAD };
    case 'new-fields':
      return { ...full, accuracy_m: 12.5, land_address: { ...LAND, b_code: '4113510900' }, floor: { number: 8 } };
  }
}
