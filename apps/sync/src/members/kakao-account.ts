import { readPhone } from '@biz/otp-client';
import type { Phone } from '@biz/otp-client';

/** What a member consented to hand over, as the shop receives it. Absent means: not consented, or Kakao has none. */
export interface MemberAccount {
  nickname?: string;
  profileImageUrl?: string;
  name?: string;
  email?: string;
  /** Kakao has checked that the address is the member's, and it still is. */
  emailVerified?: boolean;
  phoneNumber?: Phone;
  ageRange?: string;
  birthyear?: string;
  birthday?: string;
  birthdayType?: string;
  gender?: string;
}

/** The sealed column: what we understand, and Kakao's answer with what we do not yet. */
export interface StoredAccount {
  account: MemberAccount;
  raw: Record<string, unknown>;
}

export interface KakaoUser extends StoredAccount {
  /** 회원번호, every digit. */
  appUserId: string;
}

/** CI (연계정보) serves to match a member and must be destroyed then (guide 2.1): it goes no further than this file. */
const CI = /^ci(_|$)/;

/** @returns nothing when it is no answer of `/v2/user/me` */
export function readKakaoUser(answer: Record<string, unknown>): KakaoUser | undefined {
  const appUserId = text(answer.id);
  if (appUserId === undefined || !/^\d{1,20}$/.test(appUserId)) return undefined;
  const kakaoAccount = withoutCi(object(answer.kakao_account) ?? {});
  const profile = object(kakaoAccount.profile) ?? {};
  const email = text(kakaoAccount.email);
  return {
    appUserId,
    account: present({
      nickname: text(profile.nickname),
      profileImageUrl: text(profile.profile_image_url),
      name: text(kakaoAccount.name),
      email,
      emailVerified:
        email === undefined
          ? undefined
          : kakaoAccount.is_email_valid === true && kakaoAccount.is_email_verified === true,
      phoneNumber: readPhone(kakaoAccount.phone_number),
      ageRange: text(kakaoAccount.age_range),
      birthyear: text(kakaoAccount.birthyear),
      birthday: text(kakaoAccount.birthday),
      birthdayType: text(kakaoAccount.birthday_type),
      gender: text(kakaoAccount.gender),
    }),
    raw: { ...withoutCi(answer), ...(answer.kakao_account !== undefined && { kakao_account: kakaoAccount }) },
  };
}

const withoutCi = (account: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(account).filter(([name]) => !CI.test(name)));

const object = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;

/** Text, or a number digit for digit; `null` and `""` are absent. */
function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' ? String(value) : undefined;
}

const present = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
