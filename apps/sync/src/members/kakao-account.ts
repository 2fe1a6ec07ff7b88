import { readPhone } from '@biz/otp-client';
import { object, present, text } from '../kakao/tolerant';
import type { MemberAccount } from './member-account.dto';

/** The sealed column: what we understand, and Kakao's answer with what we do not yet. */
export interface StoredAccount {
  account: MemberAccount;
  raw: Record<string, unknown>;
}

export interface KakaoUser extends StoredAccount {
  /** 회원번호, every digit. */
  appUserId: string;
  /** 연계정보, for matching with the shop's own members (guide 2.1); in no column, log or event. */
  ci?: string;
}

/** CI (연계정보) serves to match a member and must be destroyed then (guide 2.1): it is kept out of all that is stored. */
const CI = /^ci(_|$)/;

/** @returns nothing when it is no answer of `/v2/user/me` */
export function readKakaoUser(answer: Record<string, unknown>): KakaoUser | undefined {
  const appUserId = text(answer.id);
  if (appUserId === undefined || !/^\d{1,20}$/.test(appUserId)) return undefined;
  const given = object(answer.kakao_account) ?? {};
  const ci = text(given.ci);
  const kakaoAccount = withoutCi(given);
  const profile = object(kakaoAccount.profile) ?? {};
  const email = text(kakaoAccount.email);
  return {
    appUserId,
    ...(ci !== undefined && { ci }),
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
      birthdayInLeapMonth: typeof kakaoAccount.is_leap_month === 'boolean' ? kakaoAccount.is_leap_month : undefined,
      gender: text(kakaoAccount.gender),
    }),
    raw: { ...withoutCi(answer), ...(answer.kakao_account !== undefined && { kakao_account: kakaoAccount }) },
  };
}

const withoutCi = (account: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(account).filter(([name]) => !CI.test(name)));
